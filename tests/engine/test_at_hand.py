"""What may be taken later and finds no thread waits at hand: begun when one is free, and handed back where none becomes free."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from orchestration.engine import conductor as conducting
from orchestration.engine import in_hand
from orchestration.limits import AT_HAND, QUEUED_AT_HAND, spare_threads
from orchestration.models import Run, StepRun
from orchestration.services.runs import start_runs
from tests.engine.conducting import all_over, first_steps, held, may_go, wait_for
from tests.engine.harness import begin, echo, publish

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("gate")]

THREADS = 4
AT_WORK = THREADS - spare_threads(THREADS)


def slow(count: int) -> list[Run]:
    version = publish({"a": {"python": "test.stays", "effect": "none"}}, name="slow")
    return start_runs(version=version, inputs=[{}] * count)


def begun() -> None:
    for _ in range(AT_WORK):
        assert held.acquire(timeout=10)


@pytest.fixture
def back(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The ids that are handed back, which stay out of the broker."""
    found: list[int] = []

    def keep(ids: Sequence[int]) -> int:
        found.extend(ids)
        return len(ids)

    monkeypatch.setattr(conducting, "send_later", keep)
    return found


def test_more_than_there_are_threads_for_waits_at_hand_and_is_begun_in_turn(make, back: list[int]):
    runs = start_runs(version=publish({"a": echo(1)}), inputs=[{}] * 12)
    assert make(THREADS).submit_later(first_steps(runs), 0.0) == []
    wait_for(lambda: all_over(runs), "all of them")
    assert not back


def test_what_waits_at_hand_leaves_a_thread_to_whoever_comes(make, back: list[int]):
    working, waiting = make(THREADS), slow(AT_WORK + 3)
    assert working.submit_later(first_steps(waiting), 0.0) == []
    begun()
    alone = begin(publish({"a": echo(1)}, name="quick"))
    assert working.submit(first_steps([alone]), 0.0) == []
    wait_for(lambda: all_over([alone]), "the run that came after them")
    assert not all_over(waiting)
    may_go.set()


def test_what_no_thread_comes_for_goes_back_for_others_to_take(make, back: list[int], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(in_hand, "HELD", 0.05)
    working, runs = make(THREADS), slow(AT_WORK + 3)
    ids = first_steps(runs)
    working.submit_later(ids, 0.0)
    begun()
    wait_for(lambda: len(back) == 3, "what could not begin")
    assert back == ids[AT_WORK:]
    assert set(StepRun.objects.filter(pk__in=back).values_list("status", flat=True)) == {"ready"}, "claimed by nobody"
    may_go.set()
    wait_for(lambda: all_over(runs[:AT_WORK]), "those that were begun")
    assert not all_over(runs[AT_WORK:])


def test_there_is_an_end_to_what_waits_at_hand(make, back: list[int]):
    working = make(THREADS)
    most = (1 + QUEUED_AT_HAND) * THREADS - spare_threads(THREADS)
    assert [working.room(), working.room(withheld=most - 2), working.room(withheld=most)] == [most, 2, 0]
    most = (1 + AT_HAND) * THREADS - spare_threads(THREADS)
    ids = first_steps(slow(most + 2))
    assert working.submit_later(ids, 0.0) == ids[most:]
    assert working.room() == 1, "the queue goes on beside them"
    may_go.set()


def test_a_process_that_ends_hands_back_what_it_has_not_begun(make, back: list[int]):
    working, runs = make(THREADS), slow(AT_WORK + 3)
    ids = first_steps(runs)
    working.submit_later(ids, 0.0)
    begun()
    may_go.set()
    assert working.close(10)
    assert set(back) <= set(ids[AT_WORK:])
    assert StepRun.objects.filter(status="succeeded").count() == len(ids) - len(back)
