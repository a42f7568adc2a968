"""Pause, resume and undoing further while others act at the same moment: one wins, and no step is lost or done twice."""

from __future__ import annotations

import pytest

from orchestration.engine.complete import complete
from orchestration.engine.execute import execute
from orchestration.errors import Conflict
from orchestration.models import Run, RunEvent
from orchestration.services.pauses import pause_run, pause_workflow, resume_compensation, resume_run
from orchestration.services.runs import cancel_run
from tests.engine import tasks
from tests.engine.harness import begin, echo, publish, settle_down, write
from tests.engine.test_concurrency import at_once, hold

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 5
WORD = {"actor": None, "reason": "a test"}
CHAIN = {"a": write("a"), "b": echo(2, needs=["a"])}


def conflicts(results: list[object]) -> int:
    odd = [one for one in results if isinstance(one, Exception) and not isinstance(one, Conflict)]
    assert not odd, odd
    return sum(isinstance(one, Conflict) for one in results)


def test_of_two_resumes_at_once_one_is_refused():
    version = publish(CHAIN)
    for _ in range(ROUNDS):
        run = begin(version)
        pause_run(run_id=run.pk, **WORD)
        assert conflicts(at_once(*[lambda run=run: resume_run(run_id=run.pk, **WORD)] * 2)) == 1
        assert RunEvent.objects.filter(run=run, kind="resumed").count() == 1
        assert settle_down(run).result == "succeeded"


def test_a_pause_and_the_end_of_a_step_at_once_lose_neither():
    version = publish(CHAIN)
    for _ in range(ROUNDS):
        tasks.calls.clear()
        run = begin(version)
        held = hold(run, "a")
        done = execute(held)
        results = at_once(
            lambda run=run: pause_run(run_id=run.pk, **WORD),
            lambda held=held, done=done: complete(held, done, inline=True),
        )
        assert conflicts(results) == 0
        if results[1] is not None:  # it went on before the pause: that step ends at its boundary
            complete(results[1], execute(results[1]), inline=False)
        run.refresh_from_db()
        if run.status == "paused":
            resume_run(run_id=run.pk, **WORD)
        assert settle_down(run).result == "succeeded"
        assert [name for name, *_ in tasks.calls] == ["a", "b"]


def test_a_cancel_and_a_resume_at_once_end_the_run_as_cancelled():
    version = publish(CHAIN)
    for _ in range(ROUNDS):
        run = begin(version)
        held = hold(run, "a")
        complete(held, execute(held), inline=False)
        pause_run(run_id=run.pk, **WORD)
        results = at_once(
            lambda run=run: cancel_run(run_id=run.pk, **WORD), lambda run=run: resume_run(run_id=run.pk, **WORD)
        )
        assert not isinstance(results[0], Exception)
        assert conflicts(results) <= 1
        run = settle_down(run)
        assert (run.result, run.compensation) == ("cancelled", "done")


def test_of_two_pauses_of_a_workflow_at_once_one_is_refused():
    publish(CHAIN)
    assert conflicts(at_once(*[lambda: pause_workflow(name="demo", **WORD)] * 2)) == 1


def test_of_two_who_resume_a_compensation_at_once_one_is_refused_and_it_is_undone_once():
    version = publish({"a": write("a"), "b": {"python": "test.fail", "needs": ["a"]}})
    for _ in range(2):
        tasks.failing["undo:a"] = 5
        run = settle_down(begin(version))
        assert run.compensation == "failed"
        tasks.calls.clear()
        assert conflicts(at_once(*[lambda run=run: resume_compensation(run_id=run.pk, **WORD)] * 2)) == 1
        assert settle_down(run).compensation == "done"
        assert [name for name, *_ in tasks.calls] == ["undo:a"]
        assert Run.objects.get(pk=run.pk).result == "failed"
