"""What is old and over goes, whole; what is open, needed or to be put right stays, and nothing else is touched."""

from __future__ import annotations

import threading
import uuid
from datetime import timedelta

import pytest
from celery import current_app
from django.apps import apps
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from orchestration import clock
from orchestration import tasks as celery_tasks
from orchestration.engine.event_store import NewEvent, store
from orchestration.engine.events import route
from orchestration.models import (
    Approval,
    Attempt,
    EngineMark,
    Event,
    EventReceipt,
    InputEdit,
    Loop,
    Parking,
    Payload,
    Run,
    RunEvent,
    RunFlag,
    ScheduleTick,
    StepRun,
    Subscription,
    TriggerFiring,
    WorkflowVersion,
)
from orchestration.services import retention
from orchestration.services.event_retention import prune_events
from orchestration.services.retention import prunable, prune
from orchestration.services.runs import retry_run
from portal import config
from tests.engine import tasks
from tests.engine.harness import begin, echo, pass_time, publish, pump, settle_down, step, write
from tests.engine.scheduling import schedule, trigger

pytestmark = pytest.mark.django_db(transaction=True)

DAY = 86_400
CHAIN = {"a": echo(1), "b": echo(2, needs=["a"])}
BROKEN = {"a": write("undo a", 1), "b": {"python": "test.fail", "needs": ["a"]}}


def finished(version: WorkflowVersion, **options: object) -> Run:
    return settle_down(begin(version, options.pop("input", {}), **options))


def left() -> set[uuid.UUID]:
    return set(Run.objects.values_list("pk", flat=True))


def test_what_finished_long_ago_goes_with_everything_of_it_and_the_rest_stays():
    version = publish(CHAIN)
    old = finished(version, input={"text": "x" * 70_000}, key="once")
    RunFlag.objects.create(run=old, name="extras", is_on=True, why="x", at=old.created_at)
    waiting = begin(publish({"a": {"wait": {"for": "90d"}}}, name="patient"))
    pump()
    clock.advance(timedelta(days=31))
    young = finished(version)
    untouched = [model.objects.count() for model in (WorkflowVersion, EngineMark)]
    assert Payload.objects.exists()

    assert prunable(days=30) == 1
    assert prune(days=30) == retention.Pruned(1, more=False)

    assert left() == {waiting.pk, young.pk}
    for model in (StepRun, RunEvent, RunFlag, Payload):
        assert set(model.objects.values_list("run", flat=True)) <= left()
    assert set(Attempt.objects.values_list("step__run", flat=True)) <= left()
    assert not Payload.objects.exists()
    assert not RunFlag.objects.exists()
    assert [model.objects.count() for model in (WorkflowVersion, EngineMark)] == untouched
    assert finished(version, key="once").pk not in {young.pk, waiting.pk}, "a forgotten key starts a new run"


def test_a_run_counts_from_its_end_not_from_its_beginning():
    long = begin(publish({"a": {"wait": {"for": "40d"}}}))
    pump()
    pass_time(40 * DAY + 1)
    pump()
    long.refresh_from_db()
    assert long.status == "finished"

    assert prune(days=30).runs == 0

    clock.advance(timedelta(days=31))
    assert prune(days=30).runs == 1


def test_a_chain_of_retries_stays_while_its_last_run_is_open_or_young(monkeypatch: pytest.MonkeyPatch):
    first = finished(publish(BROKEN))
    second = settle_down(retry_run(run=first, actor=None)[0])
    clock.advance(timedelta(days=31))
    third = settle_down(retry_run(run=second, actor=None)[0])

    assert prune(days=30).runs == 0, "a retry of the third would look for the keys of the first"
    assert left() == {first.pk, second.pk, third.pk}

    clock.advance(timedelta(days=31))
    monkeypatch.setattr(retention, "FEWEST_RUNS", 1)
    monkeypatch.setattr(retention, "MOST_RUNS", 1)
    assert [prune(days=30).runs for _ in range(3)] == [1, 1, 1], "across batches, the latest goes first"
    assert left() == set()


def test_an_effect_that_is_unclear_is_asked_for_with_its_own_key_however_old_the_first_run_is():
    steps = {"x": write("undo x", 1), "b": write("undo b", 2, needs=["x"], compensate_on_unknown=False)}
    tasks.failing["b"] = 5
    first = finished(publish(steps))
    assert step(first, "b").effect == "unknown"
    clock.advance(timedelta(days=31))
    tasks.failing["x"] = 5
    second = settle_down(retry_run(run=first, actor=None)[0])
    assert not second.steps.filter(name="b").exists(), "it never came so far"

    prune(days=30)

    third = settle_down(retry_run(run=second, actor=None)[0])
    assert third.result == "succeeded"
    assert step(third, "b").idempotency_key == step(first, "b").idempotency_key


