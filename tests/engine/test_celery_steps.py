"""Steps that are a task of somebody else's Celery app: how its answer is recorded, whenever and however often it comes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from orchestration.engine import publish as publishing
from orchestration.engine.cancel import cancel, terminate
from orchestration.engine.publish import BrokerAway, NoQueue
from orchestration.models import Attempt, Run, StepRun
from orchestration.steps import celery
from orchestration.tasks import celery_failed, celery_succeeded
from tests.engine import tasks
from tests.engine.harness import begin, pass_time, publish, pump, settle_down, step

pytestmark = pytest.mark.django_db(transaction=True)

ONCE = {"maximum_attempts": 1}


def task(**more: Any) -> dict[str, Any]:
    return {"celery": {"task": "shop.pack", "queue": "shop"}, "with": {"order": "${{ input.order }}"}, **more}


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """What would have gone to the broker; tests/processes has real ones."""
    found: list[dict[str, Any]] = []

    def deliver(task: str, arguments: dict[str, Any], queue: str, **options: Any) -> None:
        found.append({"task": task, "arguments": arguments, "queue": queue, **options})

    monkeypatch.setattr(celery, "deliver", deliver)
    return found


def waiting(**more: Any) -> Run:
    run = begin(publish({"pack": task(**more)}), {"order": 7})
    pump()
    return run


def ours(message: dict[str, Any]) -> dict[str, int]:
    found: dict[str, int] = message["callbacks"][0]["kwargs"]
    return found


def test_a_task_is_sent_with_its_key_and_its_result_is_the_output(sent: list[dict[str, Any]]):
    run = waiting()
    (message,) = sent
    row = step(run, "pack")
    assert (row.status, row.waiting_kind, row.effect) == ("waiting", "celery", "unknown")
    assert (message["task"], message["queue"], message["arguments"]) == ("shop.pack", "shop", {"order": 7})
    assert message["headers"]["idempotency-key"] == row.idempotency_key
    assert message["headers"]["traceparent"].split("-")[1] == run.trace_id
    assert row.not_before is not None
    assert int(message["headers"]["x-deadline"]) == int(row.not_before.timestamp() * 1000)
    assert ours(message) == {"step_id": row.pk, "fence": row.fence}

    celery_succeeded({"parcel": "p-1"}, **ours(message))

    row.refresh_from_db()
    run.refresh_from_db()
    assert (run.result, row.output, row.effect) == ("succeeded", '{"parcel":"p-1"}', "happened")


def test_a_failure_has_the_exceptions_class_and_text_and_is_retried_by_the_policy(sent: list[dict[str, Any]]):
    run = waiting(retry={"maximum_attempts": 3, "non_retryable_errors": ["celery.Empty"]})
    celery_failed("t-1", **ours(sent[0]), error="Late", message="the van is gone")
    assert step(run, "pack").status == "retrying"
    pass_time(120)
    pump()
    celery_failed("t-2", **ours(sent[1]), error="Empty", message="no boxes")
    run.refresh_from_db()
    assert (run.result, run.error_type, run.error_message) == ("failed", "celery.Empty", "no boxes")
    assert sent[0]["headers"]["idempotency-key"] == sent[1]["headers"]["idempotency-key"]
    assert step(run, "pack").effect == "unknown"


@pytest.mark.parametrize("error", ["", "no name", "1", "a.b", "x\x00"])
def test_a_failure_without_a_class_is_celery_failed(sent: list[dict[str, Any]], error: str):
    run = waiting(retry=ONCE)
    celery_failed("t-1", **ours(sent[0]), error=error)
    run.refresh_from_db()
    assert run.error_type == "celery.failed"


def test_doubled_late_and_older_answers_change_nothing(sent: list[dict[str, Any]]):
    run = waiting()
    celery_failed("t-1", **ours(sent[0]))
    pass_time(120)
    pump()
    celery_succeeded("old", **ours(sent[0]))
    assert step(run, "pack").status == "waiting"
    celery_succeeded("new", **ours(sent[1]))
    celery_succeeded("again", **ours(sent[1]))
    celery_failed("t-2", **ours(sent[1]))
    celery_succeeded("nobody's", step_id=10**9, fence=1)
    run.refresh_from_db()
    assert (run.result, step(run, "pack").output) == ("succeeded", '"new"')
    assert list(Attempt.objects.order_by("pk").values_list("outcome", flat=True)) == ["failed", "succeeded"]


def test_an_answer_that_comes_before_the_wait_is_recorded_counts_and_leaves_the_input(
    sent: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
):
    def at_once(*_: Any, **options: Any) -> None:
        sent.append(options)
        celery_succeeded("quick", **ours(options))

    monkeypatch.setattr(celery, "deliver", at_once)
    run = waiting()
    row = step(run, "pack")
    run.refresh_from_db()
    assert (run.result, row.output, row.input) == ("succeeded", '"quick"', '{"order":7}')


def test_a_task_that_is_never_heard_of_ends_by_start_to_close_and_is_tried_again(sent: list[dict[str, Any]]):
    run = waiting(timeout={"start_to_close": "5s"})
    pass_time(4)
    assert step(run, "pack").status == "waiting"
    pass_time(2)
    row = step(run, "pack")
    assert (row.status, row.error_type, row.effect) == ("retrying", "timeout", "unknown")
    pass_time(120)
    pump()
    assert len(sent) == 2
    assert ours(sent[1])["fence"] > ours(sent[0])["fence"]


@pytest.mark.parametrize(
    ("result", "error"),
    [(object(), "payload.invalid"), ({1: {2, 3}}, "payload.invalid"), (float("nan"), "payload.invalid"),
     ("x" * (4 * 1024 * 1024), "payload.too_large"), ("\x00", "payload.invalid")],
)  # fmt: skip
def test_a_result_that_can_not_be_stored_fails_the_step(sent: list[dict[str, Any]], result: Any, error: str):
    run = waiting()
    celery_succeeded(result, **ours(sent[0]))
    run.refresh_from_db()
    assert (run.result, run.error_type) == ("failed", error)
    assert step(run, "pack").effect == "happened"


def test_what_was_expected_of_the_result_is_checked(sent: list[dict[str, Any]]):
    run = waiting(expect=["output == 'packed'"])
    celery_succeeded("lost", **ours(sent[0]))
    run.refresh_from_db()
    assert run.error_type == "expect"


def test_a_broker_that_is_away_is_a_failed_connection_and_no_effect(monkeypatch: pytest.MonkeyPatch):
    def away(*_: Any, **__: Any) -> None:
        raise BrokerAway("refused", halfway=False)

    monkeypatch.setattr(celery, "deliver", away)
    row = step(waiting(), "pack")
    assert (row.status, row.error_type, row.effect) == ("retrying", "connection", "none")


@pytest.mark.parametrize(("effect", "doubt"), [("write", "unknown"), ("read", "none")])
def test_a_broker_that_breaks_while_it_is_told_may_have_been_told(
    monkeypatch: pytest.MonkeyPatch, effect: str, doubt: str
):
    def breaks(*_: Any, **__: Any) -> None:
        raise BrokerAway("reset", halfway=True)

    monkeypatch.setattr(celery, "deliver", breaks)
    assert step(waiting(effect=effect), "pack").effect == doubt


def test_a_queue_that_nobody_made_is_named_with_the_remedy(monkeypatch: pytest.MonkeyPatch):
    def nowhere(*_: Any, **__: Any) -> None:
        raise NoQueue

    monkeypatch.setattr(celery, "deliver", nowhere)
    row = step(waiting(), "pack")
    assert (row.status, row.error_type, row.effect) == ("retrying", "celery.queue", "none")
    assert "start a worker of your app with -Q shop" in row.error_message


@pytest.mark.parametrize("queue", ["steps", "control", "control\x06\x163", "x" * 300])
def test_no_step_reaches_a_queue_of_the_engine(sent: list[dict[str, Any]], queue: str):
    version = publish({"pack": {"celery": {"task": "shop.pack", "queue": "${{ input.queue }}"}}})
    run = settle_down(begin(version, {"queue": queue}))
    assert (run.error_type, sent) == ("celery.queue", [])


def test_cancelling_waits_for_the_task_before_anything_is_undone(sent: list[dict[str, Any]]):
    run = waiting(compensate={"python": "test.undo", "with": {"value": "unpacked"}})
    cancel(run.pk, actor_id=None, reason="no more")
    pump()
    assert step(run, "pack").status == "waiting"
    assert tasks.calls == []
    celery_succeeded("packed", **ours(sent[0]))
    run = settle_down(run)
    assert (run.result, run.compensation) == ("cancelled", "done")


def test_a_cancelled_task_that_is_never_heard_of_is_undone_when_its_time_is_up(sent: list[dict[str, Any]]):
    run = waiting(compensate={"python": "test.undo", "with": {"value": "unpacked"}}, timeout={"start_to_close": "5s"})
    cancel(run.pk, actor_id=None, reason="no more")
    run = settle_down(run)
    assert (run.result, run.compensation, len(sent)) == ("cancelled", "done", 1)


def test_terminating_leaves_the_effect_unknown_and_refuses_the_answer(sent: list[dict[str, Any]]):
    run = waiting()
    terminate(run.pk, actor_id=None, reason="stop")
    celery_succeeded("packed", **ours(sent[0]))
    row = step(run, "pack")
    assert (row.status, row.effect, row.output) == ("cancelled", "unknown", "")


def test_items_of_a_loop_are_tasks_each_with_its_own_key(sent: list[dict[str, Any]]):
    loop = {"for_each": {"in": [1, 2, 3], "as": "n"}, "celery": {"task": "shop.pack"}, "with": {"n": "${{ n }}"}}
    run = begin(publish({"pack": loop}))
    pump()
    for message in reversed(sent):
        celery_succeeded(message["arguments"]["n"] * 10, **ours(message))
    run = settle_down(run)
    assert (run.result, StepRun.objects.get(run=run, name="pack", item=0).output) == ("succeeded", "[10,20,30]")
    assert len({message["headers"]["idempotency-key"] for message in sent}) == 3
    assert {message["queue"] for message in sent} == {"celery"}


def test_a_broker_that_did_not_answer_a_moment_ago_is_not_asked_again(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(publishing, "_quiet_until", float("inf"))
    with pytest.raises(BrokerAway) as found:
        publishing.deliver("shop.pack", {}, "shop", headers={})
    assert not found.value.halfway
