"""What every peer's file shares: one command line, one JSON line out. Runs in the peer's own environment.

A peer makes a class with these methods (`url` is a SQLite file's path or a PostgreSQL address):

    Peer(url)          connect and build what is built once; not measured
    chain(steps)       one run of distinct steps, durable after each as far as the peer can; the final x
    many(runs, steps)  so many runs at once; the list of the final x
    three()            one run of three steps: (ms to the body of the first step, ms to the result)
    fork(branches, depth)  the sum that a join makes of all branches
    close()

Workers are processes of this file: each says when it is ready and starts at a word from its parent.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from typing import Any, Protocol

clock = time.monotonic  # one clock for all processes of the machine


class Peer(Protocol):
    def chain(self, steps: int) -> int: ...
    def many(self, runs: int, steps: int) -> list[int]: ...
    def three(self) -> tuple[float, float]: ...
    def fork(self, branches: int, depth: int) -> int: ...
    def close(self) -> None: ...


def main(make: Any) -> None:
    asked = _parser().parse_args()
    if asked.is_worker:
        _work(make, asked)
        return
    shares = [asked.runs // asked.workers] * asked.workers
    processes = [_spawn(asked, share) for share in shares]
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    found = [_read(process) for process in processes]
    for process in processes:
        process.wait(30)
    print(json.dumps(_together(found)), flush=True)


def _spawn(asked: argparse.Namespace, share: int) -> Any:
    command = [sys.executable, sys.argv[0], asked.workload, asked.url, "--is-worker", "--runs", str(share)]
    command += ["--steps", str(asked.steps), "--samples", str(asked.samples)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    _read(process)  # one after the other: the first makes the tables
    return process


def _read(process: Any) -> dict[str, float]:
    for line in process.stdout:
        if line.startswith("{"):
            found: dict[str, float] = json.loads(line)
            return found
    raise SystemExit(f"a worker ended with {process.wait()}")


def _together(found: list[dict[str, float]]) -> dict[str, float]:
    if "steps" not in found[0]:
        return found[0]
    seconds = max(one["ended"] for one in found) - min(one["began"] for one in found)
    return {"steps_per_s": sum(one["steps"] for one in found) / seconds}


def _work(make: Any, asked: argparse.Namespace) -> None:
    peer: Peer = make(asked.url)
    _warm(peer, asked)
    print(json.dumps({"ready": 1}), flush=True)
    sys.stdin.readline()
    print(json.dumps(_measure(peer, asked)), flush=True)
    peer.close()


def _warm(peer: Peer, asked: argparse.Namespace) -> None:
    if asked.workload == "three":
        for _ in range(3):
            peer.three()
    elif asked.workload == "fork":
        peer.fork(20, 5)
    else:
        peer.chain(min(asked.steps, 20))


def _measure(peer: Peer, asked: argparse.Namespace) -> dict[str, float]:
    if asked.workload == "three":
        took = [peer.three() for _ in range(asked.samples)]
        firsts, wholes = sorted(one for one, _ in took), sorted(two for _, two in took)
        late = int(len(took) * 0.95)
        return {
            "first_p50_ms": statistics.median(firsts),
            "first_p95_ms": firsts[late],
            "done_p50_ms": statistics.median(wholes),
            "done_p95_ms": wholes[late],
        }
    if asked.workload == "fork":
        took_ms = []
        for _ in range(max(1, asked.samples // 20)):
            began = clock()
            _expect([peer.fork(20, 5)], 100)
            took_ms.append((clock() - began) * 1000)
        return {"fork_ms": statistics.median(took_ms)}
    began = clock()
    is_one = asked.workload == "chain"
    _expect([peer.chain(asked.steps)] if is_one else peer.many(asked.runs, asked.steps), asked.steps)
    return {"began": began, "ended": clock(), "steps": asked.steps * (1 if is_one else asked.runs)}


def _expect(found: list[int], wanted: int) -> None:
    if any(one != wanted for one in found):
        raise SystemExit(f"wrong result: {found[:5]} instead of {wanted}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    parser.add_argument("workload", choices=("chain", "many", "three", "fork"))
    parser.add_argument("url")
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--samples", type=int, default=200)
    parser.add_argument("--is-worker", action="store_true")
    return parser
