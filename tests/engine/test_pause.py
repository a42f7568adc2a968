"""Pause and resume: what is held, what goes on, and that nothing is lost or done twice by either."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from orchestration import clock
from orchestration.engine import parked
from orchestration.engine import publish as publishing
from orchestration.engine import wake as waking
from orchestration.engine.ahead import run_ahead
from orchestration.engine.claim import claim
from orchestration.engine.complete import complete
from orchestration.engine.execute import execute
from orchestration.engine.gather import Apart, Item, gather
from orchestration.engine.queue import admit
from orchestration.errors import Conflict, InvalidInput
from orchestration.models import Parking, Run, RunEvent, StepRun
from orchestration.services.pauses import (
    pause_open_runs,
    pause_run,
    pause_workflow,
    resume_run,
    resume_workflow,
)
from orchestration.services.runs import cancel_run, start_run, start_runs, terminate_run
from orchestration.steps.outcome import Deferred
from tests.engine import tasks
from tests.engine.harness import begin, echo, pass_time, publish, pump, settle_down, step, write

pytestmark = pytest.mark.django_db

CHAIN = {"a": echo(1), "b": echo(2, needs=["a"]), "c": echo(3, needs=["b"])}


def pause(run: Run) -> Run:
    return pause_run(run_id=run.pk, actor=None, reason="the shop counts its stock")


def resume(run: Run) -> Run:
    return resume_run(run_id=run.pk, actor=None, reason="counted")


def test_a_paused_run_ends_what_runs_and_begins_nothing_until_it_is_resumed():
    run = begin(publish(CHAIN))
    held = claim(step(run, "a").pk)
    assert held is not None
    assert pause(run).status == "paused"

    assert complete(held, execute(held), inline=True) is None, "nothing is begun in its hands"

    run.refresh_from_db()
    assert run.status == "paused"
    assert (step(run, "a").status, step(run, "b").status) == ("succeeded", "ready")
    assert claim(step(run, "b").pk) is None
    pass_time(3600)
    assert pump() == 0

    assert resume(run).status == "running"
    assert settle_down(run).result == "succeeded"
    assert [name for name, *_ in tasks.calls] == ["a", "b", "c"]
    told = RunEvent.objects.filter(run=run, kind__in=["paused", "resumed"]).values_list("kind", "detail")
    assert list(told) == [("paused", "the shop counts its stock"), ("resumed", "counted")]


def test_what_ran_ahead_of_a_paused_run_is_not_recorded_with_it():
    calm = {"effect": "none"}
    version = publish({"a": echo(1, **calm), "b": echo(2, needs=["a"], **calm), "c": echo(3, needs=["b"], **calm)})
    run = begin(version)
    held = claim(step(run, "a").pk)
    assert held is not None
    first = Item(held, execute(held), inline=True)
    ahead = run_ahead(first)
    assert ahead is not None
    second = Item(ahead, execute(ahead), inline=False)
    pause(run)

    with pytest.raises(Apart):
        gather([first, second])
    assert complete(held, first.executed, inline=True) is None

    assert (step(run, "a").status, step(run, "b").status) == ("succeeded", "ready")
    resume(run)
    assert settle_down(run).result == "succeeded"


def test_the_sweeper_does_not_send_the_steps_of_a_paused_run_again_and_again(monkeypatch: pytest.MonkeyPatch):
    run = begin(publish({"a": echo(1, retry={"jitter": "none"}), "b": echo(2, needs=["a"])}))
    tasks.failing["a"] = 1
    pump()
    pause(run)
    sent: list[int] = []
    monkeypatch.setattr(waking, "send", lambda ids: sent.extend(ids) or len(ids))
    pass_time(60)  # the retry is due: its step is ready, and a message says so
    assert sent == [step(run, "a").pk]
    assert claim(sent[0]) is None
    assert step(run, "a").wake_due_at is None

    sent.clear()
    for _ in range(5):
        pass_time(60)
    assert sent == []

    woken: list[int] = []
    monkeypatch.setattr(publishing, "wake_up", woken.extend)
    monkeypatch.setattr("orchestration.engine.pause.wake_up", woken.extend)
    resume(run)
    assert woken == [step(run, "a").pk]
    pass_time(30)  # and that message is lost
    assert sent == woken


def test_timers_of_paused_runs_end_with_those_of_others_and_what_follows_waits():
    version = publish({"nap": {"wait": {"for": "10s"}}, "b": echo(2, needs=["nap"])})
    paused, going = begin(version), begin(version)
    pump()
    pause(paused)

    pass_time(20)

    assert [step(run, "nap").status for run in (paused, going)] == ["succeeded", "succeeded"]
    assert pump() == 1
    paused.refresh_from_db()
    assert (paused.status, step(paused, "b").status) == ("paused", "ready")
    resume(paused)
    assert settle_down(paused).result == "succeeded"


def test_a_run_that_only_waits_is_waiting_again_when_it_is_resumed():
    run = begin(publish({"nap": {"wait": {"for": "1h"}}}))
    pump()
    pause(run)
    assert resume(run).status == "waiting"


def test_a_paused_run_whose_last_step_ends_is_finished():
    run = begin(publish({"a": echo(1)}))
    held = claim(step(run, "a").pk)
    assert held is not None
    pause(run)
    complete(held, execute(held), inline=False)
    run.refresh_from_db()
    assert (run.status, run.result) == ("finished", "succeeded")


def test_a_paused_run_that_fails_is_undone_all_the_same():
    run = begin(publish({"a": write("a"), "b": {"python": "test.fail", "needs": ["a"]}}))
    held = claim(step(run, "a").pk)
    assert held is not None
    following = complete(held, execute(held), inline=True)
    assert following is not None
    assert not isinstance(following, int)
    pause(run)
    complete(following, execute(following), inline=True)
    run = settle_down(run)
    assert (run.result, run.compensation) == ("failed", "done")


@pytest.mark.parametrize(("stop", "result"), [(cancel_run, "cancelled"), (terminate_run, "terminated")])
def test_a_paused_run_can_be_stopped(stop: Any, result: str):
    run = begin(publish({"a": write("a"), "b": echo(1, needs=["a"])}))
    held = claim(step(run, "a").pk)
    assert held is not None
    complete(held, execute(held), inline=False)
    pause(run)
    stop(run_id=run.pk, actor=None, reason="enough")
    run = settle_down(run)
    assert (run.result, run.compensation) == (result, "done" if result == "cancelled" else "none")
    with pytest.raises(Conflict, match=f"finished \\({result}\\), not paused"):
        resume(run)


def test_its_own_timeout_and_the_deadlines_of_its_steps_hold_while_it_is_paused():
    run = begin(publish({"a": write("a"), "b": echo(1, needs=["a"])}, timeout="60s"))
    pump_one = claim(step(run, "a").pk)
    assert pump_one is not None
    complete(pump_one, execute(pump_one), inline=False)
    pause(run)
    pass_time(61)
    run = settle_down(run)
    assert (run.result, run.compensation) == ("timed_out", "done")

    late = begin(publish({"a": echo(1, timeout={"schedule_to_start": "5s"})}, name="hasty"))
    pause(late)
    pass_time(10)
    late = settle_down(late)
    assert (late.result, late.error_type) == ("timed_out", "timeout.schedule_to_start")


def test_a_worker_that_dies_with_a_step_of_a_paused_run_leaves_it_ready():
    run = begin(publish({"a": echo(1)}))
    assert claim(step(run, "a").pk) is not None
    pause(run)
    pass_time(11)
    assert (step(run, "a").status, step(run, "a").losses) == ("ready", 1)
    assert pump() == 0
    resume(run)
    assert settle_down(run).result == "succeeded"


def test_what_can_not_be_paused_or_resumed_is_refused_by_name():
    run = begin(publish(CHAIN))
    with pytest.raises(InvalidInput, match="a reason is required"):
        pause_run(run_id=run.pk, actor=None, reason=" ")
    with pytest.raises(Conflict, match="is running, not paused"):
        resume(run)
    pause(run)
    with pytest.raises(Conflict, match="is paused already"):
        pause(run)
    resume(run)
    held = claim(step(run, "a").pk)
    assert held is not None
    cancel_run(run_id=run.pk, actor=None, reason="enough")
    with pytest.raises(Conflict, match="is ending already"):
        pause(run)
    complete(held, execute(held), inline=False)
    with pytest.raises(Conflict, match=r"is finished \(cancelled\)"):
        pause(run)


def test_what_is_started_of_a_paused_workflow_waits_until_it_is_resumed():
    version = publish(CHAIN)
    key = begin(version, key="once")
    pause_workflow(name="demo", actor=None, reason="the shop counts its stock")
    version.workflow.refresh_from_db()
    queued = [start_run(version=version, input={})[0], *start_runs(version=version, inputs=[{}, {}])]
    assert [(run.status, run.queued_for) for run in queued] == [("queued", "paused")] * 3
    assert admit() == []
    assert start_run(version=version, input={}, key="once") == (key, False), "it began before"
    with pytest.raises(Conflict, match="paused already"):
        pause_workflow(name="demo", actor=None, reason="again")

    assert settle_down(key).result == "succeeded", "its open runs go on"
    resume_workflow(name="demo", actor=None, reason="counted")
    assert len(admit()) == 3
    assert {settle_down(run).result for run in queued} == {"succeeded"}
    version.workflow.refresh_from_db()
    assert settle_down(begin(version)).result == "succeeded"
    with pytest.raises(Conflict, match="is not paused"):
        resume_workflow(name="demo", actor=None, reason="again")
    reasons = list(version.workflow.history.order_by("history_id").values_list("history_change_reason", flat=True))
    assert reasons[-2:] == ["the shop counts its stock", "counted"]


def test_the_open_runs_of_a_workflow_are_paused_with_it_and_no_other(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("orchestration.services.pauses.BATCH", 2)
    version = publish(CHAIN)
    ended = settle_down(begin(version))
    runs = [begin(version) for _ in range(5)]
    other = begin(publish(CHAIN, name="other"))
    workflow = pause_workflow(name="demo", actor=None, reason="stock")
    assert pause_open_runs(workflow=workflow, actor=None, reason="stock") == 5
    assert set(Run.objects.filter(pk__in=[run.pk for run in runs]).values_list("status", flat=True)) == {"paused"}
    for run, status in ((ended, "finished"), (other, "running")):
        run.refresh_from_db()
        assert run.status == status
    assert pause_open_runs(workflow=workflow, actor=None, reason="stock") == 0


def test_a_parked_step_of_a_paused_run_takes_nobodys_place():
    version = publish({"a": echo(1)})
    runs = [begin(version), begin(version)]
    for run in runs:
        held = claim(step(run, "a").pk)
        assert held is not None
        executed = execute(held)
        executed.outcome = Deferred("shop", "breaker", "it is down")
        complete(held, executed, inline=False)
        assert Parking.objects.filter(step=step(run, "a")).exists()
    pause(runs[0])
    assert parked._let_go(Parking.objects.all(), 1) == [step(runs[1], "a").pk]
    assert step(runs[0], "a").status == "waiting"
    assert resume(runs[0]).status == "waiting"
    clock.advance(timedelta(seconds=30))
    assert parked._let_go(Parking.objects.all(), 1) == [step(runs[0], "a").pk]
    assert StepRun.objects.filter(run=runs[0], status="ready").count() == 1
