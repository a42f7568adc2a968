"""The conductor of a worker process: threads, room, shared commits and the end, on a real database."""

from __future__ import annotations

import re
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection

from orchestration import clock
from orchestration.engine import claim as claiming
from orchestration.engine import gather as gathering
from orchestration.engine import hot_sql, worker
from orchestration.engine import in_hand as module
from orchestration.engine.claim import claim, claim_all
from orchestration.engine.execute import Abandoned, execute
from orchestration.engine.gather import Apart, Item, gather
from orchestration.engine.work import work
from orchestration.limits import INLINE_STEPS
from orchestration.models import Attempt, Run, StepRun
from orchestration.services.runs import cancel_run, retry_run, start_runs
from orchestration.steps.registry import StepContext, task
from tests.engine.conducting import all_over, first_steps, held, may_go, wait_for
from tests.engine.harness import begin, echo, publish, step, write

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("gate")]


def test_many_runs_go_through_few_transactions(make, monkeypatch: pytest.MonkeyPatch):
    version = publish({"a": echo(1), "b": echo("${{ steps.a.output }}"), "c": echo("${{ steps.b.output }}")})
    runs = start_runs(version=version, inputs=[{}] * 24)
    batches: list[int] = []
    real = gathering.gather
    monkeypatch.setattr(module, "gather", lambda items: batches.append(len(items)) or real(items))
    working = make(8)
    assert working.submit(first_steps(runs), 30) == []
    wait_for(lambda: all_over(runs), "the runs")
    assert {run.result for run in Run.objects.all()} == {"succeeded"}
    assert sum(batches) == 72, "each step once"
    assert len(batches) < 60, batches
    assert max(batches) > 1


def test_a_slow_step_holds_its_own_thread_and_nothing_else(make):
    slow = begin(publish({"a": {"python": "test.stays"}, "b": echo(1, needs=["a"])}, name="slow"))
    quick = start_runs(version=publish({"a": echo(1), "b": echo(2, needs=["a"])}, name="quick"), inputs=[{}] * 10)
    working = make(2)
    working.submit(first_steps([slow]), 5)
    assert held.acquire(timeout=10)
    working.submit(first_steps(quick), 30)
    wait_for(lambda: all_over(quick), "the quick runs")
    assert step(slow, "a").status == "running"
    may_go.set()
    wait_for(lambda: all_over([slow]), "the slow run")


def test_what_is_finished_is_recorded_while_another_step_hangs(make):
    """The thread that took the last claimed step does not sit on the outcomes before it."""
    runs = start_runs(version=publish({"a": echo(1)}, name="quick"), inputs=[{}] * 3)
    slow = begin(publish({"a": {"python": "test.stays"}}, name="slow"))
    working = make(4)
    working.submit([*first_steps(runs), *first_steps([slow])], 5)
    wait_for(lambda: all_over(runs), "the quick runs, beside one that hangs")
    may_go.set()


def test_a_full_process_gives_back_what_it_has_no_room_for(make):
    runs = start_runs(version=publish({"a": {"python": "test.stays"}}), inputs=[{}] * 3)
    ids = first_steps(runs)
    working = make(2)
    assert working.submit(ids, 0.2) == ids[2:]
    assert StepRun.objects.get(pk=ids[2]).status == "ready", "what it can't begin it does not claim"
    may_go.set()
    assert working.submit(ids[2:], 30) == []
    wait_for(lambda: all_over(runs), "the runs")


def test_a_step_that_is_not_there_or_taken_leaves_its_room(make):
    run = begin(publish({"a": echo(1)}))
    taken = first_steps([run])
    assert claim(taken[0]) is not None
    working = make(2)
    for _ in range(5):
        assert working.submit([*taken, 987_654_321], 10) == []
    other = begin(publish({"a": echo(1)}, name="other"))
    assert working.submit(first_steps([other]), 10) == []
    wait_for(lambda: all_over([other]), "a run after them")


