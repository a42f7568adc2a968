"""What a run does from start to end."""

from __future__ import annotations

import pytest

from orchestration.errors import Conflict, InvalidInput, NotFound, TooLarge
from orchestration.models import Attempt, Run, StepRun, Team
from orchestration.services.runs import cancel_run, retry_run, start_run, terminate_run, version_to_run
from tests.engine import tasks
from tests.engine.harness import begin, echo, pass_time, publish, pump, settle_down, step, write

pytestmark = pytest.mark.django_db


def test_a_chain_passes_values_along_and_returns_its_output():
    version = publish(
        {"a": echo("${{ input.n }}"), "b": echo({"twice": "${{ steps.a.output * 2 }}"})},
        output={"value": "${{ steps.b.output.twice }}"},
    )
    run = settle_down(begin(version, {"n": 21}))
    assert (run.result, run.output) == ("succeeded", "42")


def test_a_chain_is_carried_on_by_one_process_without_further_messages():
    version = publish({"a": echo(1), "b": echo("${{ steps.a.output }}"), "c": echo("${{ steps.b.output }}")})
    run = begin(version)
    from orchestration.engine.work import work

    assert work(step(run, "a").pk) == 3
    run.refresh_from_db()
    assert run.result == "succeeded"


def test_parallel_branches_join_once():
    version = publish({"a": echo(1), "b": echo(2), "c": echo(["${{ steps.a.output }}", "${{ steps.b.output }}"])})
    run = settle_down(begin(version))
    assert step(run, "c").output == "[1,2]"
    assert StepRun.objects.filter(run=run, name="c").count() == 1


def test_a_step_whose_when_is_false_is_skipped_and_so_is_what_only_follows_it():
    version = publish(
        {
            "a": echo(1),
            "b": echo(2, when="steps.a.output > 5"),
            "c": echo(3, needs=["b"]),
            "d": echo("${{ steps.b.output is none }}", needs=["a"]),
        }
    )
    run = settle_down(begin(version))
    states = dict(StepRun.objects.filter(run=run).values_list("name", "status"))
    assert states == {"a": "succeeded", "b": "skipped", "c": "skipped", "d": "succeeded"}
    assert step(run, "d").output == "true"


def test_join_any_starts_at_the_first_success_and_a_failed_branch_degrades_the_run():
    version = publish({"a": {"python": "test.fail"}, "b": echo(1), "c": echo(2, needs=["a", "b"], join="any")})
    run = settle_down(begin(version))
    assert step(run, "c").status == "succeeded"
    assert run.result == "degraded"


def test_join_any_fails_when_every_branch_failed():
    version = publish(
        {"a": {"python": "test.fail"}, "b": {"python": "test.fail"}, "c": echo(2, needs=["a", "b"], join="any")}
    )
    run = settle_down(begin(version))
    assert run.result == "failed"
    assert not StepRun.objects.filter(run=run, name="c").exists()


def test_a_retried_step_keeps_its_key_and_every_attempt_has_a_row():
    version = publish({"a": echo(1)})
    tasks.failing["a"] = 2
    run = settle_down(begin(version))
    rows = list(Attempt.objects.filter(step__run=run).values_list("number", "outcome", "error_type").order_by("id"))
    assert rows == [(1, "failed", "test.flaky"), (2, "failed", "test.flaky"), (3, "succeeded", "")]
    assert step(run, "a").error_type == ""


def test_attempts_are_bounded_and_the_run_names_what_failed():
    version = publish({"a": echo(1, retry={"maximum_attempts": 3, "initial_interval": "1s"})})
    tasks.failing["a"] = 99
    run = settle_down(begin(version))
    assert (run.result, run.failed_step, run.error_type) == ("failed", "a", "test.flaky")
    assert Attempt.objects.filter(step__run=run).count() == 3


def test_an_expectation_that_does_not_hold_fails_the_step_and_compensates_the_write():
    version = publish({"a": write("undo a", 1, expect=["output == 2"])})
    run = settle_down(begin(version))
    assert (run.result, run.error_type, run.compensation) == ("failed", "expect", "done")
    assert ("undo:a", 1, "undo a") in tasks.calls


def test_a_missing_field_fails_the_step_and_is_named():
    version = publish({"a": echo({"x": 1}), "b": echo("${{ steps.a.output.y }}")})
    run = settle_down(begin(version))
    assert run.error_type == "expression"
    assert "'y'" in run.error_message


def test_a_wait_holds_no_worker_and_ends_on_time():
    version = publish({"a": {"wait": {"for": "1h"}}, "b": echo(1, needs=["a"])})
    run = begin(version)
    pump()
    run.refresh_from_db()
    assert (run.status, step(run, "a").status, step(run, "a").worker_id) == ("waiting", "waiting", "")
    pass_time(3500)
    assert step(run, "a").status == "waiting"
    pass_time(200)
    assert step(run, "a").status == "succeeded"
    assert settle_down(run).result == "succeeded"


def test_the_same_key_gives_the_same_run_and_another_input_is_a_conflict():
    version = publish({"a": echo(1)})
    first, created = start_run(version=version, input={"n": 1}, key="k")
    again, created_again = start_run(version=version, input={"n": 1}, key="k")
    assert (created, created_again, first.pk) == (True, False, again.pk)
    with pytest.raises(Conflict, match="another input"):
        start_run(version=version, input={"n": 2}, key="k")


