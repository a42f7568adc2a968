"""However many messages ask for periodic work, it is done at its own pace; no two clocks are compared."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace

import pytest
from django.conf import settings

from orchestration import pace, tasks
from orchestration.pace import Pace


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A monotonic clock that the test moves."""
    clock = [1_000.0]
    monkeypatch.setattr(pace, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    return clock


def turns(paced: Pace, now: list[float], messages: int, *, taking: float, each: float) -> int:
    """How many of so many messages are acted on, `each` seconds apart or as soon as there is time."""
    done = 0
    for _ in range(messages):
        with paced.turn() as due:
            done += due
            now[0] += taking if due else 0.0
        now[0] += each
    return done


def test_what_comes_in_time_is_always_done(now: list[float]):
    assert turns(Pace(0.3), now, 100, taking=0.1, each=0.4) == 100


def test_a_pile_melts_even_when_each_round_takes_long(now: list[float]):
    began = now[0]
    done = turns(Pace(0.3), now, 7_200, taking=3.0, each=0.001)
    assert 2 <= done <= 7_200 / (Pace.PAUSE / 0.001) + 1
    assert now[0] - began < 300, "an hour's messages, with rounds of three seconds"


def test_a_round_that_fails_counts_as_one(now: list[float]):
    paced = Pace(0.3)
    with pytest.raises(ZeroDivisionError), paced.turn():
        raise ZeroDivisionError
    with paced.turn() as due:
        assert not due
    now[0] += 0.3
    with paced.turn() as due:
        assert due


def test_two_threads_are_not_at_it_at_once(now: list[float]):
    paced, seen = Pace(0.0), list[bool]()

    def other() -> None:
        with paced.turn() as due:
            seen.append(due)

    with paced.turn() as due:
        assert due
        thread = threading.Thread(target=other)
        thread.start()
        thread.join(5)
    assert seen == [False]


def test_an_hour_of_wakes_is_drained_in_moments(monkeypatch: pytest.MonkeyPatch):
    rounds: list[float] = []
    monkeypatch.setattr(tasks, "wake_once", lambda: rounds.append(time.monotonic()))
    monkeypatch.setattr(tasks, "freshen", list)
    monkeypatch.setattr(tasks, "_waking", Pace(0.3))
    began = time.monotonic()
    for _ in range(7_200):
        tasks.wake()
    took = time.monotonic() - began
    assert took < 10
    assert 1 <= len(rounds) <= took / 0.3 + 1


def test_prunings_that_piled_up_are_one(monkeypatch: pytest.MonkeyPatch):
    slices: list[float] = []
    monkeypatch.setattr(tasks, "prune_runs", lambda *, days, seconds: slices.append(seconds))
    monkeypatch.setattr(tasks, "settings", SimpleNamespace(PLUMBLINE=SimpleNamespace(run_retention_days=30)))
    monkeypatch.setattr(tasks, "_pruning", Pace(5.0))
    for _ in range(360):
        tasks.prune()
    assert slices == [tasks.PRUNE_SLICE]


def test_no_periodic_message_expires():
    """Celery would compare beat's clock with the worker's, and throw every one away where they differ."""
    for name, entry in settings.CELERY_BEAT_SCHEDULE.items():
        assert "expires" not in entry.get("options", {}), name
