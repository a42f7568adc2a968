"""Backfills: a range of ticks, each started once, so many at a time, until somebody cancels."""

from __future__ import annotations

import pytest

from orchestration import clock
from orchestration.engine import backfills
from orchestration.errors import Conflict, InvalidInput
from orchestration.models import Backfill, Run, ScheduleTick
from orchestration.services.schedules import Range, cancel_backfill, preview, start_backfill
from tests.engine.harness import publish, pump
from tests.engine.scheduling import at, go_to, schedule
from tests.engine.test_concurrency import at_once

pytestmark = pytest.mark.django_db(transaction=True)

DAYS = Range(at("2026-11-01"), at("2026-11-07T23:59"), max_parallel=2)


@pytest.fixture
def nightly():
    publish({"a": {"value": 1}})
    go_to("2026-11-20T12:00")
    return schedule(cron="30 2 * * *", timezone="Europe/Madrid", input={"day": "${{ tick.date }}"})


def work_off(most: int = 100) -> None:
    for _ in range(most):
        if not Backfill.objects.filter(state="running").exists():
            return
        backfills.look(clock.now())
        pump()
    raise AssertionError("it does not end")


def days() -> list[str]:
    return [run.input[8:18] for run in Run.objects.order_by("id")]


def test_every_tick_of_the_range_is_started_once_in_order(nightly):
    backfill = start_backfill(schedule=nightly, asked=DAYS, actor=None, reason="the ledger was empty")
    assert backfill.ticks == 7
    work_off()
    assert days() == [f"2026-11-0{day}" for day in range(1, 8)]
    assert {run.origin for run in Run.objects.all()} == {"backfill:nightly"}
    assert ScheduleTick.objects.filter(backfill=backfill, outcome="started").count() == 7
    backfill.refresh_from_db()
    assert backfill.state == "done"
    assert backfill.ended_at is not None


def test_newest_first_turns_the_order_round(nightly):
    asked = Range(DAYS.starts_at, DAYS.ends_at, 1, "newest_first")
    start_backfill(schedule=nightly, asked=asked, actor=None, reason="r")
    work_off()
    assert days() == [f"2026-11-0{day}" for day in range(7, 0, -1)]


def test_no_more_than_so_many_run_at_once(nightly):
    start_backfill(schedule=nightly, asked=DAYS, actor=None, reason="r")
    for _ in range(3):
        backfills.look(clock.now())
    assert Run.objects.count() == 2
    pump()
    backfills.look(clock.now())
    assert Run.objects.count() == 4


def test_rounds_at_once_start_each_tick_once_and_never_too_many(nightly):
    start_backfill(schedule=nightly, asked=DAYS, actor=None, reason="r")
    for _ in range(6):
        results = at_once(*[lambda: backfills.look(clock.now())] * 3)
        assert all(isinstance(result, int) for result in results), results
        assert Run.objects.exclude(status="finished").count() <= 2
        pump()
    assert Run.objects.count() == 7


def test_a_range_that_is_repeated_starts_nothing_twice(nightly):
    for _ in range(2):
        start_backfill(schedule=nightly, asked=DAYS, actor=None, reason="r")
        work_off()
    assert Run.objects.count() == 7
    assert Backfill.objects.filter(state="done").count() == 2


def test_a_cancelled_one_starts_no_more_and_leaves_what_runs(nightly):
    backfill = start_backfill(schedule=nightly, asked=DAYS, actor=None, reason="r")
    backfills.look(clock.now())
    cancel_backfill(backfill=backfill, actor=None, reason="wrong range")
    backfills.look(clock.now())
    assert Run.objects.filter(status="running").count() == Run.objects.count() == 2
    assert (backfill.state, backfill.ending) == ("cancelled", "wrong range")
    with pytest.raises(Conflict, match="cancelled; there is nothing to cancel"):
        cancel_backfill(backfill=backfill, actor=None, reason="again")


def test_a_schedule_that_is_applied_anew_meanwhile_changes_no_tick_of_it(nightly):
    start_backfill(schedule=nightly, asked=DAYS, actor=None, reason="r")
    backfills.look(clock.now())
    schedule(cron="0 12 * * *", input={"day": "another"})
    pump()
    work_off()
    assert days() == [f"2026-11-0{day}" for day in range(1, 8)]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (Range(at("2026-11-07"), at("2026-11-01")), "ends before it starts"),
        (Range(at("2026-11-07"), at("2026-12-01")), "in the future"),
        (Range(at("2026-11-07T03:00"), at("2026-11-07T04:00")), "no tick"),
        (Range(at("1986-11-07T03:00"), at("2026-11-07T04:00")), "more than 10,000"),
        (Range(at("1926-11-07T03:00"), at("2026-11-07T04:00")), "before 1970-01-01"),
        (Range(DAYS.starts_at, DAYS.ends_at, 0), "choose 1 to 100"),
        (Range(DAYS.starts_at, DAYS.ends_at, 1, "sideways"), "oldest_first"),
    ],
)
def test_a_range_that_makes_no_sense_says_why(nightly, asked: Range, said: str):
    with pytest.raises(InvalidInput, match=said):
        preview(schedule=nightly, asked=asked)


def test_the_preview_counts_the_ticks_and_names_the_ends(nightly):
    ticks = preview(schedule=nightly, asked=DAYS)
    assert len(ticks) == 7
    assert (ticks[0], ticks[-1]) == (at("2026-11-01T01:30"), at("2026-11-07T01:30"))
