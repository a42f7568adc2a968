"""The half of a benchmarked system that takes orders: reads one JSON line, does that work, answers with its times.

Each system runs in a process of its own, with whatever it starts below it, so that all are asked in the same words and
what they cost is what their process tree costs. Owns the lines and the clock. Standard library only: the systems that
have an environment of their own import it too. Never measures cost: account.py does.
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any, Protocol

#: Pauses between two looks whether the work is over, the same for every system that has to look: one run alone is
#: waited for finely; a batch, which lasts seconds, coarsely, so that looking costs next to nothing.
LOOK_SINGLE, LOOK_BATCH = 0.001, 0.01
#: Work that takes longer than this is lost.
LONGEST = 120.0


class Side(Protocol):
    """What a system can be asked for. Every method returns when all of the work is over."""

    def batch(self, runs: int) -> None:
        """So many runs of ten steps, submitted as fast as the system takes them."""

    def single(self) -> None:
        """One run of ten steps."""

    def fan(self) -> None:
        """A hundred parallel steps and one after them all."""

    def check(self) -> None:
        """Outside the clock: raise unless everything asked for was really done."""

    def facts(self) -> dict[str, str]:
        """Versions, for the report."""


def serve(build: Callable[[], Side]) -> None:
    """Build the side, say so, obey until the input ends, and end, whatever threads are left.

    Output that is no answer goes to standard error.
    """
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    try:
        side = build()
        answers.write(json.dumps({"facts": side.facts()}) + "\n")
        for line in sys.stdin:
            answers.write(json.dumps(_obey(side, json.loads(line))) + "\n")
    except Exception:
        answers.write(json.dumps({"error": traceback.format_exc()}) + "\n")
    os._exit(0)


def wait_for(over: Callable[[], bool], look: float) -> None:
    """Look until it is over."""
    ends = time.monotonic() + LONGEST
    while not over():
        if time.monotonic() > ends:
            raise TimeoutError(f"not over after {LONGEST:.0f} s")
        time.sleep(look)


def _obey(side: Side, order: dict[str, Any]) -> dict[str, Any]:
    what, count = order["do"], order["count"]
    if what == "check":
        side.check()
        return {"seconds": []}
    if what == "batch":
        return {"seconds": [_clock(lambda: side.batch(count))]}
    return {"seconds": [_clock(getattr(side, what)) for _ in range(count)]}


def _clock(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
