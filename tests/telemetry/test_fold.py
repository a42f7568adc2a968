"""Outcomes are counted exactly once: whatever they were, however late they come, whoever is interrupted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction

from orchestration import clock
from orchestration.engine.cancel import cancel, terminate
from orchestration.models import (
    Attempt,
    EngineMark,
    Objective,
    OutcomeBatch,
    RollupDay,
    RollupDirty,
    RollupHour,
    RollupMinute,
    Run,
    Series,
    StepRun,
    Team,
)
from orchestration.selectors.curves import totals
from orchestration.selectors.series import Grain, find
from orchestration.services import rollups
from orchestration.services.governed import save
from orchestration.telemetry import fold as fold_module
from orchestration.telemetry import histogram, sums
from orchestration.telemetry.fold import fold, sum_dirty
from orchestration.telemetry.outcomes import note, run_row, stamp
from tests.engine.harness import begin, echo, pass_time, publish, pump, settle_down, write

pytestmark = pytest.mark.django_db(transaction=True)

Kind = Series.Kind
#: Raises KeyError, which is tried again.
FAILS = {"python": "test.echo", "with": {}}
TABLES = (RollupMinute, RollupHour, RollupDay)


def fold_all() -> None:
    while fold().batches:
        pass
    while sum_dirty():
        pass


def all_rows() -> dict[str, list[tuple[Any, ...]]]:
    """Every rollup there is, by the names of its series."""
    columns = [
        "n",
        "ok",
        "error",
        "timeout",
        "degraded",
        "cancelled",
        "retries",
        "slo_bad",
        "sum",
        "min",
        "max",
        "hist",
    ]
    found = {}
    for table in TABLES:
        rows = table.objects.select_related("series").order_by("pk")
        found[table.__name__] = sorted(
            (str(row.series), row.ts, *(_plain(getattr(row, name)) for name in columns)) for row in rows
        )
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return bytes(value)
    return round(value, 6) if isinstance(value, float) else value


def span(kind: Kind, **names: Any) -> Any:
    now = clock.now() + timedelta(hours=2)
    spans = totals([series.pk for series in find(kind, **names)], now - timedelta(days=30), now)
    [one] = spans.values()
    return one


def a_bit_of_everything() -> None:
    """Runs that succeed, fail, retry, wait, compensate, are cancelled, retried by hand and can't evaluate a `when`."""
    retry = {"initial_interval": "1s", "maximum_attempts": 3, "jitter": "none"}
    good = publish(
        {"a": echo(1), "b": echo(2, needs=["a"]), "w": {"wait": {"for": "90s"}, "needs": ["b"]}}, name="good"
    )
    bad = publish({"a": write("u"), "b": {**FAILS, "needs": ["a"], "retry": retry}}, name="bad")
    odd = publish({"a": echo(1), "b": echo(1, needs=["a"], when="steps.a.output.x.y > 1")}, name="odd")
    forks = publish(
        {"a": echo(1), "b": echo(1, needs=["a"]), "c": echo(1, needs=["a"]), "d": echo(1, needs=["b", "c"])},
        name="forks",
    )
    for _ in range(3):
        for version in (good, bad, odd, forks):
            settle_down(begin(version))
    failed = Run.objects.filter(workflow__name="bad", result="failed").first()
    assert failed is not None
    cancel(begin(good).pk, actor_id=None, reason="a test")
    terminate(begin(good).pk, actor_id=None, reason="a test")
    pump()
    pass_time(200)
    pump()


def test_totals_equal_the_rows_of_runs_steps_and_attempts():
    a_bit_of_everything()
    fold_all()
    for workflow in ("good", "bad", "odd", "forks"):
        runs = Run.objects.filter(workflow__name=workflow, status="finished")
        counted = span(Kind.RUN, workflow=workflow)
        assert counted.n == runs.exclude(result__in=["cancelled", "terminated"]).count()
        assert counted.cancelled == runs.filter(result__in=["cancelled", "terminated"]).count()
        assert counted.error == runs.filter(result="failed").count()
        for name in StepRun.objects.filter(run__workflow__name=workflow).values_list("name", flat=True).distinct():
            steps = StepRun.objects.filter(run__workflow__name=workflow, name=name)
            ended = steps.filter(status__in=["succeeded", "failed", "timed_out"])
            if ended.exists():
                assert span(Kind.STEP, workflow=workflow, step=name).n == ended.count(), name
    retried = Attempt.objects.filter(step__name="b", phase="forward", next_at__isnull=False)
    assert span(Kind.RETRY, workflow="bad", step="b").n == retried.count() > 0
    assert not OutcomeBatch.objects.exists()
    assert not RollupDirty.objects.exists()


