"""Schedules: one run a tick, whatever the number of beats, the state of the clocks and the time that was missed."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import connection

from orchestration import clock
from orchestration.engine import schedules
from orchestration.engine.wake import wake
from orchestration.errors import Conflict, InvalidInput, InvalidManifest
from orchestration.models import Run, RunEvent, Schedule, ScheduleCursor, ScheduleTick, WorkflowVersion
from orchestration.services.governed import save
from orchestration.services.manifests import Signature, apply
from orchestration.services.schedules import pause, resume
from tests.engine.harness import publish
from tests.engine.scheduling import at, go_to, manifest, schedule
from tests.engine.test_concurrency import at_once

pytestmark = pytest.mark.django_db(transaction=True)

STEPS = {"a": {"value": "${{ input }}"}}


def ticks() -> list[str]:
    """Ticks that have a run, oldest first."""
    found = ScheduleTick.objects.filter(outcome="started").order_by("at")
    return [f"{one.at:%d %H:%M}" for one in found]


def play(until: str, stride: timedelta) -> None:
    """Let time pass, with a round at every stride."""
    while clock.now() < at(until):
        go_to(min(clock.now() + stride, at(until)))
        schedules.look(clock.now())


def test_a_tick_starts_a_run_that_says_what_started_it():
    publish(STEPS)
    go_to("2026-11-25T00:10")
    schedule(
        cron="30 2 * * *",
        timezone="Europe/Madrid",
        input={"day": "${{ tick.date }}", "of": "${{ tick.day_before }}", "at": "${{ tick.at }}"},
    )
    assert wake()["schedules"] == 0
    go_to("2026-11-25T01:30:01")
    assert wake()["schedules"] == 1
    run = Run.objects.get()
    assert run.idempotency_key == "schedule:nightly:2026-11-25T01:30:00Z"
    assert run.origin == "schedule:nightly"
    assert json.loads(run.input) == {"day": "2026-11-25", "of": "2026-11-24", "at": "2026-11-25T01:30:00Z"}
    assert RunEvent.objects.get(run=run).detail == "schedule nightly, tick 2026-11-25 02:30 Europe/Madrid"
    assert wake()["schedules"] == 0


@pytest.mark.parametrize(
    ("zone", "begin", "end"),
    [
        ("Europe/Madrid", "2026-03-28T22:00", "2026-03-29T06:00"),
        ("Europe/Madrid", "2026-10-24T22:00", "2026-10-25T06:00"),
        ("America/New_York", "2026-03-08T04:00", "2026-03-08T12:00"),
        ("America/New_York", "2026-11-01T03:00", "2026-11-01T11:00"),
        ("Australia/Lord_Howe", "2026-10-03T12:00", "2026-10-03T20:00"),
        ("Australia/Lord_Howe", "2026-04-04T11:00", "2026-04-04T19:00"),
    ],
)
def test_three_beats_at_once_start_one_run_a_tick_across_both_changes_of_the_clocks(zone: str, begin: str, end: str):
    publish(STEPS)
    go_to(begin)
    schedule("nightly", cron="30 2 * * *", timezone=zone)
    schedule("often", cron="*/30 * * * *", timezone=zone)
    while clock.now() < at(end):
        go_to(clock.now() + timedelta(minutes=10))
        results = at_once(*[lambda: schedules.look(clock.now())] * 3)
        assert all(isinstance(result, int) for result in results), results
    runs = list(Run.objects.values_list("origin", "idempotency_key"))
    assert sum(origin == "schedule:nightly" for origin, _ in runs) == 1
    assert sum(origin == "schedule:often" for origin, _ in runs) == 16, "eight hours of real time, two an hour"
    assert len({key for _, key in runs}) == len(runs) == ScheduleTick.objects.count()


def test_a_beat_that_dies_between_start_and_mark_has_done_nothing_and_the_next_does_it(monkeypatch: pytest.MonkeyPatch):
    publish(STEPS)
    go_to("2026-11-25T00:10")
    schedule()
    go_to("2026-11-25T01:00:02")

    class Killed(BaseException):
        pass

    def die(*_: object, **__: object) -> None:
        assert Run.objects.count() == 1, "the run is started, and not yet written down"
        raise Killed

    monkeypatch.setattr(schedules, "_note", die)
    with pytest.raises(Killed):
        schedules.look(clock.now())
    monkeypatch.undo()
    assert not Run.objects.exists()
    assert not ScheduleTick.objects.exists()
    assert schedules.look(clock.now()) == 1
    assert ticks() == ["25 01:00"]


@pytest.mark.parametrize(
    ("policy", "expected", "left_out"),
    [
        ("none", ["25 08:00"], ["25 07:00"]),
        ("latest", ["25 07:00", "25 08:00"], ["25 06:00"]),
        ("all", [f"25 {hour:02}:00" for hour in range(1, 9)], []),
    ],
)
def test_after_hours_away_the_catch_up_policy_decides(policy: str, expected: list[str], left_out: list[str]):
    publish(STEPS)
    go_to("2026-11-25T00:10")
    schedule(catch_up=policy)
    go_to("2026-11-25T07:30")
    for _ in range(3):
        schedules.look(clock.now())
    go_to("2026-11-25T08:00:01")
    schedules.look(clock.now())
    assert ticks() == expected
    skipped = ScheduleTick.objects.filter(outcome="skipped")
    assert [f"{one.at:%d %H:%M}" for one in skipped] == left_out
    assert all("since 2026-11-25T01:00:00Z" in one.error and policy in one.error for one in skipped)


def test_a_short_delay_is_no_downtime():
    publish(STEPS)
    go_to("2026-11-25T00:10")
    schedule(catch_up="none")
    go_to("2026-11-25T01:00:40")
    schedules.look(clock.now())
    assert ticks() == ["25 01:00"]


def test_a_long_backlog_is_worked_off_in_bounds_and_keeps_no_other_schedule_waiting():
    publish(STEPS)
    go_to("2026-11-25T00:10")
    schedule("backlog", cron="* * * * *", catch_up="all")
    schedule("other", cron="0 12 * * *")
    go_to("2026-11-25T12:00:01")
    assert schedules.look(clock.now()) == schedules.TICKS + 1
    assert Run.objects.filter(origin="schedule:other").count() == 1


def test_years_of_missed_minutes_are_stepped_over_at_once():
    publish(STEPS)
    go_to("2026-11-25T00:10")
    schedule(cron="* * * * *", catch_up="latest")
    go_to("2036-11-25T00:10:01")
    assert schedules.look(clock.now()) == 1
    assert schedules.look(clock.now()) == 0
    assert ticks() == ["25 00:10"]


def test_a_tick_that_cannot_start_is_written_down_and_the_next_one_starts():
    version = publish(STEPS)
    go_to("2026-11-25T00:10")
    schedule()
    version.state = WorkflowVersion.State.RETIRED
    save(version, actor=None, reason="r")
    go_to("2026-11-25T01:00:01")
    schedules.look(clock.now())
    failed = ScheduleTick.objects.get()
    assert failed.outcome == "failed"
    assert "no active version of workflow demo@^1" in failed.error
    assert failed.run is None
    publish(STEPS, version="1.1.0")
    go_to("2026-11-25T02:00:01")
    schedules.look(clock.now())
    assert ticks() == ["25 02:00"]
    assert Run.objects.get().version.version == "1.1.0"


def test_a_paused_schedule_starts_nothing_and_makes_up_when_it_is_resumed():
    publish(STEPS)
    go_to("2026-11-25T00:10")
    found = schedule(catch_up="latest")
    pause(thing=found, actor=None, reason="the ledger is moved")
    go_to("2026-11-25T03:30")
    assert schedules.look(clock.now()) == 0
    assert Schedule.objects.get().paused_reason == "the ledger is moved"
    with pytest.raises(Conflict, match="paused already"):
        pause(thing=found, actor=None, reason="again")
    with pytest.raises(InvalidInput, match="reason"):
        resume(thing=found, actor=None, reason=" ")
    resume(thing=found, actor=None, reason="it is moved")
    schedules.look(clock.now())
    assert ticks() == ["25 03:00"]
    assert [row.history_change_reason for row in Schedule.history.all()] == [
        "it is moved",
        "the ledger is moved",
        "a test",
    ]


def test_a_schedule_that_is_paused_while_a_beat_looks_starts_nothing_afterwards():
    publish(STEPS)
    go_to("2026-11-25T00:10")
    found = schedule(cron="* * * * *")
    go_to("2026-11-25T00:11:01")
    results = at_once(lambda: schedules.look(clock.now()), lambda: pause(thing=found, actor=None, reason="stop"))
    assert not any(isinstance(result, Exception) for result in results), results
    before = Run.objects.count()
    go_to("2026-11-25T00:20")
    assert schedules.look(clock.now()) == 0
    assert Run.objects.count() == before
    assert ScheduleCursor.objects.get().next_at is None


def test_new_times_miss_nothing_of_before_and_a_new_input_leaves_the_next_tick():
    publish(STEPS)
    go_to("2026-11-25T00:10")
    schedule(cron="0 * * * *", catch_up="all")
    go_to("2026-11-25T00:20")
    schedule(cron="0 * * * *", catch_up="all", input={"a": 1})
    assert ScheduleCursor.objects.get().next_at == at("2026-11-25T01:00")
    go_to("2026-11-25T05:30")
    schedule(cron="15 * * * *", catch_up="all", input={"a": 1})
    schedules.look(clock.now())
    assert ticks() == []
    assert ScheduleCursor.objects.get().next_at == at("2026-11-25T06:15")


@pytest.mark.parametrize(
    ("spec", "place", "said"),
    [
        ({"workflow": "dmeo@^1", "cron": "* * * * *"}, "workflow", "did you mean 'demo'"),
        (
            {"workflow": "demo@^2", "cron": "* * * * *"},
            "workflow",
            "no active version of workflow demo@^2 (active: 1.0.0)",
        ),
        ({"workflow": "demo@^1", "cron": "61 * * * *"}, "cron", "minute '61'"),
        (
            {"workflow": "demo@^1", "cron": "* * * * *", "timezone": "Europe/Madird"},
            "timezone",
            "did you mean 'Europe/Madrid'",
        ),
        (
            {"workflow": "demo@^1", "cron": "* * * * *", "input": {"a": "${{ tick.dat }}"}},
            "input.a",
            "did you mean 'date'",
        ),
        ({"workflow": "demo@^1", "cron": "* * * * *", "input": {"a": "${{ input.x }}"}}, "input.a", "input"),
    ],
)
def test_a_manifest_that_could_never_start_anything_is_refused_at_its_place(spec: dict, place: str, said: str):
    publish(STEPS)
    with pytest.raises(InvalidManifest) as refused:
        apply([manifest("Schedule", "nightly", spec)], Signature(None, "a test"))
    assert place in str(refused.value)
    assert said in str(refused.value)


def test_a_schedule_may_come_in_one_batch_with_what_it_starts():
    from orchestration.services.manifests import Document
    from tests.engine.harness import Team, yaml

    Team.objects.get_or_create(name="checkout")
    workflow = {
        "apiVersion": "plumbline/v1", "kind": "Workflow", "metadata": {"name": "demo", "version": "1.0.0", "owner": "checkout"},
        "spec": {"steps": STEPS},
    }  # fmt: skip
    both = [
        manifest("Schedule", "nightly", {"workflow": "demo@^1", "cron": "@daily"}),
        Document(yaml.safe_dump(workflow), "demo.yaml"),
    ]
    assert [change.action for change in apply(both, Signature(None, "a test"))] == ["publish", "create"]
    assert [change.action for change in apply(both, Signature(None, "a test"))] == ["unchanged", "unchanged"]


def test_a_round_with_nothing_due_asks_the_database_twice(django_assert_num_queries):
    publish(STEPS)
    schedule()
    from orchestration.engine import backfills

    with django_assert_num_queries(2):
        schedules.look(clock.now())
        backfills.look(clock.now())
    assert connection.in_atomic_block is False