def test_steps_that_a_later_run_reuses_stay_with_it():
    steps = {
        "a": echo(1),
        "b": {"python": "test.echo", "with": {"value": 1}, "needs": ["a"], "retry": {"maximum_attempts": 1}},
    }
    tasks.failing["b"] = 1
    first = finished(publish(steps))
    assert first.result == "failed"
    clock.advance(timedelta(days=31))
    second = settle_down(retry_run(run=first, actor=None)[0])
    assert step(second, "a").reused_from_id == step(first, "a").pk

    assert prune(days=30).runs == 0

    clock.advance(timedelta(days=31))
    assert prune(days=30).runs == 2
    assert not StepRun.objects.exists()


def test_a_run_that_is_undone_by_halves_waits_for_a_person_for_ever():
    tasks.failing["undo:a"] = 1_000
    run = finished(publish(BROKEN))
    assert run.compensation == "failed"
    clock.advance(timedelta(days=400))

    assert prune(days=30).runs == 0
    assert left() == {run.pk}


def test_a_slice_ends_in_time_and_the_next_goes_on(monkeypatch: pytest.MonkeyPatch):
    version = publish(CHAIN)
    for _ in range(25):
        finished(version)
    clock.advance(timedelta(days=31))
    monkeypatch.setattr(retention, "FEWEST_RUNS", 10)
    monkeypatch.setattr(retention, "MOST_RUNS", 10)

    assert prune(days=30, seconds=0) == retention.Pruned(0, more=True)
    seconds = iter([0.0, *[0.1 * tick for tick in range(100)]])
    monkeypatch.setattr(retention.time, "monotonic", lambda: next(seconds))
    assert prune(days=30, seconds=0.2) == retention.Pruned(10, more=True)
    monkeypatch.undo()
    assert prune(days=30, seconds=60) == retention.Pruned(15, more=False)


def test_one_batch_is_a_fixed_number_of_queries():
    version = publish(CHAIN)

    def queries(runs: int) -> int:
        for _ in range(runs):
            finished(version)
        clock.advance(timedelta(days=31))
        with CaptureQueriesContext(connection) as seen:
            assert prune(days=30).runs == runs
        return len(seen)

    assert queries(10) == queries(2)


def test_a_retry_that_begins_meanwhile_keeps_its_run():
    """The run is locked by the retry first, so the slice passes it by; and the other way round."""
    run = finished(publish(BROKEN))
    other = finished(publish(CHAIN, name="other"))
    clock.advance(timedelta(days=31))
    locked, go_on = threading.Event(), threading.Event()

    def retry() -> None:
        try:
            with transaction.atomic():
                retry_run(run=Run.objects.get(pk=run.pk), actor=None)
                locked.set()
                go_on.wait(20)
        finally:
            connection.close()

    thread = threading.Thread(target=retry)
    thread.start()
    assert locked.wait(20)
    if connection.vendor == "sqlite":
        go_on.set()  # one writer at a time: the slice waits for the retry
    assert prune(days=30).runs == 1
    go_on.set()
    thread.join(20)

    assert Run.objects.filter(pk=run.pk).exists()
    assert not Run.objects.filter(pk=other.pk).exists()
    assert Run.objects.get(retry_of=run.pk)


def test_what_started_a_run_or_failed_to_goes_with_its_time():
    old = finished(publish(CHAIN))
    ticks = {"schedule": schedule(), "made_at": clock.now()}
    ScheduleTick.objects.create(at=clock.now(), outcome="started", run=old, **ticks)
    ScheduleTick.objects.create(at=clock.now() + timedelta(hours=1), outcome="failed", error="x", **ticks)
    firings = {"trigger": trigger(), "event_source": "/s", "at": clock.now()}
    TriggerFiring.objects.create(event_id="1", run=old, **firings)
    TriggerFiring.objects.create(event_id="2", error="x", **firings)
    clock.advance(timedelta(days=31))
    young = ScheduleTick.objects.create(at=clock.now(), outcome="failed", **ticks | {"made_at": clock.now()})

    assert prune(days=30).runs == 1

    assert list(ScheduleTick.objects.all()) == [young]
    assert not TriggerFiring.objects.exists()


def test_every_reference_to_a_deleted_row_is_indexed():
    """Else PostgreSQL reads a whole table for each deleted row, to see that nothing refers to it."""
    models = {
        Run, StepRun, Attempt, RunEvent, RunFlag, InputEdit, Payload, Parking, ScheduleTick, TriggerFiring, Subscription, Approval, Loop,
        EventReceipt, Event,
    }  # fmt: skip
    referring = {
        model
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.concrete_fields
        if field.remote_field is not None and field.remote_field.model in models
    }
    assert referring <= models, "retention deletes the tables that it knows, so it has to know this one"
    with connection.cursor() as cursor:
        for model in models:
            found = connection.introspection.get_constraints(cursor, model._meta.db_table).values()
            leading = {
                one["columns"][0]
                for one in found
                if one["columns"] and (one["index"] or one["unique"] or one["primary_key"])
            }
            for field in model._meta.concrete_fields:
                if field.remote_field is not None and field.remote_field.model in models:
                    assert field.column in leading, f"{model.__name__}.{field.name} needs an index"


