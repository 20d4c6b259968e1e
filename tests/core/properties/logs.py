"""Prints a digest of the whole log of some made-up runs: to be compared between processes."""

from engine.core.fingerprint import canonical, digest
from tests.core.generator import Made
from tests.core.properties.driving import driven

RUNS = 16


def logs() -> list[str]:
    """One digest for each run: of its rows, its state as stored, its commands and the plan's reading of memory."""
    digests = []
    for seed in range(RUNS):
        passage = driven(Made(seed, size=4 + seed * 2), seed)
        commands = [repr(advanced.commands) for _, _, advanced in passage.log]
        states = [canonical(advanced.state.plain()).decode() for _, _, advanced in passage.log]
        digests.append(digest([row.hash for row in passage.rows()], states, commands))
    return digests


if __name__ == "__main__":
    print("\n".join(logs()))  # noqa: T201
