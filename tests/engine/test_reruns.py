"""Rerun from a step: what is taken over, what happens twice, and what the latest version makes of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from orchestration import clock
from orchestration.errors import Conflict, InvalidInput, NotFound
from orchestration.models import Run, RunEvent, StepRun
from orchestration.services.pauses import pause_workflow
from orchestration.services.reruns import preview_rerun, rerun_run
from orchestration.services.retention import prune
from orchestration.services.runs import retry_run, terminate_run
from tests.engine import tasks
from tests.engine.harness import begin, echo, publish, pump, settle_down, step, write

pytestmark = pytest.mark.django_db

SIDE = {
    "a": write("a", 1), "b": write("b", "${{ steps.a.output }}"), "side": echo(7, effect="none"), "c": write("c", "${{ steps.b.output }}"),
}  # fmt: skip


def rerun(run: Run, from_step: str, **more: Any) -> Run:
    return rerun_run(run=run, from_step=from_step, actor=None, reason="the label was wrong", **more)[0]


def called() -> list[str]:
    return [name for name, *_ in tasks.calls]


def test_what_does_not_come_after_the_step_is_taken_over_and_the_rest_runs_under_new_keys():
    run = settle_down(begin(publish(SIDE)))
    assert run.result == "succeeded"
    tasks.calls.clear()

    seen = preview_rerun(run=run, from_step="b")
    assert (seen.reused, seen.again, seen.doubled) == (("a", "side"), ("b", "c"), ("b", "c"))
    assert seen.anew["c"] == "it comes after b"
    new = settle_down(rerun(run, "b"))

    assert (new.result, new.rerun_of_id, new.retry_of_id) == ("succeeded", run.pk, None)
    assert called() == ["b", "c"]
    assert step(new, "a").reused_from_id == step(run, "a").pk
    assert step(new, "b").idempotency_key == f"{new.pk}/b" != step(run, "b").idempotency_key
    told = RunEvent.objects.get(run=new, kind="started").detail
    assert told == f"rerun of run {run.short_id} from b: the label was wrong"
    assert rerun(run, "b").pk != new.pk, "as often as one likes"


def test_one_key_makes_one_rerun():
    run = settle_down(begin(publish(SIDE)))
    first, created = rerun_run(run=run, from_step="b", actor=None, reason="once", key="again")
    assert created
    assert rerun_run(run=run, from_step="b", actor=None, reason="once", key="again") == (first, False)
    other = settle_down(begin(run.version, key="theirs"))
    with pytest.raises(Conflict, match=f"belongs to run {other.short_id}"):
        rerun_run(run=run, from_step="b", actor=None, reason="once", key="theirs")


def test_a_rerun_that_fails_undoes_its_own_writes_and_not_those_of_the_run_that_ended_well():
    run = settle_down(begin(publish(SIDE)))
    tasks.failing["c"] = 99
    tasks.calls.clear()
    new = settle_down(rerun(run, "b"))
    assert (new.result, new.compensation) == ("failed", "done")
    assert [name for name in called() if name.startswith("undo")] == ["undo:c", "undo:b"]
    tasks.failing.clear()
    again = settle_down(retry_run(run=new, actor=None)[0])
    assert again.result == "succeeded"
    assert step(again, "a").reused_from_id is not None, "the write that happened is not done again by its retry"


def test_a_rerun_of_a_run_that_was_terminated_undoes_what_it_took_over():
    run = begin(publish(SIDE | {"hold": {"wait": {"for": "1h"}, "needs": ["c"]}}))
    pump()
    terminate_run(run_id=run.pk, actor=None, reason="enough")
    run.refresh_from_db()
    tasks.failing["c"] = 99
    tasks.calls.clear()
    new = settle_down(rerun(run, "c"))
    assert [name for name in called() if name.startswith("undo")] == ["undo:c", "undo:b", "undo:a"]
    assert new.compensation == "done"


def test_what_did_not_end_well_runs_again_and_so_does_what_was_made_of_it():
    once = {"retry": {"maximum_attempts": 1}}
    steps = {
        "a": write("a"),
        "b": echo("${{ steps.a.output }}", effect="read"),
        "bad": echo(1, **once),
        "z": echo(1, needs=["b", "bad"]),
    }
    tasks.failing["bad"] = 1
    run = settle_down(begin(publish(steps)))
    assert (run.result, step(run, "a").compensation) == ("failed", "done")
    seen = preview_rerun(run=run, from_step="z")
    assert seen.anew == {
        "a": "it was undone", "b": "a step before it runs again", "bad": f"it failed in run {run.short_id}",
        "z": "it is the step to rerun from",
    }  # fmt: skip
    assert settle_down(rerun(run, "z")).result == "succeeded"


def test_with_the_latest_version_what_fits_is_taken_over_and_the_rest_runs():
    run = settle_down(begin(publish(SIDE)))
    newer = {
        "a": SIDE["a"], "new": echo(5, needs=["a"]), "b": write("b", "${{ steps.a.output }}", needs=["new"]),
        "side": {"value": 7}, "d": echo("${{ steps.b.output }}"),
    }  # fmt: skip
    version = publish(newer, version="1.1.0")
    seen = preview_rerun(run=run, from_step="d", version="latest")
    assert (seen.version, seen.reused) == (version, ("a", "b"))
    assert seen.anew["side"] == "it is a value step in 1.1.0 and was a python step"
    assert seen.anew["new"] == f"run {run.short_id} did not get to it"
    assert seen.doubled == (), "b happened and stands, although something before it is new"
    tasks.calls.clear()
    new = settle_down(rerun(run, "d", version="latest"))
    assert (new.result, new.version) == ("succeeded", version)
    assert sorted(called()) == ["d", "new"]
    assert StepRun.objects.filter(run=new).count() == 5


def test_what_can_not_be_rerun_is_refused_by_name():
    version = publish(SIDE)
    run = begin(version)
    with pytest.raises(Conflict, match="is still running"):
        preview_rerun(run=run, from_step="b")
    run = settle_down(run)
    with pytest.raises(NotFound, match=r"demo@1.0.0 has no step 'sid'.*side"):
        rerun(run, "sid")
    with pytest.raises(InvalidInput, match="neither original nor latest"):
        rerun(run, "b", version="2.0.0")
    with pytest.raises(InvalidInput, match="a reason is required"):
        rerun_run(run=run, from_step="b", actor=None, reason="")
    pause_workflow(name="demo", actor=None, reason="stock")
    assert rerun(run, "b").status == "queued", "it waits until the workflow is resumed"


def test_a_run_stays_while_a_rerun_builds_upon_it():
    run = settle_down(begin(publish(SIDE)))
    clock.advance(timedelta(days=31))
    new = settle_down(rerun(run, "b"))
    assert prune(days=30).runs == 0
    clock.advance(timedelta(days=31))
    assert prune(days=30).runs == 2
    assert not Run.objects.filter(pk__in=[run.pk, new.pk]).exists()