def test_the_command_deletes_or_only_counts(capsys: pytest.CaptureFixture[str]):
    finished(publish(CHAIN))
    clock.advance(timedelta(days=31))

    with pytest.raises(CommandError, match="kept for ever"):
        call_command("prune")
    with pytest.raises(CommandError, match="kept for ever"):
        call_command("prune", "--days=0")
    call_command("prune", "--days=30", "--dry-run")
    assert "1 runs finished more than 30 days ago; none was deleted" in capsys.readouterr().out
    assert len(left()) == 1
    call_command("prune", "--days=30")
    assert "deleted 1 runs" in capsys.readouterr().out
    assert left() == set()


def test_the_task_follows_the_setting_and_deletes_nothing_without_one(monkeypatch: pytest.MonkeyPatch):
    finished(publish(CHAIN))
    clock.advance(timedelta(days=31))
    assert settings.PLUMBLINE.run_retention_days == 0

    celery_tasks.prune()
    assert len(left()) == 1
    with pytest.raises(ValueError, match="every finished run"):
        prune(days=0)

    monkeypatch.setattr("orchestration.tasks.settings", _Settings)
    celery_tasks.prune()
    assert left() == set()


class _Settings:
    class PLUMBLINE:
        run_retention_days = 30.0


def test_the_task_has_a_name_that_beat_and_the_control_queue_know():
    assert "orchestration.tasks.prune" in current_app.tasks
    assert settings.CELERY_TASK_ROUTES["orchestration.tasks.prune"] == {"queue": "control"}
    assert (
        config.read(
            {"PLUMBLINE_DATA_DIR": str(settings.PLUMBLINE.data_dir), "PLUMBLINE_RUN_RETENTION_DAYS": "0.5"}
        ).run_retention_days
        == 0.5
    )


def test_what_runs_waited_for_goes_with_them_and_what_they_emitted_stays():
    told = {"emit": {"type": "order.paid"}}
    version = publish({"hear": {"event": {"type": "go"}}, "tell": {**told, "needs": ["hear"]}}, name="a")
    run = begin(version)
    pump()
    route(store(NewEvent("/plumbline/signals/x", "1", "go", 1, run_id=run.pk))[0].pk)
    done = settle_down(run)
    assert done.result == "succeeded"
    clock.advance(timedelta(days=31))
    assert prune(days=30).runs == 1
    event = Event.objects.get()
    assert (event.type, event.emitted_by_id) == ("order.paid", None)
    assert not EventReceipt.objects.exists()


def test_a_child_goes_with_its_parent_and_stays_with_one_that_stays():
    publish({"a": echo(1)}, name="child")
    later = {"sub": {"workflow": "child@1.0.0"}, "later": {"wait": {"for": "60d"}, "needs": ["sub"]}}
    parent = begin(publish(later, name="parent"))
    pump()
    pump()
    whole = settle_down(begin(publish({"sub": {"workflow": "child@1.0.0"}}, name="short")))
    assert whole.result == "succeeded"
    clock.advance(timedelta(days=31))
    assert prune(days=30).runs == 2, "the short one and its child"
    assert set(Run.objects.values_list("workflow__name", flat=True)) == {"parent", "child"}
    assert parent.pk in left()


def test_a_parent_with_more_children_than_a_batch_goes_and_they_go_after_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(retention, "FEWEST_RUNS", 1)
    monkeypatch.setattr(retention, "MOST_RUNS", 1)
    publish({"a": echo(1)}, name="child")
    settle_down(begin(publish({"sub": {"workflow": "child@1.0.0"}}, name="parent")))
    clock.advance(timedelta(days=31))
    assert prune(days=30).runs == 2
    assert left() == set()


def test_events_go_by_their_own_time_but_never_one_that_nobody_routed_and_signals_go_with_their_run():
    version = publish({"hear": {"event": {"type": "go", "correlation": "c"}}})
    run = begin(version)
    pump()
    routed, signal = (
        store(NewEvent("/x", "1", "go", 1, correlation="c"))[0],
        store(NewEvent("/s", "1", "no", run_id=run.pk))[0],
    )
    for one in (routed, signal):
        route(one.pk)
    lost = store(NewEvent("/x", "2", "go", 1))[0]
    clock.advance(timedelta(days=31))
    young = store(NewEvent("/x", "3", "go", 1))[0]
    route(young.pk)
    assert EventReceipt.objects.count() == 1
    assert prune_events(days=30) == 1
    assert set(Event.objects.values_list("pk", flat=True)) == {signal.pk, lost.pk, young.pk}
    assert not EventReceipt.objects.exists()
    with pytest.raises(ValueError, match="every event"):
        prune_events(days=0)
    assert config.read({"PLUMBLINE_DATA_DIR": str(settings.PLUMBLINE.data_dir)}).event_retention_days == 30
