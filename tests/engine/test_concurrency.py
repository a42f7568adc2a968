"""Threads with connections of their own, let go at one moment: whoever is first, the run ends the same way once.

Runs on both databases. SQLite has one writer at a time, so there it shows little but that nothing is refused or stuck.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import yaml
from django.db import connection

from orchestration import clock
from orchestration.engine import rescue
from orchestration.engine.claim import Claim, claim
from orchestration.engine.complete import complete
from orchestration.engine.execute import Executed, execute
from orchestration.engine.wake import wake
from orchestration.engine.work import work
from orchestration.errors import Conflict
from orchestration.models import Attempt, Run, StepRun, Team, WorkflowVersion
from orchestration.services.manifests import Document, Signature, apply
from orchestration.services.runs import cancel_run, retry_run, start_run, terminate_run
from orchestration.states import StepStatus
from orchestration.steps.outcome import Completed
from orchestration.steps.registry import StepContext, task
from tests.engine import tasks
from tests.engine.harness import begin, echo, publish, pump, settle_down, step, write

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 15


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Run the acts at the same moment, each in a thread; what they returned, or the error they raised."""
    gate, results = threading.Barrier(len(acts)), [None] * len(acts)

    def run(index: int, act: Callable[[], Any]) -> None:
        try:
            connection.ensure_connection()
            gate.wait(10)
            results[index] = act()
        except Exception as error:
            results[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(index, act)) for index, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive(), "stuck"
    return results


def hold(run: Run, name: str) -> Claim:
    held = claim(step(run, name).pk)
    assert held is not None
    return held


def nothing_failed(results: list[Any]) -> None:
    assert not [result for result in results if isinstance(result, Exception)], results


def test_branches_that_end_at_once_join_once():
    version = publish({"a": echo(1), "b": echo(2), "c": echo(3), "d": echo(4, needs=["a", "b", "c"])})
    for _ in range(ROUNDS):
        run = begin(version)
        held = [hold(run, name) for name in "abc"]
        done = at_once(*[lambda one=one: complete(one, execute(one), inline=True) for one in held])
        nothing_failed(done)
        taken = [claimed for claimed in done if claimed is not None]
        assert [claimed.step.name for claimed in taken] == ["d"], "missed or begun twice"
        complete(taken[0], execute(taken[0]), inline=True)
        run.refresh_from_db()
        assert (run.result, StepRun.objects.filter(run=run).count()) == ("succeeded", 4)


def test_last_steps_that_end_at_once_finish_the_run_once():
    version = publish({"a": echo(1), "b": echo(2)}, output={"value": "${{ [steps.a.output, steps.b.output] }}"})
    for _ in range(ROUNDS):
        run = begin(version)
        held = [hold(run, name) for name in "ab"]
        nothing_failed(at_once(*[lambda one=one: complete(one, execute(one), inline=True) for one in held]))
        run.refresh_from_db()
        assert (run.status, run.result, run.output) == ("finished", "succeeded", "[1,2]")


def test_branches_that_fail_at_once_undo_once():
    once = {"retry": {"maximum_attempts": 1}}
    version = publish({"a": write("a"), "b": echo(1, needs=["a"], **once), "c": echo(1, needs=["a"], **once)})
    for _ in range(ROUNDS):
        tasks.calls.clear()
        run = begin(version)
        first = hold(run, "a")
        complete(first, execute(first), inline=False)
        tasks.failing.update(b=1, c=1)
        held = [hold(run, "b"), hold(run, "c")]
        nothing_failed(at_once(*[lambda one=one: complete(one, execute(one), inline=True) for one in held]))
        run = settle_down(run)
        assert (run.result, run.compensation) == ("failed", "done")
        assert [call[0] for call in tasks.calls].count("undo:a") == 1


def test_one_step_is_claimed_by_one_of_many():
    version = publish({"a": echo(1)})
    for _ in range(ROUNDS):
        run = begin(version)
        row = step(run, "a").pk
        found = at_once(*[lambda row=row: claim(row)] * 6)
        nothing_failed(found)
        assert len([claimed for claimed in found if claimed is not None]) == 1
        assert step(run, "a").attempt == 1


def test_one_compensation_is_done_by_one_of_many():
    version = publish({"a": write("a"), "b": {"python": "test.fail", "needs": ["a"]}})
    for _ in range(ROUNDS):
        tasks.calls.clear()
        run = begin(version)
        for name in "ab":
            held = hold(run, name)
            complete(held, execute(held), inline=False)
        row = step(run, "a").pk
        done = at_once(*[lambda row=row: work(row)] * 4)
        nothing_failed(done)
        assert sum(done) == 1
        assert [call[0] for call in tasks.calls].count("undo:a") == 1
        run.refresh_from_db()
        assert (run.status, run.compensation) == ("finished", "done")


def test_starts_with_one_key_at_once_are_one_run():
    version = publish({"a": echo(1)})
    for number in range(ROUNDS):
        found = at_once(*[lambda key=f"k{number}": start_run(version=version, input={"n": 1}, key=key)] * 5)
        nothing_failed(found)
        assert len({run.pk for run, _ in found}) == 1
        assert sum(created for _, created in found) == 1
    assert Run.objects.count() == ROUNDS
    assert StepRun.objects.count() == ROUNDS


def test_starts_with_one_key_and_two_inputs_at_once_are_one_run_and_conflicts():
    version = publish({"a": echo(1)})
    for number in range(ROUNDS):
        key = f"k{number}"
        found = at_once(*[lambda n=n, key=key: start_run(version=version, input={"n": n}, key=key) for n in range(4)])
        assert sorted(type(one).__name__ for one in found) == ["Conflict", "Conflict", "Conflict", "tuple"]


