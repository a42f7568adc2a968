"""Whoever works sweeps where nobody has for a while: one process at a time, and only then."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest

from orchestration import clock
from orchestration.engine import relief
from orchestration.engine.relief import LATE, RELIEF, relieve
from orchestration.engine.wake import ROUND, wake
from orchestration.models import EngineMark
from portal.middleware.health import readiness
from tests.engine.harness import begin, echo, publish, pump, settle_down, step
from tests.engine.test_concurrency import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def due() -> Any:
    """A run whose timer is due, and nobody has looked for it."""
    run = begin(publish({"a": {"wait": {"for": "5s"}}, "b": echo(1, needs=["a"])}))
    pump()
    assert step(run, "a").status == "waiting"
    clock.advance(timedelta(seconds=6))
    return run


def test_a_round_that_nobody_does_is_done_by_whoever_looks():
    run = due()
    assert relieve()
    assert step(run, "a").status == "succeeded"
    assert settle_down(run).result == "succeeded"


def test_where_somebody_sweeps_nobody_else_does():
    run = due()
    EngineMark.objects.update_or_create(name=ROUND, defaults={"at": clock.now() - LATE / 2})
    assert not relieve()
    assert step(run, "a").status == "waiting"
    clock.advance(LATE)
    assert relieve()
    assert step(run, "a").status == "succeeded"


def test_a_relief_counts_as_a_round_for_the_others_but_not_for_readyz():
    wake()
    clock.advance(timedelta(seconds=60))
    assert relieve()
    assert not relieve(), "it was done this moment"
    answer, _ = readiness()
    assert answer["last_wake_seconds"] >= 60, "the control worker is away, and that must show"
    assert answer["status"] == "degraded"


@pytest.mark.parametrize("known", [False, True], ids=["the first ever", "a later one"])
def test_of_processes_that_look_at_once_one_does_the_round(known: bool, monkeypatch: pytest.MonkeyPatch):
    rounds: list[str] = []
    monkeypatch.setattr(relief, "wake", rounds.append)
    for number in range(1, 6):
        if known:
            EngineMark.objects.update_or_create(name=RELIEF, defaults={"at": clock.now() - LATE})
        else:
            EngineMark.objects.filter(name=RELIEF).delete()
        assert sorted(at_once(*[relieve] * 4)) == [False, False, False, True]
        assert rounds == [RELIEF] * number


def test_a_fault_ends_no_relief_and_one_thread_is_enough(monkeypatch: pytest.MonkeyPatch):
    looks, enough = list[int](), threading.Event()

    def fail() -> bool:
        looks.append(1)
        if len(looks) == 3:
            enough.set()
        raise RuntimeError("whatever it is")

    monkeypatch.setattr(relief, "relieve", fail)
    monkeypatch.setattr(relief, "LOOK", 0.01)
    monkeypatch.setattr(relief, "close_old_connections", lambda: None)
    try:
        relief.start_relief()
        relief.start_relief()
        assert [thread.name for thread in threading.enumerate()].count("relief") == 1
        assert enough.wait(10)
    finally:
        relief.stop_relief()
    assert "relief" not in [thread.name for thread in threading.enumerate()]
