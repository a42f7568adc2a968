"""An undoing that stopped goes on when a person says so; the run's result stays, and retries are possible afterwards."""

from __future__ import annotations

import pytest

from orchestration.engine.claim import claim
from orchestration.errors import Conflict, InvalidInput, NotFound
from orchestration.models import Run, RunEvent, StepRun
from orchestration.services.pauses import resume_compensation, skip_compensation
from orchestration.services.reruns import rerun_run
from orchestration.services.retention import prunable
from orchestration.services.runs import cancel_run, retry_run, terminate_run
from tests.engine import tasks
from tests.engine.harness import begin, pass_time, publish, pump, settle_down, step, write

pytestmark = pytest.mark.django_db

CHAIN = {"a": write("a"), "b": write("b", needs=["a"]), "c": {"python": "test.fail", "needs": ["b"]}}
ONCE = {"actor": None, "reason": "the server is back"}


def stopped(failures: int = 5) -> Run:
    """Failed at c; undoing b failed for good after five tries."""
    tasks.failing["undo:b"] = failures
    run = settle_down(begin(publish(CHAIN)))
    assert (run.result, run.compensation) == ("failed", "failed")
    tasks.calls.clear()
    return run


def undone() -> list[str]:
    return [name.removeprefix("undo:") for name, *_ in tasks.calls if name.startswith("undo:")]


def test_a_resumed_compensation_is_tried_again_with_fresh_attempts_and_then_the_rest_in_order():
    run = stopped(failures=7)
    ended = run.finished_at

    run = resume_compensation(run_id=run.pk, **ONCE)
    assert (run.status, run.result, run.compensation) == ("compensating", "failed", "running")
    run = settle_down(run)

    assert (run.status, run.result, run.compensation, run.finished_at) == ("finished", "failed", "done", ended)
    assert undone() == ["b", "b", "b", "a"], "two more failures, and an attempt each"
    assert (step(run, "a").compensation, step(run, "b").compensation) == ("done", "done")
    event = RunEvent.objects.get(run=run, kind="compensation_resumed")
    assert event.detail == "the server is back"


def test_the_end_of_a_run_is_counted_once_however_often_its_undoing_is_resumed(monkeypatch: pytest.MonkeyPatch):
    run = stopped(failures=99)
    ends: list[object] = []
    monkeypatch.setattr("orchestration.engine.settle.note_end", lambda *given: ends.append(given))
    for _ in range(2):
        run = settle_down(resume_compensation(run_id=run.pk, **ONCE))
        assert (run.status, run.result, run.compensation) == ("finished", "failed", "failed")
    tasks.failing.clear()
    assert settle_down(resume_compensation(run_id=run.pk, **ONCE)).compensation == "done"
    assert ends == []


def test_a_compensation_done_by_hand_is_skipped_and_the_rest_goes_on():
    run = stopped(failures=99)
    with pytest.raises(NotFound, match=r"step 'a' has no failed compensation in run .*; failed: b"):
        skip_compensation(run_id=run.pk, step="a", **ONCE)
    run.refresh_from_db()
    assert run.status == "finished", "nothing was written"

    run = settle_down(skip_compensation(run_id=run.pk, step="b", actor=None, reason="cancelled by phone"))

    assert (run.result, run.compensation) == ("failed", "done")
    assert undone() == ["a"]
    assert RunEvent.objects.get(run=run, kind="compensation_skipped").detail == "b: cancelled by phone"


def test_a_run_whose_undoing_was_resumed_to_its_end_can_be_retried():
    run = stopped()
    with pytest.raises(Conflict, match=r"undone only by halves.*resume its compensation"):
        retry_run(run=run, actor=None)
    with pytest.raises(Conflict, match="undone only by halves"):
        rerun_run(run=run, from_step="c", actor=None, reason="again")
    assert prunable(days=0.0001) == 0
    run = resume_compensation(run_id=run.pk, **ONCE)
    with pytest.raises(Conflict, match="still compensating"):
        retry_run(run=run, actor=None)
    again, _ = retry_run(run=settle_down(run), actor=None)
    assert step(again, "a").idempotency_key == f"{again.pk}/a", "what was undone is done under a new key"


def test_a_run_terminated_while_it_was_undone_can_be_undone_further():
    tasks.failing["undo:b"] = 1
    run = begin(publish(CHAIN))
    pump()
    run.refresh_from_db()
    assert run.status == "compensating"
    terminate_run(run_id=run.pk, actor=None, reason="enough")
    run = settle_down(resume_compensation(run_id=run.pk, **ONCE))
    assert (run.result, run.compensation) == ("terminated", "done")


def test_a_resumed_undoing_can_be_terminated_and_not_cancelled():
    run = resume_compensation(run_id=stopped().pk, **ONCE)
    with pytest.raises(Conflict, match="ending already"):
        cancel_run(run_id=run.pk, actor=None, reason="enough")
    run = terminate_run(run_id=run.pk, actor=None, reason="enough")
    assert (run.status, run.result, run.compensation) == ("finished", "failed", "failed")
    assert claim(step(run, "b").pk) is None
    assert not StepRun.objects.filter(run=run, compensation="running").exists()


def test_a_lost_wake_up_of_a_resumed_compensation_is_sent_again(monkeypatch: pytest.MonkeyPatch):
    run = resume_compensation(run_id=stopped().pk, **ONCE)
    sent: list[int] = []
    monkeypatch.setattr("orchestration.engine.wake.send", lambda ids: sent.extend(ids) or len(ids))
    pass_time(6)
    assert sent == [step(run, "b").pk]


def test_what_can_not_be_resumed_is_refused_by_name():
    run = stopped()
    with pytest.raises(InvalidInput, match="a reason is required"):
        resume_compensation(run_id=run.pk, actor=None, reason="")
    resume_compensation(run_id=run.pk, **ONCE)
    with pytest.raises(Conflict, match="is compensating; its compensation is resumed after"):
        resume_compensation(run_id=run.pk, **ONCE)
    run = settle_down(run)
    with pytest.raises(Conflict, match="is done, not failed"):
        skip_compensation(run_id=run.pk, step="b", **ONCE)