def test_a_process_that_closes_ends_its_steps_and_hands_their_runs_back(make):
    run = begin(publish({"a": {"python": "test.stays"}, "b": echo(1, needs=["a"])}))
    working = make(2)
    working.submit(first_steps([run]), 5)
    assert held.acquire(timeout=10)
    closing = threading.Thread(target=working.close, args=(30,))
    closing.start()
    wait_for(lambda: working.submit([1], 0) == [1], "the refusal of more")
    may_go.set()
    closing.join(30)
    assert not closing.is_alive()
    assert (step(run, "a").status, step(run, "b").status) == ("succeeded", "ready"), "b is for others"


def test_one_that_can_not_be_recorded_keeps_nobody_else_from_it(make, monkeypatch: pytest.MonkeyPatch):
    """A batch is all or nothing; then each goes its own way, and a fault stays with its owner."""
    version = publish({"a": echo("${{ input.n }}"), "b": echo(2, needs=["a"])})
    runs = start_runs(version=version, inputs=[{"n": number} for number in range(6)])
    poisoned = runs[3].pk
    real = hot_sql.record

    def record(successes: Any, born: Any, *more: Any) -> bool:
        if any(one.run_id == poisoned for one in successes):
            raise IntegrityError("poison")
        return real(successes, born, *more)

    monkeypatch.setattr(hot_sql, "record", record)
    working = make(6)
    working.submit(first_steps(runs), 10)
    wait_for(lambda: all_over(runs), "all of them: what a batch can't hold is recorded apart")
    assert Run.objects.filter(result="succeeded").count() == 6


def test_a_batch_with_a_late_result_writes_nothing_of_it():
    version = publish({"a": echo(1), "b": echo(2, needs=["a"])})
    runs = start_runs(version=version, inputs=[{}] * 2)
    claims = [claim(pk) for pk in first_steps(runs)]
    items = [Item(one, execute(one), inline=True) for one in claims if one is not None]
    StepRun.objects.filter(run=runs[1]).update(fence=7)
    with pytest.raises(Apart):
        gather(items)
    assert not Attempt.objects.exists()
    assert not StepRun.objects.filter(name="b").exists()
    assert set(StepRun.objects.values_list("status", flat=True)) == {"running"}


def test_branches_of_one_run_in_one_batch_join_once():
    version = publish({"a": echo(1), "b": echo(2), "c": echo("${{ [steps.a.output, steps.b.output] }}")})
    run = begin(version)
    claims = [claim(pk) for pk in first_steps([run])]
    found = gather([Item(one, execute(one), inline=True) for one in claims if one is not None])
    follows = [one for one in found if one is not None]
    assert [one.step.name for one in follows] == ["c"]
    executed = execute(follows[0])
    assert executed.output == "[1,2]"


def test_a_run_that_is_being_cancelled_is_not_gathered():
    run = begin(publish({"a": echo(1), "b": echo(2, needs=["a"])}))
    one = claim(first_steps([run])[0])
    assert one is not None
    executed = execute(one)
    cancel_run(run_id=run.pk, actor=None, reason="enough")
    with pytest.raises(Apart):
        gather([Item(one, executed, inline=True)])
    assert step(run, "a").status == "running"


def test_the_statements_of_the_hot_path_never_look_by_a_state():
    """On PostgreSQL an index of states holds what was in that state since the last vacuum: thousands of dead rows."""
    if connection.vendor != "postgresql":
        pytest.skip("it is PostgreSQL's")
    runs = start_runs(version=publish({"a": echo(1), "b": echo(2, needs=["a"])}), inputs=[{}] * 2)
    claims = [one for pk in first_steps(runs) if (one := claim(pk)) is not None]
    plans: list[str] = []
    real = hot_sql.fetch

    def explained(sql: str, parameters: Any) -> Any:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {sql}", parameters)
            plans.append("\n".join(row[0] for row in cursor.fetchall()))
        return real(sql, parameters)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hot_sql, "fetch", explained)
        connection.cursor().execute("SET enable_seqscan = off")
        gather([Item(one, execute(one), inline=True) for one in claims])
    assert plans
    for plan in plans:
        # By the run's id it may take any index that has it: on a table of a few rows they cost the same.
        assert not re.search(r"Index Cond: [^\n]*status", plan), plan
        assert not re.search(r"step_(ready|retrying|waiting|leased)", plan), plan


@task("test.large")
def large(input: Any, context: StepContext) -> Any:
    return "x" * 9_000


