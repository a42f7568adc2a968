"""Celery's side: two workers of a plain application, chains and chords.

Looks for the end of the work in Redis, where the last task leaves a mark. The settings are the best of what was tried,
in turn in one run, on a busy machine of two cores (so compare them with each other only): CPU s per 1,000 steps, ms of a
chain, ms of a chord of 100, medians of three to four:

    solo, prefetch 4, no remote control       5.1    115    1,181    taken: the least CPU, the shortest chain
    solo, prefetch 64, no remote control      5.5    110    1,158
    threads, 4, prefetch 4, no remote c.      5.8    137    1,097
    threads, 4, prefetch 16, no remote c.     5.8    131    1,019
    prefork, 1 child, prefetch 64, no r. c.   7.4    191    1,930

and in another such run, with remote control: solo 4.4 and 52 ms, threads of 4 5.0 and 70 ms, one thread 5.4 and 111 ms,
eight threads 5.1 and 68 ms, prefork of 1 4.8 and 93 ms, prefork of 2 with -O fair 4.8 and 67 ms. Steps per second lay
within the noise of each other. Gossip, mingle, heartbeat and events are off throughout, and only a chord's pieces store
a result.
"""

from __future__ import annotations

import sys
from importlib.metadata import version as installed
from typing import Any

from portal.supervisor.child import Child
from tests.bench.side import LOOK_BATCH, LOOK_SINGLE, serve, wait_for

PROCESSES = 2


class Chains:
    """Workers below this process, which submits."""

    def __init__(self) -> None:
        self.children = [Child(f"raw{number}", worker(number)) for number in range(PROCESSES)]
        for child in self.children:
            child.start()
        self.marks = self.submitted = 0

    def batch(self, runs: int) -> None:
        from tests.bench.raw import a_chain

        self._send(a_chain, runs, LOOK_BATCH)

    def single(self) -> None:
        from tests.bench.raw import a_chain

        self._send(a_chain, 1, LOOK_SINGLE)

    def fan(self) -> None:
        from tests.bench.raw import a_chord

        self._send(a_chord, 1, LOOK_SINGLE)

    def check(self) -> None:
        """The marks have been counted already: a chain that lost a task never leaves one."""

    def facts(self) -> dict[str, str]:
        return {name: installed(name) for name in ("celery", "kombu", "redis")}

    def _send(self, canvas: Any, count: int, look: float) -> None:
        from tests.bench.raw import link

        self.marks += 1
        mark = f"mark-{self.marks}"
        for _ in range(count):
            canvas(mark).apply_async()
        wait_for(lambda: int(link.get(mark) or 0) >= count, look)


def worker(number: int) -> list[str]:
    """A worker's command line."""
    return [
        sys.executable, "-m", "celery", "--quiet", "-A", "tests.bench.raw", "worker", "--pool", "solo",
        "-n", f"raw{number}@%h", "--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "ERROR",
    ]  # fmt: skip


if __name__ == "__main__":
    serve(Chains)
