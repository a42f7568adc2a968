"""Child runs: what the child comes to is what the step comes to, and stopping passes both ways."""

from __future__ import annotations

import pytest

from orchestration.engine.child_ends import end_waits
from orchestration.errors import InvalidManifest
from orchestration.models import Run, WorkflowVersion
from orchestration.services.runs import cancel_run, terminate_run
from tests.engine import tasks
from tests.engine.harness import begin, echo, pass_time, publish, pump, settle_down, step, write

pytestmark = pytest.mark.django_db(transaction=True)

CALL = {"workflow": "child@^1", "with": {"n": "${{ input.n }}"}, "effect": "none"}


def child(steps: dict | None = None, **spec: object) -> WorkflowVersion:
    steps = steps or {"a": echo("${{ input.n }}")}
    return publish(steps, name="child", output={"value": {"n": "${{ input.n }}"}}, **spec)


def of(run: Run) -> Run:
    return Run.objects.get(parent_step__run=run)


def test_the_childs_output_is_the_steps():
    child()
    parent = begin(publish({"call": CALL, "after": echo("${{ steps.call.output.n }}")}), {"n": 4})
    run = settle_down(parent)
    assert (run.result, step(run, "after").output) == ("succeeded", "4")
    assert (of(run).trace_id, of(run).origin) == (run.trace_id, "run:demo")


def test_the_highest_active_version_in_the_range_is_taken():
    child()
    publish({"a": echo(2)}, name="child", version="1.4.0")
    publish({"a": echo(3)}, name="child", version="2.0.0")
    run = settle_down(begin(publish({"call": CALL}), {"n": 1}))
    assert of(run).version.version == "1.4.0"


def test_a_failed_child_fails_the_step_with_its_reason():
    child({"a": write("undo", 1), "b": {"python": "test.fail", "needs": ["a"], "effect": "none"}})
    run = settle_down(
        begin(publish({"before": write("undo before", 0), "call": {**CALL, "needs": ["before"]}}), {"n": 1})
    )
    assert (run.result, run.error_type, run.compensation) == ("failed", "child.failed", "done")
    assert "at b: it always fails" in run.error_message
    assert of(run).compensation == "done"
    undone = [name for name, *_ in tasks.calls if name.startswith("undo:")]
    assert undone == ["undo:a", "undo:before"]


def test_a_degraded_child_degrades_its_parent():
    child({"a": {"python": "test.fail", "effect": "none", "fallback": {"value": 1}}})
    run = settle_down(begin(publish({"call": CALL, "after": echo("${{ steps.call.output.n }}")}), {"n": 4}))
    assert (run.result, step(run, "call").status, step(run, "after").output) == ("degraded", "degraded", "4")


def test_a_cancelled_parent_cancels_its_child_and_waits_for_what_that_undoes():
    child({"a": write("undo", 1), "b": {"wait": {"for": "1d"}, "needs": ["a"]}})
    parent = begin(publish({"before": write("undo before", 0), "call": {**CALL, "needs": ["before"]}}), {"n": 1})
    pump()
    cancel_run(run_id=parent.pk, actor=None, reason="enough")
    parent.refresh_from_db()
    assert (parent.status, step(parent, "call").status) == ("cancelling", "waiting")
    parent = settle_down(parent)
    assert (parent.result, of(parent).result, of(parent).compensation) == ("cancelled", "cancelled", "done")
    undone = [name for name, *_ in tasks.calls if name.startswith("undo:")]
    assert undone == ["undo:a", "undo:before"]


def test_a_cancelled_child_fails_its_parent():
    child({"b": {"wait": {"for": "1d"}}})
    parent = begin(publish({"call": CALL}), {"n": 1})
    pump()
    cancel_run(run_id=of(parent).pk, actor=None, reason="not this one")
    parent = settle_down(parent)
    assert (parent.result, parent.error_type) == ("failed", "child.cancelled")


def test_a_terminated_parent_terminates_its_child():
    child({"b": {"wait": {"for": "1d"}}})
    parent = begin(publish({"call": CALL}), {"n": 1})
    pump()
    terminate_run(run_id=parent.pk, actor=None, reason="now")
    assert of(parent).result == "terminated"


def test_a_child_whose_end_nobody_told_is_found():
    child({"b": {"wait": {"for": "1m"}}})
    parent = begin(publish({"call": CALL}), {"n": 1})
    pump()
    pass_time(61)
    pump()
    assert of(parent).status == "finished"
    pass_time(10)
    assert step(parent, "call").status == "succeeded"
    assert end_waits([step(parent, "call").pk]) == 0


def test_a_range_that_nothing_fits_is_refused_and_later_an_error_that_names_it():
    child()
    with pytest.raises(InvalidManifest, match=r"no active version of workflow child fits \^3; it has 1\.0\.0"):
        publish({"call": {**CALL, "workflow": "child@^3"}})
    version = publish({"call": CALL})
    WorkflowVersion._base_manager.filter(workflow__name="child").update(state="retired")
    parent = settle_down(begin(version, {"n": 1}))
    assert (parent.error_type, "child fits ^1" in parent.error_message) == ("child.unknown", True)


def test_a_workflow_that_starts_itself_ends_somewhere():
    publish({"a": echo(1)}, name="child")
    publish({"call": {"workflow": "child@^1", "effect": "none"}}, name="child", version="1.1.0")
    run = settle_down(begin(WorkflowVersion.objects.get(version="1.1.0"), {}))
    assert run.error_type == "child.failed"
    assert Run.objects.count() == 10
    assert Run.objects.filter(error_type="child.too_deep").count() == 1


def test_a_child_has_no_longer_than_its_step_gives_it():
    child({"b": {"wait": {"for": "1d"}}})
    parent = begin(
        publish({"call": {**CALL, "timeout": {"start_to_close": "1h"}, "retry": {"maximum_attempts": 1}}}), {"n": 1}
    )
    run = settle_down(parent)
    assert (run.result, run.error_type, of(run).result) == ("timed_out", "child.timed_out", "timed_out")