def test_a_rebuild_from_the_rows_gives_what_was_counted_as_it_happened():
    a_bit_of_everything()
    fold_all()
    before = all_rows()
    assert before["RollupMinute"]
    for table in TABLES:
        table.objects.all().delete()
    for _ in range(2):
        call_command("rebuild_rollups", verbosity=0)
        after = all_rows()
        for table, rows in before.items():
            assert [row for row in rows if row not in after[table]] == []
            assert [row for row in after[table] if row not in rows] == []


def test_a_rebuild_counts_once_what_waits_to_be_counted():
    a_bit_of_everything()
    assert OutcomeBatch.objects.exists()
    call_command("rebuild_rollups", verbosity=0)
    rebuilt = all_rows()
    fold_all()
    assert all_rows() == rebuilt
    assert not EngineMark.objects.filter(name="rebuild").exists()


def test_nothing_is_folded_while_a_rebuild_is_at_work():
    settle_down(begin(publish({"a": echo(1)})))
    EngineMark.objects.create(name="rebuild", at=clock.now())
    assert fold().batches == 0
    clock.advance(fold_module.REBUILDING * 2)  # it was killed
    assert fold().batches > 0


def test_a_round_that_breaks_at_any_point_counts_nothing_or_everything(monkeypatch: pytest.MonkeyPatch):
    settle_down(begin(publish({"a": echo(1), "b": echo(1, needs=["a"])})))
    for name in ("series_ids", "add"):
        with monkeypatch.context() as patch:
            real = getattr(sums, name)

            def breaks(*given: Any, real: Any = real, **more: Any) -> None:
                real(*given, **more)
                raise KeyboardInterrupt

            patch.setattr(sums, name, breaks)
            with pytest.raises(KeyboardInterrupt):
                fold()
        assert OutcomeBatch.objects.exists()
        assert not RollupMinute.objects.exists()
    fold_all()
    assert span(Kind.RUN, workflow="demo").n == 1


def test_an_outcome_that_is_undone_is_not_counted():
    run = begin(publish({"a": echo(1)}))
    with transaction.atomic():
        note([run_row(run.version_id, "failed", began=clock.now(), at=clock.now())])
        transaction.set_rollback(True)
    settle_down(run)
    fold_all()
    assert span(Kind.RUN, workflow="demo").error == 0


def test_what_comes_late_is_added_to_the_grain_that_is_still_kept():
    run = begin(publish({"a": echo(1)}))
    now = clock.now()
    ages = {"minute": timedelta(minutes=5), "hour": timedelta(days=3), "day": timedelta(days=100)}
    for age in ages.values():
        for _ in range(2):
            note([run_row(run.version_id, "succeeded", began=now - age - timedelta(seconds=3), at=now - age)])
            fold_all()
    series = find(Kind.RUN, workflow="demo")[0].pk
    assert {row.ts: row.n for row in RollupMinute.objects.filter(series=series)} == {
        Grain.MINUTE.floor(now - ages["minute"]): 2
    }
    assert RollupHour.objects.get(series=series, ts=Grain.HOUR.floor(now - ages["hour"])).n == 2
    day = RollupDay.objects.get(series=series, ts=Grain.DAY.floor(now - ages["day"]))
    assert (day.n, day.ok, histogram.count(bytes(day.hist))) == (2, 2, 2)
    assert sum(row.n for row in RollupDay.objects.filter(series=series)) == 6


def test_an_hour_is_summed_up_before_late_outcomes_are_added_to_it():
    run = begin(publish({"a": echo(1)}))
    then = clock.now()
    note([run_row(run.version_id, "succeeded", began=then, at=then)])
    fold()  # the minute is there, its hour is dirty
    clock.advance(timedelta(hours=60))
    note([run_row(run.version_id, "failed", began=then, at=then)])
    fold_all()
    series = find(Kind.RUN, workflow="demo")[0].pk
    hour = RollupHour.objects.get(series=series, ts=Grain.HOUR.floor(then))
    assert (hour.n, hour.ok, hour.error) == (2, 1, 1)
    assert RollupDay.objects.get(series=series).n == 2


