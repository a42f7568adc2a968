"""What is undone, in which order, and what a compensation that goes wrong leaves behind."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F

from orchestration import clock
from orchestration.engine.claim import claim
from orchestration.engine.complete import complete
from orchestration.engine.execute import Executed, execute
from orchestration.engine.work import work
from orchestration.errors import Conflict
from orchestration.models import Attempt, Run, RunEvent, StepRun, Team
from orchestration.services.runs import cancel_run, retry_run, terminate_run
from orchestration.states import Effect
from orchestration.steps.outcome import Completed, Failed
from tests.engine import tasks
from tests.engine.harness import begin, echo, pass_time, publish, pump, settle_down, step, write

pytestmark = pytest.mark.django_db

ONCE = {"retry": {"maximum_attempts": 1}}


def saga(**more: dict[str, Any]) -> dict[str, Any]:
    """reserve → (charge, pack, label) → ship → notify: a diamond, in which `pack` says why it needs no undoing."""
    steps = {
        "reserve": write("reserve", **ONCE),
        "charge": write("charge", needs=["reserve"], **ONCE),
        "pack": {
            **echo(1, effect="write", needs=["reserve"], **ONCE),
            "compensate": {"none": "a packed box harms nobody"},
        },
        "label": write("label", needs=["reserve"], **ONCE),
        "ship": write("ship", needs=["charge", "pack", "label"], **ONCE),
        "notify": write("notify", needs=["ship"], **ONCE),
    }
    return {name: {**body, **more.get(name, {})} for name, body in steps.items()}


def undone() -> list[str]:
    return [name.removeprefix("undo:") for name, _, _ in tasks.calls if name.startswith("undo:")]


@pytest.mark.parametrize("failing", ["reserve", "charge", "pack", "label", "ship", "notify"])
@pytest.mark.parametrize("clean", [True, False], ids=["cleanly", "unclearly"])
def test_failing_at_each_step_undoes_exactly_what_happened_or_may_have_in_reverse(failing: str, clean: bool):
    version = publish(saga())
    run = begin(version)
    while pump_one(run, failing, clean):
        pass
    run = settle_down(run)

    assert (run.result, run.failed_step) == ("failed", failing)
    happened = [row for row in StepRun.objects.filter(run=run).order_by("finished_at") if row.status == "succeeded"]
    expected = [row.name for row in happened if row.name != "pack"]
    if not clean and failing != "pack":
        expected.append(failing)
    assert undone() == expected[::-1]
    assert run.compensation == ("done" if expected else "none")
    assert set(StepRun.objects.filter(run=run, compensation="done").values_list("name", flat=True)) == set(expected)


def pump_one(run: Run, failing: str, clean: bool) -> bool:
    """Work on one ready step; the failing one ends as told: without an effect, or with nobody knowing."""
    ready = StepRun.objects.filter(run=run, status="ready").order_by(F("name").desc()).first()
    if ready is None:
        return False
    held = claim(ready.pk)
    assert held is not None
    if ready.name == failing:
        effect = Effect.NONE if clean else Effect.UNKNOWN
        complete(held, Executed(Failed("test.broken", "it fails", retryable=False, effect=effect)), inline=False)
    else:
        complete(held, execute(held), inline=False)
    return True


def test_steps_that_ran_side_by_side_are_undone_last_completed_first():
    version = publish(saga())
    run = begin(version)
    assert pump_one(run, "ship", True)
    for name in ("label", "charge", "pack"):  # not the order in which they were declared
        clock.advance(timedelta(seconds=1))
        held = claim(step(run, name).pk)
        assert held is not None
        complete(held, Executed(Completed(1), output="1"), inline=False)
    assert pump_one(run, "ship", True)
    settle_down(run)
    assert undone() == ["charge", "label", "reserve"]


def test_a_step_is_undone_before_what_it_followed_even_when_two_workers_clocks_disagree():
    run = begin(
        publish(
            {
                "a": write("a", **ONCE),
                "b": write("b", needs=["a"], **ONCE),
                "c": {"python": "test.fail", "needs": ["b"]},
            }
        )
    )
    work_only(run, "a", "b")
    a = step(run, "a")
    StepRun.objects.filter(run=run, name="a").update(finished_at=a.finished_at + timedelta(milliseconds=50))
    settle_down(run)
    assert undone() == ["b", "a"]


def work_only(run: Run, *names: str) -> None:
    for name in names:
        held = claim(step(run, name).pk)
        assert held is not None
        complete(held, execute(held), inline=False)


def test_the_order_of_a_join_any_is_that_of_completion():
    version = publish({
        "a": write("a", **ONCE), "b": write("b", **ONCE),
        "c": write("c", needs=["a", "b"], join="any", **ONCE),
        "d": {"python": "test.fail", "needs": ["b", "c"]},
    })  # fmt: skip
    run = begin(version)
    work_only(run, "a", "c", "b")
    settle_down(run)
    assert undone() == ["b", "c", "a"]


def test_an_unknown_effect_stays_alone_where_the_manifest_says_so():
    version = publish(saga(charge={"compensate_on_unknown": False}))
    run = begin(version)
    while pump_one(run, "charge", False):
        pass
    settle_down(run)
    assert "charge" not in undone()
    assert step(run, "charge").effect == Effect.UNKNOWN


def test_a_later_clean_failure_does_not_undo_the_doubt_about_an_earlier_one():
    version = publish({"a": write("a", retry={"maximum_attempts": 2})})
    run = begin(version)
    for effect in (Effect.UNKNOWN, Effect.NONE):
        held = claim(step(run, "a").pk)
        assert held is not None
        complete(held, Executed(Failed("timeout", "no answer", effect=effect)), inline=False)
        pass_time(60)
    settle_down(run)
    assert undone() == ["a"]


def test_a_write_that_broke_its_expectation_is_undone_with_what_it_gave():
    undo = {"python": "test.undo", "with": {"value": "${{ steps.a.output.id }}/${{ step.output.id }}"}}
    version = publish({"a": echo({"id": 7}, effect="write", expect=["output.id == 8"], compensate=undo)})
    run = settle_down(begin(version))
    assert (run.result, run.error_type, run.compensation) == ("failed", "expect", "done")
    assert ("undo:a", 1, "7/7") in tasks.calls


def test_what_a_failed_step_gave_is_hidden_from_the_steps_after_it():
    version = publish({
        "a": echo({"id": 7}, expect=["output.id == 8"], **ONCE), "b": echo(1),
        "c": echo("${{ steps.a.output is none }}", needs=["a", "b"], join="any"),
    })  # fmt: skip
    run = begin(version)
    work_only(run, "a", "b", "c")
    assert step(run, "c").output == "true"


def test_a_compensation_is_tried_again_later_and_counts_its_tries():
    tasks.failing["undo:a"] = 2
    run = settle_down(begin(publish({"a": write("a"), "b": {"python": "test.fail", "needs": ["a"]}})))
    assert (run.compensation, step(run, "a").compensation_attempt) == ("done", 3)
    rows = Attempt.objects.filter(step__run=run, phase="compensation").order_by("id")
    assert [(row.number, row.outcome, row.next_at is not None) for row in rows] == [
        (1, "failed", True), (2, "failed", True), (3, "succeeded", False),
    ]  # fmt: skip


def test_a_compensation_that_waits_for_its_next_try_is_not_begun_before():
    tasks.failing["undo:a"] = 1
    retry = {"initial_interval": "20s", "jitter": "none"}
    version = publish(
        {
            "a": {**write("a"), "compensate": {"python": "test.undo", "with": {"value": 1}, "retry": retry}},
            "b": {"python": "test.fail", "needs": ["a"]},
        }
    )
    run = begin(version)
    pump()
    row = step(run, "a")
    assert row.not_before is not None
    assert work(row.pk) == 0, "a message that came early"
    pass_time(19)
    assert work(row.pk) == 0
    pass_time(2)
    assert work(row.pk) == 1
    assert settle_down(run).compensation == "done"


def test_a_compensation_that_fails_for_good_keeps_the_rest_to_be_resumed():
    tasks.failing["undo:b"] = 99
    version = publish({"a": write("a"), "b": write("b", needs=["a"]), "c": {"python": "test.fail", "needs": ["b"]}})
    run = settle_down(begin(version))
    assert (run.status, run.result, run.compensation) == ("finished", "failed", "failed")
    assert undone() == ["b"] * 5
    assert (step(run, "a").compensation, step(run, "b").compensation) == ("none", "failed")
    assert step(run, "b").compensation_error == "not undone yet"
    assert RunEvent.objects.filter(run=run, kind="compensation_failed").count() == 1


def test_a_compensation_whose_worker_died_is_taken_up_by_another():
    run, row = compensating()
    first = claim(row.pk)
    assert first is not None
    assert claim(row.pk) is None, "one at a time"
    pass_time(11)  # its lease
    second = claim(row.pk)
    assert second is not None
    assert second.attempt == 1, "a lost worker uses no attempt"
    assert complete(first, Executed(Failed("late", "a late result")), inline=False) is None
    row.refresh_from_db()
    assert (row.compensation, row.fence) == ("running", second.step.fence)
    work_compensation(second)
    assert settle_down(run).compensation == "done"
    outcomes = Attempt.objects.filter(step=row, phase="compensation").order_by("id").values_list("outcome", flat=True)
    assert list(outcomes) == ["lost", "succeeded"]


def test_a_compensation_that_kills_every_worker_ends_as_failed():
    run, row = compensating()
    for _ in range(5):
        assert claim(row.pk) is not None
        pass_time(11)
    row.refresh_from_db()
    assert (row.compensation, "5 workers" in row.compensation_error) == ("failed", True)
    assert settle_down(run).compensation == "failed"


def test_losses_of_the_step_itself_do_not_count_against_its_compensation():
    run = begin(publish({"a": write("a"), "b": {"python": "test.fail", "needs": ["a"]}}))
    for _ in range(4):
        assert claim(step(run, "a").pk) is not None
        pass_time(11)
    work_only(run, "a", "b")
    assert claim(step(run, "a").pk) is not None
    pass_time(11)
    assert step(run, "a").compensation == "running"
    assert settle_down(run).compensation == "done"


def test_a_compensation_out_of_time_is_tried_again():
    undo = {"python": "test.undo", "with": {"value": 1}, "timeout": {"start_to_close": "3s"}}
    run = begin(publish({"a": {**write("a"), "compensate": undo}, "b": {"python": "test.fail", "needs": ["a"]}}))
    work_only(run, "a", "b")
    held = claim(step(run, "a").pk)
    assert held is not None
    assert held.limit == 3
    pass_time(6)
    row = step(run, "a")
    assert (row.compensation, row.worker_id, row.not_before is not None) == ("running", "", True)
    assert settle_down(run).compensation == "done"


def compensating() -> tuple[Run, StepRun]:
    """A run whose step `a` is to be undone, by whoever claims it."""
    run = begin(publish({"a": write("a"), "b": {"python": "test.fail", "needs": ["a"]}}))
    work_only(run, "a", "b")
    run.refresh_from_db()
    assert run.status == "compensating"
    return run, step(run, "a")


def work_compensation(held: Any) -> None:
    complete(held, execute(held), inline=False)


def test_terminate_during_a_compensation_stops_it_and_refuses_its_result():
    run, row = compensating()
    held = claim(row.pk)
    assert held is not None
    terminate_run(run_id=run.pk, actor=None, reason="enough")
    work_compensation(held)
    run.refresh_from_db()
    row.refresh_from_db()
    assert (run.status, run.result, run.compensation) == ("finished", "terminated", "failed")
    assert (run.error_type, row.compensation, row.compensation_error) == ("test.broken", "failed", "terminated")
    assert run.error_message == "it always fails", "why it was failing is not overwritten; the event has the reason"
    pass_time(3600)
    assert claim(row.pk) is None


def test_cancel_during_a_compensation_is_refused_and_changes_nothing():
    run, _ = compensating()
    with pytest.raises(Conflict, match="ending already"):
        cancel_run(run_id=run.pk, actor=None, reason="enough")
    assert settle_down(run).result == "failed"


def test_the_runs_timeout_during_a_compensation_changes_nothing():
    run = begin(publish({"a": write("a"), "b": {"python": "test.fail", "needs": ["a"]}}, timeout="1h"))
    tasks.failing["undo:a"] = 1
    pump()
    pass_time(4000)
    run = settle_down(run)
    assert (run.result, run.compensation) == ("failed", "done")


def test_a_transactional_task_can_undo_and_its_writes_stay_with_the_record():
    undo = {"python": "test.rename_team", "with": {"team": "checkout", "description": "undone"}}
    run = settle_down(
        begin(publish({"a": {**write("a"), "compensate": undo}, "b": {"python": "test.fail", "needs": ["a"]}}))
    )
    assert (run.compensation, Team.objects.get(name="checkout").description) == ("done", "undone")
    assert step(run, "a").compensation_attempt == 1


def test_a_run_whose_output_can_not_be_made_fails_and_undoes():
    run = settle_down(begin(publish({"a": write("a", {"x": 1})}, output={"value": "${{ steps.a.output.y }}"})))
    assert (run.result, run.error_type, run.compensation) == ("failed", "output", "done")
    assert "'y'" in run.error_message


def test_cancelled_while_a_worker_dies_undoes_what_it_may_have_done():
    run = begin(publish({"a": write("a")}))
    assert claim(step(run, "a").pk) is not None
    cancel_run(run_id=run.pk, actor=None, reason="enough")
    pass_time(11)
    run = settle_down(run)
    assert (run.result, run.compensation, step(run, "a").status) == ("cancelled", "done", "cancelled")
    assert undone() == ["a"]


def test_a_retry_of_a_terminated_run_asks_again_with_the_key_of_the_write_that_was_cut_off():
    run = begin(publish({"a": write("a")}))
    held = claim(step(run, "a").pk)
    assert held is not None
    terminate_run(run_id=run.pk, actor=None, reason="stuck")
    assert step(run, "a").effect == Effect.UNKNOWN
    again = settle_down(retry_run(run=run, actor=None)[0])
    assert step(again, "a").idempotency_key == held.step.idempotency_key


def test_what_was_made_of_something_undone_is_made_again_by_a_retry():
    version = publish({
        "a": write("a", "${{ run.id }}"),
        "b": {"value": "${{ steps.a.output }}", "needs": ["a"]},
        "c": echo(1, when="steps.a.output != run.id"),
        "d": echo("${{ steps.b.output }}", effect="read", **ONCE),
    })  # fmt: skip
    tasks.failing["d"] = 1
    run = settle_down(begin(version))
    assert run.compensation == "done"
    again = settle_down(retry_run(run=run, actor=None)[0])
    assert step(again, "d").output == f'"{again.pk}"', "not the id of what was undone"
    assert step(again, "c").reused_from_id is None


def test_an_unclear_write_keeps_its_key_through_retries_that_never_reach_it():
    version = publish(
        {"a": echo(1, effect="read", needs=[], **ONCE), "b": echo(2, effect="write", needs=["a"], **ONCE)}
    )
    run = begin(version)
    work_only(run, "a")
    assert claim(step(run, "b").pk) is not None
    terminate_run(run_id=run.pk, actor=None, reason="stuck")
    StepRun.objects.filter(run=run, name="a").update(status="failed")  # so that the retry begins before b
    tasks.failing["a"] = 1
    second = settle_down(retry_run(run=run, actor=None)[0])
    assert not StepRun.objects.filter(run=second, name="b").exists()
    third = retry_run(run=second, actor=None)[0]
    work_only(third, "a")
    assert (step(third, "b").idempotency_key, step(third, "b").effect) == (
        step(run, "b").idempotency_key,
        Effect.UNKNOWN,
    )
