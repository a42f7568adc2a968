"""Everything that can go wrong around a step, and that no run is lost, stuck or done twice by it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from orchestration import clock, patience
from orchestration.engine import publish as messages
from orchestration.engine import rescue, timers, transition, worker
from orchestration.engine.claim import Claim, claim
from orchestration.engine.complete import complete
from orchestration.engine.execute import Executed, execute
from orchestration.engine.payloads import encode, error_text
from orchestration.engine.reuse import copied
from orchestration.engine.wake import wake
from orchestration.engine.work import work
from orchestration.errors import Conflict, InvalidInput, InvalidManifest, NotFound, TooLarge
from orchestration.models import Attempt, EngineMark, Payload, Run, StepRun, Team, WorkerProcess
from orchestration.services.retention import prune
from orchestration.services.runs import cancel_run, retry_run, start_run, terminate_run, version_to_run
from orchestration.states import Effect, StepStatus
from orchestration.steps.outcome import Completed, Failed
from tests.engine import tasks
from tests.engine.harness import begin, echo, pass_time, publish, pump, settle_down, step, write

pytestmark = pytest.mark.django_db
ONCE = {"retry": {"maximum_attempts": 1}}


def hold(run: Run, name: str) -> Claim:
    held = claim(step(run, name).pk)
    assert held is not None
    return held


# A run that retention deleted meanwhile.


def pruned(run: Run) -> None:
    settle_down(run)
    clock.advance(timedelta(days=2))
    assert prune(days=1).runs == 1


@pytest.mark.parametrize("verb", [cancel_run, terminate_run, retry_run])
def test_a_verb_on_a_run_that_was_deleted_meanwhile_finds_none(verb: Callable[..., Any]):
    run = begin(publish({"a": {"python": "test.fail"}}))
    pruned(run)
    given = {"run": run} if verb is retry_run else {"run_id": run.pk, "reason": "enough"}
    with pytest.raises(NotFound, match=f"no run {run.short_id}"):
        verb(actor=None, **given)


@pytest.mark.parametrize("executed", [Executed(Completed(1), output="1"), Executed(Failed("x", "late"))])
def test_a_result_that_comes_after_its_run_was_deleted_is_refused(executed: Executed):
    run = begin(publish({"a": echo(1)}))
    late = hold(run, "a")
    pass_time(11)
    pruned(run)
    assert complete(late, executed, inline=True) is None
    assert not Run.objects.filter(pk=run.pk).exists()


# Python tasks that misbehave.


@pytest.mark.parametrize("task", ["test.misbehave", "test.misbehave_inside"])
@pytest.mark.parametrize(
    ("how", "error_type"),
    [
        ("exit", "python.SystemExit"), ("interrupt", "python.KeyboardInterrupt"), ("generator exit", "python.GeneratorExit"),
        ("unstorable error", "odd."), ("long error", "python.ValueError"),
        ("nan", "payload.invalid"), ("infinity", "payload.invalid"), ("set", "payload.invalid"), ("bytes", "payload.invalid"),
        ("object", "payload.invalid"), ("nul", "payload.invalid"), ("surrogate", "payload.invalid"),
        ("deep", "payload.too_large"), ("deep tuples", "payload.too_large"), ("doubled", "payload.too_large"),
        ("circle", "payload.too_large"), ("keys", "payload.invalid"), ("huge int", "payload.invalid"),
    ],
)  # fmt: skip
def test_whatever_a_task_raises_or_returns_its_step_fails_and_its_worker_goes_on(task: str, how: str, error_type: str):
    run = settle_down(begin(publish({"a": {"python": task, "with": {"value": how}, **ONCE}})))
    row = step(run, "a")
    assert run.result == "failed"
    assert row.error_type.startswith(error_type)
    assert len(row.error_message) <= 4_000
    assert len(row.error_type) <= 127
    assert "\x00" not in row.error_message + row.error_type
    inside = task == "test.misbehave_inside"
    raised = error_type.startswith(("python", "odd"))
    assert row.effect == (Effect.NONE if inside else Effect.UNKNOWN if raised else Effect.HAPPENED)


def test_a_module_that_can_not_be_imported_had_no_effect(monkeypatch: pytest.MonkeyPatch):
    version = publish({"a": echo(1, effect="write", **ONCE)})

    def broken(name: str) -> Any:
        raise SyntaxError("half a deployment")

    monkeypatch.setattr("orchestration.steps.python.find", broken)
    run = settle_down(begin(version))
    assert (run.error_type, step(run, "a").effect) == ("python.import", Effect.NONE)


def test_a_fault_before_the_call_leaves_no_doubt_about_the_effect(monkeypatch: pytest.MonkeyPatch):
    def broken(*_: Any) -> Any:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr("orchestration.engine.execute._call", broken)
    run = settle_down(begin(publish({"a": write("a", **ONCE)})))
    assert (run.error_type, step(run, "a").effect, run.compensation) == ("python.RuntimeError", Effect.NONE, "none")


def test_a_read_that_fails_in_doubt_leaves_no_effect_behind():
    run = begin(publish({"a": echo(1, effect="read", **ONCE)}))
    held = hold(run, "a")
    complete(held, Executed(Failed("timeout", "no answer", effect=Effect.UNKNOWN)), inline=False)
    assert step(run, "a").effect == Effect.NONE


def test_a_task_of_a_compensation_that_is_not_registered_is_refused_when_applied():
    with pytest.raises(
        InvalidManifest, match=r"steps.a.compensate.python: no task 'test.undoo'.*did you mean 'test.undo'"
    ):
        publish({"a": {**echo(1), "compensate": {"python": "test.undoo"}}})


# Expressions.


def test_a_when_that_can_not_be_evaluated_at_a_root_fails_the_run_at_once():
    run = begin(publish({"a": write("a"), "b": echo(1, when="input.missing > 1")}))
    run.refresh_from_db()
    assert (run.status, run.result, run.failed_step, run.error_type) == ("finished", "failed", "b", "expression")
    assert "'missing'" in run.error_message
    assert step(run, "a").status == StepStatus.CANCELLED


def test_a_when_that_fails_beside_a_step_that_may_begin_leaves_nothing_running():
    run = begin(publish({"a": echo({"x": 1}), "b": write("b", needs=["a"]), "c": echo(1, when="steps.a.output.y")}))
    assert work(step(run, "a").pk) == 1
    run.refresh_from_db()
    assert (run.status, run.result, run.compensation) == ("finished", "failed", "none")
    assert step(run, "b").status == StepStatus.CANCELLED


def test_a_run_of_skipped_steps_alone_succeeds_at_the_start():
    version = publish(
        {"a": echo(1, when="false"), "b": echo(2, needs=["a"])}, output={"value": "${{ steps.a.output }}"}
    )
    run = begin(version)
    assert (run.status, run.result, run.output) == ("finished", "succeeded", "null")


def test_a_wait_until_a_time_before_all_times_is_over_at_once():
    run = begin(publish({"a": {"wait": {"until": "${{ input.at }}"}}}), {"at": "0001-01-01T00:00:00+14:00"})
    assert settle_down(run).result == "succeeded"


@pytest.mark.parametrize("value", [True, "nan", "-5s", "9" * 40, "10000d", [], None])
def test_a_wait_that_makes_no_sense_fails_and_is_not_tried_again(value: Any):
    run = settle_down(begin(publish({"a": {"wait": {"for": "${{ input.n }}"}}}), {"n": value}))
    assert (run.result, run.error_type) == ("failed", "wait.invalid")


# Lost and late workers.


def test_a_lost_worker_costs_no_attempt_and_its_late_result_is_refused():
    run = begin(publish({"a": write("a", **ONCE)}))
    first = hold(run, "a")
    pass_time(11)
    row = step(run, "a")
    assert (row.status, row.attempt, row.losses, row.effect) == ("ready", 0, 1, Effect.UNKNOWN)
    assert complete(first, Executed(Completed(1), output="1"), inline=False) is None
    second = hold(run, "a")
    assert complete(first, Executed(Completed(1), output="1"), inline=False) is None
    complete(second, Executed(Completed(2), output="2"), inline=False)
    assert complete(first, Executed(Failed("x", "late")), inline=False) is None
    assert settle_down(run).result == "succeeded"
    assert step(run, "a").output == "2"


def test_a_step_that_kills_its_workers_is_failed_in_the_end_and_undone():
    run = begin(publish({"a": write("a")}))
    for _ in range(5):
        hold(run, "a")
        pass_time(11)
    run = settle_down(run)
    assert (run.result, run.error_type, run.compensation) == ("failed", "worker.lost", "done")


@contextmanager
def at_work(step_id: int, fence: int, limit: float) -> Iterator[None]:
    worker.hold(step_id, fence, limit)
    yield
    worker.let_go(step_id, fence)


def test_an_attempt_past_its_time_is_timed_out_whatever_its_worker_does():
    run = begin(
        publish({"a": write("a", timeout={"start_to_close": "3s"}, retry={"maximum_attempts": 2, "jitter": "none"})})
    )
    held = hold(run, "a")
    with at_work(held.step.pk, held.step.fence, held.limit):
        worker.beat("steps")
        pass_time(4)
        assert step(run, "a").status == "running", "a kind that keeps its own limit gets a moment to say so"
        worker.beat("steps")
        pass_time(2)
    assert (step(run, "a").status, step(run, "a").error_type) == ("retrying", "timeout")
    assert complete(held, Executed(Completed(1), output="1"), inline=False) is None


def test_a_step_without_a_heartbeat_is_timed_out_and_one_with_it_is_not():
    run = begin(publish({"a": write("a", timeout={"heartbeat": "2s", "start_to_close": "1h"}, **ONCE)}))
    held = hold(run, "a")
    call = execute(held).call
    assert call is not None
    pass_time(1.5)
    call.heartbeat()
    pass_time(1.5)
    assert step(run, "a").status == "running"
    pass_time(1)
    assert step(run, "a").error_type == "timeout.heartbeat"
    call.heartbeat()
    assert step(run, "a").heartbeat_deadline is None, "a late heartbeat changes nothing"
    assert settle_down(run).compensation == "done"


def test_a_heartbeat_renews_only_what_is_at_work():
    run = begin(publish({"a": echo(1), "b": echo(2)}))
    mine, orphan = hold(run, "a"), hold(run, "b")
    with at_work(mine.step.pk, mine.step.fence, mine.limit):
        for _ in range(4):
            pass_time(4)
            worker.beat("steps")
    assert step(run, "a").status == "running"
    assert step(run, "b").status == "ready", "a claim whose answer was lost with the connection"
    assert complete(orphan, Executed(Completed(1), output="1"), inline=False) is None


def test_a_beat_does_not_renew_an_older_fence():
    run = begin(publish({"a": echo(1)}))
    hung = hold(run, "a")
    pass_time(11)
    hold(run, "a")
    before = step(run, "a").lease_until
    clock.advance(timedelta(seconds=5))
    with at_work(hung.step.pk, hung.step.fence, hung.limit):
        worker.beat("steps")
    assert step(run, "a").lease_until == before


def test_a_claim_is_held_for_a_lease_and_with_every_beat_for_another(monkeypatch: pytest.MonkeyPatch):
    now = [1_000.0]
    monkeypatch.setattr(worker, "time", SimpleNamespace(monotonic=lambda: now[0]))
    run = begin(publish({"a": echo(1)}))
    held = hold(run, "a")
    key = (held.step.pk, held.step.fence)
    with at_work(*key, held.limit):
        now[0] += 9
        assert worker.still_held(*key)
        worker.beat("steps")
        now[0] += 9
        assert worker.still_held(*key), "renewed by the beat"
        now[0] += 2
        assert not worker.still_held(*key), "the process was stopped for longer than a lease"
        StepRun.objects.filter(pk=held.step.pk).update(worker_id="someone else's")
        worker.beat("steps")
        assert not worker.still_held(*key), "what is not renewed is not held"


def test_a_claim_that_waited_before_it_was_put_in_hand_is_held_for_the_rest_of_its_lease():
    claimed_at = clock.now() - timedelta(seconds=11)
    worker.hold(1, 1, 60, claimed_at)
    worker.hold(2, 1, 60, clock.now())
    assert (worker.still_held(1, 1), worker.still_held(2, 1)) == (False, True)
    worker.let_go(1, 1)
    worker.let_go(2, 1)
    assert worker.still_held(1, 1), "its caller's own affair"


def test_a_hung_step_is_reported_by_its_worker():
    with at_work(1, 1, -worker.STUCK_AFTER - 1), at_work(2, 1, 60):
        worker.beat("steps")
        assert WorkerProcess.objects.get(id=worker.identity()).stuck == 1
    worker.beat("steps")
    assert WorkerProcess.objects.get(id=worker.identity()).stuck == 0


def test_nothing_ends_the_heartbeat(monkeypatch: pytest.MonkeyPatch):
    beats: list[str] = []

    def fail(queue: str) -> None:
        beats.append(queue)
        raise RuntimeError("whatever it is") if len(beats) < 3 else SystemExit

    monkeypatch.setattr(worker, "beat", fail)
    monkeypatch.setattr(worker, "BEAT_AGAIN", 0.01)
    monkeypatch.setattr(worker, "close_old_connections", lambda: None)

    def run() -> None:
        with pytest.raises(SystemExit):
            worker._run()

    thread = threading.Thread(target=run)
    worker._stop.clear()
    thread.start()
    thread.join(10)
    assert len(beats) == 3


def test_a_process_beats_with_one_thread_however_often_it_is_told(monkeypatch: pytest.MonkeyPatch):
    """A solo worker says twice that it is there; its first word does not know the queue."""
    said, heard = threading.Event(), list[str]()

    def beat(queue: str) -> None:
        heard.append(queue)
        if queue == "control":
            said.set()
        raise RuntimeError("at once again")

    monkeypatch.setattr(worker, "beat", beat)
    monkeypatch.setattr(worker, "BEAT_AGAIN", 0.01)
    monkeypatch.setattr(worker, "close_old_connections", lambda: None)
    try:
        worker.start_heartbeat("steps")
        worker.start_heartbeat("control")
        assert [thread.name for thread in threading.enumerate()].count("heartbeat") == 1
        assert said.wait(10)
    finally:
        worker.stop_heartbeat()


# Wake-ups.


@pytest.mark.django_db(transaction=True)
def test_a_wake_up_leaves_with_the_commit_that_it_speaks_of_or_never(monkeypatch: pytest.MonkeyPatch):
    """A worker that was called too early finds nothing, and the step waits for the sweeper."""
    sent: list[int] = []
    monkeypatch.setattr(messages, "send", sent.extend)
    with transaction.atomic():
        messages.wake_up([1, 2])
        assert sent == []
    assert sent == [1, 2]
    with transaction.atomic():
        messages.wake_up([3])
        transaction.set_rollback(True)
    assert sent == [1, 2]


# The sweeper.


def test_a_row_that_can_not_be_moved_does_not_keep_the_others_waiting(monkeypatch: pytest.MonkeyPatch):
    version = publish({"a": {"wait": {"for": "1h"}}})
    runs = [begin(version) for _ in range(3)]
    pump()
    real, poisoned = timers.held_by, step(runs[0], "a").pk

    def held_by(row: StepRun, phase: str) -> Claim:
        if row.pk == poisoned:
            raise KeyError("a fault of ours")
        return real(row, phase)

    monkeypatch.setattr(timers, "held_by", held_by)
    pass_time(4000)
    assert [Run.objects.get(pk=run.pk).status for run in runs] == ["waiting", "finished", "finished"]


@pytest.mark.parametrize("look", ["expired_leases", "overdue_attempts", "overdue_schedules", "overdue_runs"])
def test_one_bad_row_stops_no_look_of_the_sweeper(look: str, monkeypatch: pytest.MonkeyPatch):
    def broken(*_: Any, **__: Any) -> Any:
        raise KeyError("a fault of ours")

    version = publish(
        {"a": echo(1, timeout={"start_to_close": "1s"}), "b": echo(1, timeout={"schedule_to_start": "1s"})},
        timeout="5s",
    )
    run = begin(version)
    hold(run, "a")
    clock.advance(timedelta(seconds=60))
    for name in ("_lose", "_overdue", "_unscheduled", "expire"):
        monkeypatch.setattr(rescue, name, broken)
    assert getattr(rescue, look)(clock.now()) == 1
    wake()
    assert EngineMark.objects.get(name="wake").at > clock.now() - timedelta(seconds=5)


def test_two_rounds_of_the_sweeper_do_nothing_twice():
    run = begin(publish({"a": {"wait": {"for": "5s"}}, "b": echo(1, needs=["a"])}))
    pump()
    clock.advance(timedelta(seconds=6))
    first, second = wake(), wake()
    assert (first["timers"], second["timers"]) == (1, 0)
    assert StepRun.objects.filter(run=run).count() == 2


def test_a_retry_that_was_put_off_again_is_not_woken_by_a_slow_sweeper():
    run = begin(publish({"a": echo(1, retry={"initial_interval": "30s", "jitter": "none"})}))
    tasks.failing["a"] = 1
    pump()
    row = step(run, "a")
    assert transition.wake_steps([row.pk], StepStatus.RETRYING, clock.now()) == 0
    clock.advance(timedelta(seconds=31))
    assert transition.wake_steps([row.pk], StepStatus.RETRYING, clock.now()) == 1


# A database or a broker that goes away.


def test_an_outcome_outlasts_a_database_that_restarts(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(patience, "PAUSE", 0)
    monkeypatch.setattr(patience, "connection", SimpleNamespace(in_atomic_block=False, close=lambda: None))
    answers: list[Callable[[], Any]] = [_away, _away, lambda: 42]

    def act() -> Any:
        return answers.pop(0)()

    assert patience.outlast(act) == 42


def test_a_database_that_stays_away_is_given_up(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(patience, "DATABASE_AWAY", -1)
    monkeypatch.setattr(patience, "connection", SimpleNamespace(in_atomic_block=False, close=lambda: None))
    with pytest.raises(OperationalError):
        patience.outlast(_away)


def test_inside_a_transaction_nothing_is_tried_again():
    assert connection.in_atomic_block
    with pytest.raises(OperationalError):
        patience.outlast(_away)


def _away() -> Any:
    raise OperationalError("server closed the connection unexpectedly")


@pytest.mark.parametrize("error", [OSError("refused"), RuntimeError("whatever a client comes up with")])
def test_a_broker_that_is_away_costs_one_try_and_no_start_fails(error: Exception, monkeypatch: pytest.MonkeyPatch):
    tries: list[Any] = []

    class Pool:
        def acquire(self, **_: Any) -> Any:
            tries.append(1)
            raise error

    monkeypatch.undo()
    monkeypatch.setattr(messages, "_producers", Pool)
    monkeypatch.setattr(messages, "_quiet_until", 0.0)
    assert messages.send([1, 2, 3]) == 0
    assert messages.send([4]) == 0
    assert len(tries) == 1
    monkeypatch.setattr(messages, "_quiet_until", 0.0)


# Payloads.


def test_large_inputs_and_outputs_go_aside_and_come_back_in_the_run_and_its_retry():
    big = "x" * 100_000
    version = publish(
        {"a": echo("${{ input.big }}"), "b": echo("${{ steps.a.output }}", **ONCE)},
        output={"value": "${{ steps.b.output }}"},
    )
    tasks.failing["b"] = 1
    run = settle_down(begin(version, {"big": big}))
    assert run.input.startswith("ref:")
    assert step(run, "a").output.startswith("ref:")
    again = settle_down(retry_run(run=run, actor=None)[0])
    copied = step(again, "a")
    assert copied.reused_from_id == step(run, "a").pk
    assert copied.output != step(run, "a").output, "a payload of its own: the old run may be deleted"
    assert again.output.startswith("ref:")
    run_ids = set(Payload.objects.values_list("run_id", flat=True))
    assert run_ids == {run.pk, again.pk}


def test_the_input_of_a_step_is_stored_once_for_all_its_attempts():
    version = publish({"a": echo("${{ input.big }}")})
    tasks.failing["a"] = 3
    run = settle_down(begin(version, {"big": "x" * 100_000}))
    assert Payload.objects.filter(run=run).count() == 3  # the run's input, the step's input, its output


@pytest.mark.parametrize("text", ["\\u0000", "a\\\\u0000", "the text \\u0000 in a handbook"])
def test_the_words_of_an_escape_are_no_nul(text: str):
    assert json.loads(encode({"a": text}, "it")) == {"a": text}


@pytest.mark.parametrize("text", ["\x00", "\\\x00", "\\\\\x00", "a\x00\\u0000"])
def test_a_real_nul_is_refused_wherever_it_hides(text: str):
    with pytest.raises(ValueError, match=r"U\+0000"):
        encode({"a": text}, "it")


def test_depth_and_number_of_values_are_bounded_without_walking_all_of_them():
    doubled: Any = []
    for _ in range(90):
        doubled = [doubled, doubled]
    with pytest.raises(TooLarge, match="4,194,304"):
        encode(doubled, "it")


def test_an_error_text_is_cut_and_storable():
    assert error_text("a\x00\udfffb" + "c" * 9_000) == "a��b" + "c" * 3_996


# Starting, retrying, cancelling.


@pytest.mark.parametrize("key", ["", "x" * 201, "a\nb", "a\x00b", "a\x7fb", "a\ud800b"])
def test_a_key_that_no_database_holds_is_refused(key: str):
    with pytest.raises(InvalidInput, match="idempotency key"):
        start_run(version=publish({"a": echo(1)}), input={}, key=key)


@pytest.mark.parametrize("name", ["a\x00b", "a\ud800b", "", "x" * 500])
def test_a_name_that_no_database_holds_is_not_found(name: str):
    with pytest.raises(NotFound):
        version_to_run(workflow=name)
    publish({"a": echo(1)})
    with pytest.raises(NotFound, match="has no version"):
        version_to_run(workflow="demo", version=name)


def test_a_reason_that_no_database_holds_is_refused():
    run = begin(publish({"a": echo(1)}))
    for reason in ("", "  ", "a\x00b", "a\ud800b", "x" * 2_001):
        with pytest.raises(InvalidInput):
            cancel_run(run_id=run.pk, actor=None, reason=reason)


def test_a_retry_with_the_key_of_the_first_run_is_a_conflict_not_the_failed_run_again():
    version = publish({"a": {"python": "test.fail"}})
    run, _ = start_run(version=version, input={}, key="k")
    run = settle_down(run)
    with pytest.raises(Conflict, match="belongs to run"):
        retry_run(run=run, actor=None, key="k")
    again, created = retry_run(run=run, actor=None, key="k2")
    same, created_again = retry_run(run=run, actor=None, key="k2")
    assert (created, created_again, same.pk) == (True, False, again.pk)


def test_degraded_steps_are_reused_by_a_retry():
    run = settle_down(begin(publish({"a": echo(1), "b": {"python": "test.fail", "needs": ["a"]}})))
    StepRun.objects.filter(run=run, name="a").update(status=StepStatus.DEGRADED)
    again, _ = retry_run(run=run, actor=None)
    assert step(again, "a").status == StepStatus.DEGRADED
    assert copied(again.pk, step(run, "a")).status == StepStatus.DEGRADED


def test_a_write_that_happened_is_not_repeated_by_a_retry_although_what_it_read_is_made_again():
    version = publish({
        "a": write("a", {"id": 1}), "b": echo("${{ steps.a.output.id }}", effect="write"),
        "c": {"python": "test.fail", "needs": ["b"]},
    })  # fmt: skip
    run = settle_down(begin(version))
    again, _ = retry_run(run=run, actor=None)
    assert step(again, "b").reused_from_id == step(run, "b").pk
    assert not StepRun.objects.filter(run=again, name="a", status="succeeded").exists()


def test_a_running_step_of_a_cancelled_run_ends_at_its_boundary_and_is_undone():
    run = begin(publish({"a": write("a"), "b": echo(1, needs=["a"])}))
    held = hold(run, "a")
    cancel_run(run_id=run.pk, actor=None, reason="enough")
    run.refresh_from_db()
    assert run.status == "cancelling"
    complete(held, execute(held), inline=True)
    run = settle_down(run)
    assert (run.result, run.compensation, step(run, "a").status) == ("cancelled", "done", "succeeded")
    assert not StepRun.objects.filter(run=run, name="b").exists()


def test_a_failing_step_of_a_cancelled_run_is_not_tried_again():
    run = begin(publish({"a": echo(1)}))
    held = hold(run, "a")
    cancel_run(run_id=run.pk, actor=None, reason="enough")
    complete(held, Executed(Failed("timeout", "no answer")), inline=False)
    run.refresh_from_db()
    assert (run.status, run.result, step(run, "a").status) == ("finished", "cancelled", "failed")


def test_the_result_of_a_terminated_run_is_refused_and_begins_nothing():
    run = begin(publish({"a": echo(1), "b": echo(2, needs=["a"])}))
    held = hold(run, "a")
    terminate_run(run_id=run.pk, actor=None, reason="enough")
    assert complete(held, execute(held), inline=True) is None
    run.refresh_from_db()
    assert (run.status, run.result, StepRun.objects.filter(run=run).count()) == ("finished", "terminated", 1)
    assert Attempt.objects.filter(step__run=run).count() == 0


def test_a_transactional_result_that_comes_late_leaves_nothing_written():
    task = {"python": "test.rename_team", "with": {"team": "checkout", "description": "new"}}
    run = begin(publish({"a": task}))
    held = hold(run, "a")
    executed = execute(held)
    pass_time(11)
    assert complete(held, executed, inline=False) is None
    assert Team.objects.get(name="checkout").description == ""
    assert settle_down(run).result == "succeeded"
    assert Team.objects.get(name="checkout").description == "new"


def test_a_transactional_outcome_can_be_recorded_again_after_a_lost_commit():
    run = begin(publish({"a": {"python": "test.rename_team", "with": {"team": "checkout", "description": "new"}}}))
    held = hold(run, "a")
    executed = execute(held)
    given = executed.outcome
    with pytest.raises(OperationalError), _commit_is_lost():
        complete(held, executed, inline=False)
    assert executed.outcome is given, "not yet what it came to"
    complete(held, executed, inline=False)
    assert Team.objects.get(name="checkout").description == "new"
    run.refresh_from_db()
    assert run.result == "succeeded"


@contextmanager
def _commit_is_lost() -> Iterator[None]:
    with transaction.atomic():
        yield
        raise OperationalError("server closed the connection unexpectedly")
