"""A conductor under test: made, watched until its runs are over, and closed. Owns the gate that steps can be held at."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from orchestration.engine.conductor import Conductor
from orchestration.models import Run, StepRun
from orchestration.steps.registry import StepContext, task

held, may_go = threading.Semaphore(0), threading.Event()


@task("test.stays")
def stays(input: Any, context: StepContext) -> Any:
    held.release()
    assert may_go.wait(30)
    return 1


def close_gate() -> None:
    may_go.clear()
    while held.acquire(blocking=False):
        pass


@contextmanager
def conductors() -> Iterator[Callable[[int], Conductor]]:
    """Makes conductors of so many threads; at the end each of them must have ended all it held."""
    made: list[Conductor] = []

    def of(threads: int) -> Conductor:
        made.append(Conductor(threads))
        return made[-1]

    yield of
    may_go.set()
    for one in made:
        assert one.close(30)
    ends = time.monotonic() + 10
    while any(thread.name.startswith("steps-") for thread in threading.enumerate()) and time.monotonic() < ends:
        time.sleep(0.01)


def wait_for(condition: Callable[[], bool], what: str) -> None:
    ends = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < ends, f"waited 30 s for {what}"
        time.sleep(0.01)


def first_steps(runs: list[Run]) -> list[int]:
    return list(StepRun.objects.filter(run__in=runs, status="ready").order_by("pk").values_list("pk", flat=True))


def all_over(runs: list[Run]) -> bool:
    return not Run.objects.filter(pk__in=[run.pk for run in runs]).exclude(status="finished").exists()