def test_an_output_too_large_to_be_kept_is_seen_by_what_follows_it_at_once():
    version = publish(
        {
            "a": {"python": "test.large"},
            "b": echo(1, needs=["a"], when="steps.a.output is not none"),
            "c": echo("${{ steps.a.output }}", needs=["b"]),
        },
        output={"value": "${{ steps.c.output }}"},
    )
    run = begin(version)
    for name in "abc":
        held_step = claim(step(run, name).pk)
        assert held_step is not None, name
        gather([Item(held_step, execute(held_step), inline=False)])
    run.refresh_from_db()
    assert (run.result, len(run.output)) == ("succeeded", 9_002)
    assert step(run, "b").status == "succeeded", "not skipped"


def test_a_retry_is_not_over_while_a_step_before_what_stands_runs_again():
    """b happened and stands; a, before it, was undone and runs again beside c, which ends first."""
    version = publish({"a": write("a"), "b": write("b", needs=["a"]), "c": echo(1, needs=["b"])})
    first = begin(version)
    for name in "ab":
        one = claim(step(first, name).pk)
        assert one is not None
        gather([Item(one, execute(one), inline=False)])
    StepRun.objects.filter(run=first, name="a").update(compensation="done")
    StepRun.objects.filter(run=first, name="c").update(status="failed", finished_at=clock.now())
    Run.objects.filter(pk=first.pk).update(status="finished", result="failed", ending="failed", compensation="done")
    second = retry_run(run=Run.objects.get(pk=first.pk), actor=None)[0]
    assert step(second, "b").status == "succeeded"
    last, again = claim(step(second, "c").pk), claim(step(second, "a").pk)
    assert last is not None
    assert again is not None
    gather([Item(last, execute(last), inline=False)])
    second.refresh_from_db()
    assert second.status == "running"
    gather([Item(again, execute(again), inline=False)])
    second.refresh_from_db()
    assert second.result == "succeeded"


def test_one_that_can_not_be_understood_keeps_nobody_else_from_being_claimed(monkeypatch: pytest.MonkeyPatch):
    good, bad = begin(publish({"a": echo(1)}, name="good")), begin(publish({"a": echo(1)}, name="bad"))
    plan = claiming.plan_of

    def broken(version_id: int) -> Any:
        if version_id == bad.version_id:
            raise ValueError("a version of tomorrow")
        return plan(version_id)

    monkeypatch.setattr(claiming, "plan_of", broken)
    found = claim_all([*first_steps([bad]), *first_steps([good])])
    assert [one.run.id for one in found] == [good.pk]


def test_a_step_whose_lease_is_over_is_not_called(make, monkeypatch: pytest.MonkeyPatch):
    run = begin(publish({"a": {"python": "test.stays"}}))
    one = claim(first_steps([run])[0])
    assert one is not None
    worker.hold(one.step.pk, one.step.fence, one.limit, one.claimed_at - timedelta(seconds=60))
    with pytest.raises(Abandoned):
        execute(one)
    worker.let_go(one.step.pk, one.step.fence)
    assert not held.acquire(blocking=False), "not called"


class Spiteful(Exception):
    def __str__(self) -> str:
        raise SystemExit("even its words")


@task("test.spiteful")
def spiteful(input: Any, context: StepContext) -> Any:
    raise Spiteful


def test_a_task_with_a_spiteful_exception_costs_its_process_no_room(make):
    working = make(2)
    for number in range(4):
        run = begin(publish({"a": {"python": "test.spiteful"}}, name=f"spite{number}"))
        assert working.submit(first_steps([run]), 10) == []
    other = begin(publish({"a": echo(1)}, name="other"))
    assert working.submit(first_steps([other]), 10) == []
    wait_for(lambda: all_over([other]), "a run after them")


def test_a_long_chain_of_transactional_steps_gives_way_too():
    steps: dict[str, Any] = {"s00": {"python": "test.rename_team", "with": {"team": "checkout", "description": "0"}}}
    for number in range(1, 55):
        steps[f"s{number:02}"] = {**steps["s00"], "needs": [f"s{number - 1:02}"]}
    run = begin(publish(steps))
    assert work(step(run, "s00").pk) <= INLINE_STEPS + 1
