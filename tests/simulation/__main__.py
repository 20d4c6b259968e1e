"""`python -m tests.simulation --seeds 0:5000`: tells many seeds' stories; a seed that fails is told how to repeat."""

from __future__ import annotations

import time
from collections import Counter

import click

from tests.simulation.campaign import told
from tests.simulation.test_fingerprints import compare

EVERY_S = 10


@click.command()
@click.option("--seeds", default="0:500", show_default=True, help="FIRST:LAST, the last left out")
@click.option("--workflows", default="", help="FIRST:LAST: compare their fingerprints instead")
@click.option("--tell", is_flag=True, help="print the last moves of each seed that fails")
def main(seeds: str, workflows: str, tell: bool) -> None:
    """Run the simulation for each seed; ends with 1 if one of them fails."""
    if workflows:
        compare_all(*(int(part) for part in workflows.split(":")))
        return
    first, last = (int(part) for part in seeds.split(":"))
    counts: Counter[str] = Counter()
    failed: list[int] = []
    begun = shown = time.monotonic()
    for seed in range(first, last):
        story = told(seed)
        counts += story.counts
        if story.faults:
            failed.append(seed)
            click.echo(str(story))
            if tell:
                click.echo("\n".join(story.told))
        if time.monotonic() - shown > EVERY_S:
            shown = time.monotonic()
            done = seed - first + 1
            click.echo(f"{done} seeds, {done / (shown - begun):.1f} a second, {len(failed)} failed")
    took_s = time.monotonic() - begun
    click.echo(f"{last - first} seeds in {took_s:.0f} s, {(last - first) / took_s:.1f} a second")
    click.echo(", ".join(f"{name} {counts[name]}" for name in sorted(counts)))
    if failed:
        raise SystemExit(f"failed: {failed}")


def compare_all(first: int, last: int) -> None:
    """The fingerprints of made-up workflows, six passages each."""
    failed = []
    for number in range(first, last):
        try:
            compare(number)
        except AssertionError as error:
            failed.append(number)
            click.echo(f"workflow {number}: {error}")
    click.echo(f"{last - first} workflows, {len(failed)} failed {failed}")
    if failed:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