def test_old_rows_go_and_their_sums_stay():
    settle_down(begin(publish({"a": echo(1)})))
    fold_all()
    clock.advance(timedelta(hours=49))
    assert rollups.prune_rollups() > 0
    assert not RollupMinute.objects.exists()
    assert span(Kind.RUN, workflow="demo").n == 1
    clock.advance(timedelta(days=91))
    rollups.prune_rollups()
    assert not RollupHour.objects.exists()
    assert RollupDay.objects.filter(series__kind=Kind.RUN).first().n == 1


def test_minutes_that_are_not_summed_up_yet_are_not_deleted():
    settle_down(begin(publish({"a": echo(1)})))
    fold()
    clock.advance(timedelta(hours=60))
    rollups.prune_rollups()
    assert RollupMinute.objects.exists()
    fold_all()
    rollups.prune_rollups()
    assert not RollupMinute.objects.exists()
    assert span(Kind.RUN, workflow="demo").n == 1


def objective(**columns: Any) -> Objective:
    team, _ = Team.objects.get_or_create(name="checkout")
    one = Objective(owner=team, since=clock.now() - timedelta(days=1), **columns)
    with transaction.atomic():
        save(one, actor=None, reason="a test")
    return one


def test_an_objective_counts_its_bad_events_to_the_unit():
    latency = objective(name="l", workflow="demo", indicator="latency", threshold=2.0, target="0.95")
    success = objective(name="s", workflow="demo", indicator="success", target="0.99")
    strict = objective(name="d", workflow="demo", indicator="success", target="0.99", degraded_is_bad=True)
    later = objective(name="later", workflow="demo", indicator="success", target="0.99")
    run = begin(publish({"a": echo(1)}))
    now = clock.now()
    Objective._base_manager.filter(pk=later.pk).update(since=now + timedelta(hours=1))
    took = {
        "succeeded": (1.0, 2.0, 2.000001, 9.0),
        "failed": (0.1, 30.0),
        "timed_out": (60.0,),
        "degraded": (1.0, 3.0),
        "cancelled": (5.0,),
    }
    note(
        [
            run_row(run.version_id, result, began=now - timedelta(seconds=seconds), at=now)
            for result, every in took.items()
            for seconds in every
        ]
    )
    fold_all()

    def counts(one: Objective) -> tuple[int, int]:
        found = span(Kind.OBJECTIVE, label=str(one.pk))
        return found.n, found.slo_bad

    assert counts(latency) == (6, 3)  # successes alone: an outage is not held against it
    assert counts(success) == (9, 3)
    assert counts(strict) == (9, 5)
    assert not find(Kind.OBJECTIVE, label=str(later.pk))


def test_a_period_is_read_to_the_minute_whatever_the_grains():
    run = begin(publish({"a": echo(1)}))
    now = datetime(2031, 5, 6, 14, 3, 30, tzinfo=UTC)
    clock.advance(now - clock.now())
    moments = [now - timedelta(minutes=minutes) for minutes in range(1, 6000, 7)]
    note([run_row(run.version_id, "succeeded", began=at, at=at) for at in moments])
    fold_all()
    series = [find(Kind.RUN, workflow="demo")[0].pk]
    for hours in (0.5, 1, 1.9, 3, 25, 40, 46):
        since = Grain.MINUTE.floor(now - timedelta(hours=hours))
        assert totals(series, since, now)[series[0]].n == sum(at >= since for at in moments), hours
    since = now - timedelta(hours=90)  # of that day there are no minutes any more
    assert totals(series, since, now)[series[0]].n == sum(at >= Grain.HOUR.floor(since) for at in moments)
    until = now - timedelta(hours=60)  # nor of its end
    wanted = sum(Grain.HOUR.floor(since) <= at < Grain.HOUR.floor(until) for at in moments)
    assert totals(series, since, until)[series[0]].n == wanted > 0
    before = now - timedelta(hours=5)  # a period that is over is read the same way
    assert totals(series, before, now - timedelta(hours=4))[series[0]].n == sum(
        Grain.MINUTE.floor(before) <= at < now - timedelta(hours=4) for at in moments
    )


def test_stamps_are_whole_microseconds():
    moment = datetime(2026, 11, 26, 4, 5, 6, 789012, tzinfo=UTC)
    assert stamp(moment) == 1_795_665_906_789_012 - (
        1_795_665_906_789_012 - int(moment.timestamp()) * 1_000_000 - 789012
    )
