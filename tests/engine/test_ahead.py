"""Steps without effects run ahead of the record of what came before them, and nothing else does."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import IntegrityError, connection

from orchestration import clock
from orchestration.engine import gather as gathering
from orchestration.engine import hot_sql
from orchestration.engine import in_hand as module
from orchestration.engine.ahead import run_ahead
from orchestration.engine.claim import Claim, claim
from orchestration.engine.execute import execute
from orchestration.engine.gather import Apart, Item, gather
from orchestration.engine.plans import free_of_effects
from orchestration.limits import AHEAD_STEPS, INLINE_STEPS
from orchestration.models import Attempt, Dependency, Run, StepRun, Team
from orchestration.selectors.runs import run_detail
from orchestration.services.runs import cancel_run, start_runs
from orchestration.steps.registry import StepContext, task
from tests.engine import tasks
from tests.engine.conducting import all_over, first_steps, held, may_go, wait_for
from tests.engine.harness import begin, echo, pass_time, publish, pump, settle_down, step

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("gate")]

#: What stood in the database when a step was called: name → the states of the others.
seen: dict[str, dict[str, str]] = {}


@task("test.looks")
def looks(input: Any, context: StepContext) -> Any:
    rows = StepRun.objects.filter(run_id=context.run_id).exclude(name=context.step)
    seen[context.step] = dict(rows.values_list("name", "status"))
    return input


def pure(value: Any = None, **more: Any) -> dict[str, Any]:
    return echo(value, effect="none", **more)


def chain(length: int, last: dict[str, Any] | None = None) -> dict[str, Any]:
    """s0, s1 …: each gives what the one before it gave, and one more; perhaps another kind of step at the end."""
    steps = {"s0": pure(0)}
    for number in range(1, length):
        steps[f"s{number}"] = pure(f"${{{{ steps.s{number - 1}.output + 1 }}}}")
    return steps | ({"last": {**last, "needs": [f"s{length - 1}"]}} if last else {})


def taken(run: Run) -> Claim:
    found = claim(first_steps([run])[0])
    assert found is not None
    return found


def executed(held: Claim | None) -> list[Item]:
    """What a thread executes before anything is recorded."""
    items: list[Item] = []
    while held is not None:
        items.append(Item(held, execute(held), inline=not held.turn.over))
        held = run_ahead(items[-1])
    return items


def test_a_chain_without_effects_is_recorded_as_a_whole():
    run = begin(publish(chain(5), output={"value": "${{ steps.s4.output }}"}))
    items = executed(taken(run))
    assert [item.claim.step.name for item in items] == ["s0", "s1", "s2", "s3", "s4"]
    assert set(StepRun.objects.values_list("name", "status")) == {("s0", "running")}, "nothing is written yet"
    assert gather(items) == [None] * 5
    run.refresh_from_db()
    assert (run.status, run.result, run.output) == ("finished", "succeeded", "4")
    rows = list(StepRun.objects.order_by("pk"))
    assert [(row.name, row.status, row.output, row.attempt, row.fence) for row in rows] == [
        (f"s{number}", "succeeded", str(number), 1, 1) for number in range(5)
    ]
    for row in rows:
        assert (row.worker_id, row.lease_until, row.attempt_deadline, row.wake_due_at) == ("", None, None, None)
        assert row.idempotency_key == f"{run.pk}/{row.name}"
    tries = [one for row in run_detail(run.pk).attempts.values() for one in row]
    assert [(one.number, one.outcome, one.phase, one.fence) for one in tries] == [(1, "succeeded", "forward", 1)] * 5


def test_times_tell_the_order_in_which_steps_ran():
    run = begin(publish(chain(4)))
    gather(executed(taken(run)))
    rows = [step(run, f"s{number}") for number in range(4)]
    for before, after in pairwise(rows):
        assert before.started_at <= before.finished_at <= after.started_at <= after.finished_at
    run.refresh_from_db()
    assert rows[-1].finished_at <= run.finished_at


def test_a_step_that_may_have_an_effect_is_called_when_everything_before_it_is_durable(make):
    version = publish(chain(3, {"python": "test.looks"}))
    run = begin(version)
    seen.clear()
    make(4).submit(first_steps([run]), 10)
    wait_for(lambda: all_over([run]), "the run")
    assert seen["last"] == {"s0": "succeeded", "s1": "succeeded", "s2": "succeeded"}


@pytest.mark.parametrize(
    "second",
    [
        pytest.param(echo(1), id="python that does not say what it does"),
        pytest.param(echo(1, effect="write"), id="write"),
        pytest.param(
            echo(1, effect="none", compensate={"python": "test.undo", "with": {"value": 1}}), id="has a compensation"
        ),
        pytest.param(pure(1, timeout={"heartbeat": "5s"}), id="heartbeat"),
        pytest.param({"http": {"path": "/"}, "dependency": "shop"}, id="http"),
        pytest.param({"wait": {"for": "1s"}}, id="wait"),
    ],
)
def test_what_may_not_run_ahead_waits_for_the_record(second):
    shop = {"spec": {"base_url": "http://127.0.0.1:9"}}
    Dependency.objects.create(name="shop", owner=Team.objects.create(name="checkout"), document=shop)
    run = begin(publish({"a": pure(1), "b": {**second, "needs": ["a"]}}))
    items = executed(taken(run))
    assert [item.claim.step.name for item in items] == ["a"]


def test_what_others_have_a_say_in_waits_for_the_record():
    """A condition, a join and a fan-out: each needs the database, or other workers at once."""
    version = publish(
        {
            "a": pure(1),
            "b": pure(2, needs=["a"]),
            "c": pure(3, needs=["a"]),
            "d": pure(4, needs=["b", "c"]),
            "e": pure(5, needs=["d"], when="steps.d.output == 4"),
        }
    )
    assert free_of_effects(version.pk).isdisjoint({"d"})
    run = begin(version)
    for name in ("a", "b", "c", "d"):
        one = claim(step(run, name).pk)
        assert one is not None
        items = executed(one)
        assert [item.claim.step.name for item in items] == [name]
        items[0].inline = False
        gather(items)
    assert settle_down(run).result == "succeeded"


def test_a_large_output_is_recorded_first():
    run = begin(
        publish({"a": {"python": "test.big", "effect": "none", "with": {"size": 9_000}}, "b": pure(1, needs=["a"])})
    )
    assert len(executed(taken(run))) == 1


def test_a_process_that_dies_before_the_record_costs_nothing_but_time():
    run = begin(publish(chain(4)))
    executed(taken(run))  # and its outcomes die with the process
    assert [call[0] for call in tasks.calls] == ["s0", "s1", "s2", "s3"]
    pass_time(60)
    pump()
    run.refresh_from_db()
    assert run.result == "succeeded"
    assert [call[0] for call in tasks.calls[4:]] == ["s0", "s1", "s2", "s3"], "once more"
    assert list(Attempt.objects.order_by("pk").values_list("step__name", "outcome")) == [
        ("s0", "lost"), ("s0", "succeeded"),
    ], "what was born over, or succeeded at its first claim, says so itself"  # fmt: skip


def test_a_late_record_writes_nothing_of_what_ran_ahead():
    run = begin(publish(chain(3)))
    items = executed(taken(run))
    StepRun.objects.filter(run=run).update(fence=7)
    with pytest.raises(Apart):
        gather(items)
    assert list(StepRun.objects.values_list("name", "status")) == [("s0", "running")]
    assert not Attempt.objects.exists()
    run.refresh_from_db()
    assert run.status == "running"


def test_a_part_of_a_chain_is_recorded_while_the_rest_is_at_work():
    run = begin(publish(chain(4)))
    items = executed(taken(run))
    gather(items[:2])
    assert dict(StepRun.objects.values_list("name", "status")) == {
        "s0": "succeeded", "s1": "succeeded", "s2": "running",
    }  # fmt: skip
    row = step(run, "s2")
    assert row.worker_id
    assert row.lease_until is not None
    items[2].claim.step.pk = row.pk
    gather(items[2:])
    run.refresh_from_db()
    assert run.result == "succeeded"


def test_a_slow_step_ahead_keeps_nothing_before_it_from_being_recorded(make):
    run = begin(publish(chain(2, {"python": "test.stays", "effect": "none"})))
    make(2).submit(first_steps([run]), 10)
    assert held.acquire(timeout=10)
    wait_for(lambda: StepRun.objects.filter(run=run, status="succeeded").count() == 2, "the record of what came before")
    wait_for(lambda: step(run, "last").status == "running", "the row of the step at work")
    assert step(run, "last").lease_until is not None
    may_go.set()
    wait_for(lambda: all_over([run]), "the run")
    assert [one.outcome for one in run_detail(run.pk).attempts[step(run, "last").pk]] == ["succeeded"]


def test_a_failure_ahead_is_recorded_after_what_came_before_it(make):
    tasks.failing["s2"] = 1
    run = begin(publish(chain(4)))
    make(2).submit(first_steps([run]), 10)
    wait_for(lambda: StepRun.objects.filter(run=run, status="retrying").exists(), "the retry")
    assert dict(StepRun.objects.values_list("name", "status")) == {
        "s0": "succeeded", "s1": "succeeded", "s2": "retrying",
    }  # fmt: skip
    assert settle_down(run).result == "succeeded"
    assert list(Attempt.objects.filter(step__name="s2").order_by("number").values_list("outcome", flat=True)) == [
        "failed", "succeeded",
    ]  # fmt: skip


def test_a_run_that_is_cancelled_meanwhile_goes_no_further(make):
    run = begin(publish(chain(2, {"python": "test.stays", "effect": "none"}) | {"after": pure(1, needs=["last"])}))
    make(2).submit(first_steps([run]), 10)
    assert held.acquire(timeout=10)
    cancel_run(run_id=run.pk, actor=None, reason="enough")
    may_go.set()
    wait_for(lambda: all_over([run]), "the end")
    run.refresh_from_db()
    assert run.result == "cancelled"
    assert not StepRun.objects.filter(run=run, name="after").exists()


def test_what_could_not_be_recorded_together_is_executed_again_and_no_room_is_lost(
    make, monkeypatch: pytest.MonkeyPatch
):
    runs = start_runs(version=publish(chain(4)), inputs=[{}] * 6)
    real, refused = gathering.gather, set[Any]()

    def first_refused(items: list[Item]) -> Any:
        new = {item.claim.run.id for item in items} - refused
        if new and len(items) > len({item.claim.run.id for item in items}):
            refused.update(new)
            raise Apart
        return real(items)

    monkeypatch.setattr(module, "gather", first_refused)
    working = make(3)
    assert working.submit(first_steps(runs), 30) == []
    wait_for(lambda: all_over(runs), "all of them")
    assert refused
    assert {run.result for run in Run.objects.all()} == {"succeeded"}
    assert StepRun.objects.filter(status="succeeded").count() == 24
    assert not Attempt.objects.exists(), "each at its first claim"
    wait_for(lambda: working._taken == 0, "the room")


@pytest.mark.parametrize("threads", [1, 2])
def test_a_write_is_recorded_though_every_thread_went_on_to_something_slow(make, threads: int):
    version = publish(
        {"w": echo(1, effect="write"), "slow": {"python": "test.stays", "effect": "none", "needs": ["w"]}}
    )
    runs = start_runs(version=version, inputs=[{}] * threads)
    make(threads).submit(first_steps(runs), 10)
    for _ in runs:
        assert held.acquire(timeout=10)
    wait_for(lambda: StepRun.objects.filter(name="w", status="succeeded").count() == threads, "the writes' records")
    may_go.set()
    wait_for(lambda: all_over(runs), "the runs")
    assert [call[0] for call in tasks.calls] == ["w"] * threads, "called once"


@task("test.stays_inside", transactional=True)
def stays_inside(input: Any, context: StepContext) -> Any:
    held.release()
    assert may_go.wait(30)
    return 1


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer, and such a task holds its turn")
def test_a_transactional_task_ahead_keeps_nobody_from_recording(make):
    slow = {"python": "test.stays_inside", "effect": "none", "needs": ["a"]}
    first = begin(publish({"a": pure(1), "slow": slow}, name="slow"))
    working = make(3)
    working.submit(first_steps([first]), 10)
    assert held.acquire(timeout=10)
    other = begin(publish(chain(3), name="quick"))
    working.submit(first_steps([other]), 10)
    wait_for(lambda: all_over([other]), "another run beside it")
    may_go.set()
    wait_for(lambda: all_over([first]), "the run")


def test_a_run_that_can_not_be_recorded_costs_the_others_of_its_batch_nothing(make, monkeypatch: pytest.MonkeyPatch):
    runs = start_runs(version=publish(chain(4)), inputs=[{}] * 6)
    poisoned, real = runs[2].pk, hot_sql.record

    def record(successes: Any, born: Any, *more: Any) -> bool:
        if len(born) > 1 and any(one.run_id == poisoned for one in successes):
            raise IntegrityError("poison")
        return real(successes, born, *more)

    monkeypatch.setattr(hot_sql, "record", record)
    working = make(6)
    working.submit(first_steps(runs), 30)
    wait_for(lambda: all_over(runs), "the runs")
    after = [call for call in tasks.calls if call[0] != "s0"]
    assert len(after) <= 5 * 3 + 8, "executed again for the one run alone"
    wait_for(lambda: working._taken == 0, "the room")


class Spiteful(Exception):
    def __str__(self) -> str:
        raise SystemExit("even its words")


@task("test.spiteful_ahead")
def spiteful(input: Any, context: StepContext) -> Any:
    raise Spiteful


def test_what_comes_to_nothing_ahead_of_a_record_that_fails_gives_its_room_back_once(
    make, monkeypatch: pytest.MonkeyPatch
):
    run = begin(publish({"a": pure(1), "b": {"python": "test.spiteful_ahead", "effect": "none", "needs": ["a"]}}))
    failures = [Apart()]
    real = gathering.gather
    monkeypatch.setattr(module, "gather", lambda items: real(items) if not failures else throw(failures.pop()))
    working = make(2)
    working.submit(first_steps([run]), 10)
    wait_for(lambda: step(run, "a").status == "succeeded" and working._taken == 0, "the room")


def throw(error: Exception) -> Any:
    raise error


def test_what_ran_ahead_is_not_recorded_without_what_came_before_it():
    run = begin(publish(chain(3)))
    items = executed(taken(run))
    gather(items[:1])
    with pytest.raises(Apart):
        gather(items[1:])
    assert step(run, "s1").status == "running"


def test_a_step_at_work_begins_its_lease_with_its_row_however_late_that_is():
    run = begin(publish(chain(3)))
    items = executed(taken(run))
    clock.advance(timedelta(seconds=8))
    gather(items[:2])
    assert step(run, "s2").lease_until >= clock.now() + timedelta(seconds=9)


def test_many_runs_keep_their_order_with_effects_between(make):
    steps = chain(6) | {"act": echo(1, needs=["s5"]), "t0": pure("${{ steps.s5.output }}", needs=["act"])}
    steps |= {"t1": pure("${{ steps.t0.output + 1 }}"), "t2": pure("${{ steps.t1.output + 1 }}")}
    runs = start_runs(version=publish(steps, output={"value": "${{ steps.t2.output }}"}), inputs=[{}] * 40)
    working = make(8)
    assert working.submit(first_steps(runs), 30) == []
    wait_for(lambda: all_over(runs), "the runs")
    assert set(Run.objects.values_list("result", "output")) == {("succeeded", "7")}
    assert StepRun.objects.filter(status="succeeded").count() == 400
    assert not Attempt.objects.exists(), "each at its first claim"
    wait_for(lambda: working._taken == 0, "the room")


def test_a_long_chain_is_recorded_on_the_way_and_gives_way_to_others(make, monkeypatch: pytest.MonkeyPatch):
    run = begin(publish(chain(INLINE_STEPS + 10)))
    sizes: list[int] = []
    real = hot_sql.record

    def record(successes: Any, born: Any, *more: Any) -> bool:
        sizes.append(len(born))
        return real(successes, born, *more)

    monkeypatch.setattr(hot_sql, "record", record)
    working = make(2)
    working.submit(first_steps([run]), 10)
    wait_for(lambda: step(run, "s0").status == "succeeded" and bool(first_steps([run])), "the hand-over")
    working.submit(first_steps([run]), 10)
    wait_for(lambda: all_over([run]), "the run")
    assert max(sizes) <= AHEAD_STEPS + 1
    assert 4 <= len(sizes) <= 20