def test_one_failed_run_is_retried_once():
    version = publish({"a": {"python": "test.fail"}})
    for _ in range(ROUNDS):
        run = begin(version)
        pump()
        run.refresh_from_db()
        assert run.result == "failed"
        found = at_once(*[lambda run=run: retry_run(run=run, actor=None)] * 4)
        assert [type(one) for one in found].count(tuple) == 1
        assert [type(one) for one in found].count(Conflict) == 3
        assert run.retries.count() == 1


def test_cancel_and_claim_at_once_leave_no_step_that_nobody_works_on():
    version = publish({"a": write("a"), "b": echo(1, needs=["a"])})
    for _ in range(ROUNDS):
        run = begin(version)
        row = step(run, "a").pk
        done, cancelled = at_once(
            lambda row=row: work(row), lambda run=run: cancel_run(run_id=run.pk, actor=None, reason="enough")
        )
        assert not isinstance(done, Exception), done
        assert isinstance(cancelled, Run) or "succeeded" in str(cancelled), "too late"
        run = settle_down(run)
        states = dict(StepRun.objects.filter(run=run).values_list("name", "status"))
        assert run.result == "cancelled" or (run.result == "succeeded" and states["b"] == "succeeded")
        if run.result == "cancelled":
            assert run.compensation == ("done" if states["a"] == "succeeded" else "none")


def test_terminate_and_complete_at_once_agree_on_one_end():
    version = publish({"a": echo(1)})
    for _ in range(ROUNDS):
        run = begin(version)
        held = hold(run, "a")
        executed = execute(held)
        results = at_once(
            lambda held=held, executed=executed: complete(held, executed, inline=True),
            lambda run=run: terminate_run(run_id=run.pk, actor=None, reason="enough"),
        )
        assert not isinstance(results[0], Exception)
        run.refresh_from_db()
        status = step(run, "a").status
        assert (run.result, status) in {("terminated", "cancelled"), ("succeeded", "succeeded")}
        assert isinstance(results[1], Conflict) is (run.result == "succeeded")


def test_a_rescue_and_a_late_result_at_once_agree_on_one_outcome():
    version = publish({"a": echo(1)})
    for _ in range(ROUNDS):
        run = begin(version)
        held = hold(run, "a")
        StepRun.objects.filter(run=run).update(lease_until=clock.now() - timedelta(seconds=1))
        nothing_failed(
            at_once(
                lambda held=held: complete(held, Executed(Completed(1), output="1"), inline=True),
                lambda: rescue.expired_leases(clock.now()),
                lambda: rescue.expired_leases(clock.now()),
            )
        )
        row = step(run, "a")
        outcomes = list(Attempt.objects.filter(step=row).values_list("outcome", flat=True))
        assert (row.status, outcomes) in [("succeeded", []), ("ready", ["lost"])]
        assert settle_down(run).result == "succeeded"


def test_sweepers_at_once_do_everything_once():
    version = publish({"a": {"wait": {"for": "1h"}}, "b": echo(1, needs=["a"])}, name="waiting")
    again = publish({"a": echo(1, retry={"initial_interval": "1s", "jitter": "none"})}, name="trying")
    tasks.failing["a"] = 5
    runs = [begin(version) for _ in range(5)] + [begin(again) for _ in range(5)]
    for one in list(StepRun.objects.filter(status="ready").values_list("pk", flat=True)):
        work(one)
    clock.advance(timedelta(hours=2))
    nothing_failed(at_once(*[wake] * 4))
    assert StepRun.objects.filter(name="b").count() == 5
    assert StepRun.objects.filter(run__workflow__name="trying", status="ready").count() == 5
    assert {settle_down(run).result for run in runs} == {"succeeded"}


def test_one_version_published_at_once_is_published_once():
    Team.objects.create(name="checkout")
    manifest = {
        "apiVersion": "plumbline/v1", "kind": "Workflow",
        "metadata": {"name": "demo", "version": "1.0.0", "owner": "checkout"}, "spec": {"steps": {"a": {"value": 1}}},
    }  # fmt: skip
    document = Document(yaml.safe_dump(manifest, sort_keys=False), "demo.yaml")
    found = at_once(*[lambda: apply([document], Signature(None, "a test"))] * 4)
    nothing_failed(found)
    assert sorted(changes[0].action for changes in found) == ["publish", "unchanged", "unchanged", "unchanged"]
    assert WorkflowVersion.objects.count() == 1


began, may_end = threading.Event(), threading.Event()


@task("test.held_inside", transactional=True)
def held_inside(input: Any, context: StepContext) -> Any:
    began.set()
    may_end.wait(30)
    return 1


def test_a_transactional_task_that_hangs_keeps_nobody_from_its_run():
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has one writer at a time: a transaction that hangs holds up everybody")
    began.clear()
    may_end.clear()
    run = begin(publish({"a": {"python": "test.held_inside", "timeout": {"start_to_close": "1s"}}}))
    row = step(run, "a").pk

    def sweep() -> float:
        assert began.wait(10)
        clock.advance(timedelta(seconds=5))
        start = time.monotonic()
        wake()
        cancel_run(run_id=run.pk, actor=None, reason="it hangs")
        took = time.monotonic() - start
        may_end.set()
        return took

    done = at_once(lambda: work(row), sweep)
    nothing_failed(done)
    assert done[1] < 5
    run.refresh_from_db()
    assert (run.result, step(run, "a").status) == ("cancelled", StepStatus.CANCELLED)
    assert list(Attempt.objects.filter(step_id=row).values_list("outcome", flat=True)) == ["timed_out"]