def test_an_unknown_workflow_is_named_with_a_suggestion():
    publish({"a": echo(1)}, name="order-fulfilment")
    with pytest.raises(NotFound, match="did you mean 'order-fulfilment'"):
        version_to_run(workflow="order-fulfillment")


def test_a_start_takes_the_highest_active_version():
    publish({"a": echo(1)}, version="1.9.0")
    publish({"a": echo(2)}, version="1.10.0")
    assert version_to_run(workflow="demo").version == "1.10.0"


def test_a_payload_over_the_inline_limit_is_stored_aside_and_read_back():
    version = publish(
        {"a": {"python": "test.big", "with": {"size": 200_000}}, "b": echo("${{ steps.a.output | length }}")}
    )
    run = settle_down(begin(version))
    assert step(run, "a").output.startswith("ref:")
    assert step(run, "b").output == "200000"


def test_a_payload_over_the_limit_is_refused_and_the_limit_is_named():
    version = publish({"a": {"python": "test.big", "with": {"size": 5_000_000}}})
    run = settle_down(begin(version))
    assert (run.result, run.error_type) == ("failed", "payload.too_large")
    assert "4,194,304" in run.error_message
    with pytest.raises(TooLarge, match="4,194,304"):
        begin(version, {"x": "y" * 5_000_000})
    assert Run.objects.count() == 1


def test_u0000_in_an_input_is_refused():
    version = publish({"a": echo(1)})
    with pytest.raises(InvalidInput, match=r"U\+0000"):
        begin(version, {"name": "a\x00b"})


def test_cancel_stops_what_waits_and_compensates_what_happened():
    version = publish({"a": write("undo a"), "b": {"wait": {"for": "1h"}, "needs": ["a"]}})
    run = begin(version)
    pump()
    cancel_run(run_id=run.pk, actor=None, reason="customer called")
    run = settle_down(run)
    assert (run.result, run.compensation) == ("cancelled", "done")
    assert step(run, "b").status == "cancelled"
    with pytest.raises(Conflict, match="finished"):
        cancel_run(run_id=run.pk, actor=None, reason="again")


def test_terminate_ends_at_once_and_compensates_nothing():
    version = publish({"a": write("undo a"), "b": {"wait": {"for": "1h"}, "needs": ["a"]}})
    run = begin(version)
    pump()
    terminate_run(run_id=run.pk, actor=None, reason="stuck")
    pump()
    run.refresh_from_db()
    assert (run.status, run.result, run.compensation) == ("finished", "terminated", "none")
    assert not [call for call in tasks.calls if call[0].startswith("undo")]


def test_a_runs_timeout_stops_and_compensates_it():
    version = publish({"a": write("undo a"), "b": {"wait": {"for": "10h"}, "needs": ["a"]}}, timeout="2h")
    run = begin(version)
    pump()
    pass_time(7300)
    run = settle_down(run)
    assert (run.result, run.compensation) == ("timed_out", "done")


def test_schedule_to_start_and_schedule_to_close_end_a_step_without_retry():
    version = publish({"a": echo(1, timeout={"schedule_to_start": "5s"})})
    run = begin(version)
    pass_time(6)
    run.refresh_from_db()
    assert (run.result, run.error_type) == ("timed_out", "timeout.schedule_to_start")
    version = publish(
        {"a": echo(1, timeout={"schedule_to_close": "10s"}, retry={"initial_interval": "8s", "jitter": "none"})},
        version="1.1.0",
    )
    tasks.failing["a"] = 99
    run = settle_down(begin(version), stride=1)
    assert run.result == "timed_out"
    assert Attempt.objects.filter(step__run=run).count() == 2


def test_retry_failed_makes_a_linked_run_that_reuses_what_stands():
    version = publish({"a": echo(1), "b": echo("${{ steps.a.output }}", retry={"maximum_attempts": 1})})
    tasks.failing["b"] = 1
    run = settle_down(begin(version))
    assert run.result == "failed"
    again, created = retry_run(run=run, actor=None)
    again = settle_down(again)
    assert created
    assert (again.result, again.retry_of_id) == ("succeeded", run.pk)
    assert step(again, "a").reused_from_id == step(run, "a").pk
    assert [call[0] for call in tasks.calls] == ["a", "b", "b"]
    with pytest.raises(Conflict, match="retried already"):
        retry_run(run=run, actor=None)


def test_retry_keeps_the_key_of_an_unclear_write_and_renews_that_of_a_compensated_one():
    version = publish({"a": write("undo a"), "b": echo(1, effect="write", needs=["a"], retry={"maximum_attempts": 1})})
    tasks.failing["b"] = 1
    run = settle_down(begin(version))
    assert run.compensation == "done"
    again, _ = retry_run(run=run, actor=None)
    again = settle_down(again)
    assert again.result == "succeeded"
    assert step(again, "b").idempotency_key == step(run, "b").idempotency_key
    assert step(again, "a").idempotency_key != step(run, "a").idempotency_key


def test_a_transactional_step_commits_its_writes_with_its_result_or_not_at_all():
    task = {
        "python": "test.rename_team",
        "with": {"team": "checkout", "description": "new", "fail": "${{ input.fail }}"},
    }
    version = publish({"a": task})
    run = settle_down(begin(version, {"fail": True}))
    assert (run.result, Team.objects.get(name="checkout").description) == ("failed", "")
    run = settle_down(begin(version, {"fail": False}))
    assert (run.result, Team.objects.get(name="checkout").description) == ("succeeded", "new")
