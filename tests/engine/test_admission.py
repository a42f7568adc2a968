"""A dependency that fails, is full or is too fast: steps are parked, fall back or fail, and come back gradually."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from orchestration import clock
from orchestration.engine import admission, breakers, capacity, parked
from orchestration.engine.wake import wake
from orchestration.models import (
    Attempt,
    Breaker,
    BreakerTransition,
    BulkheadSlot,
    LastGood,
    Parking,
    Run,
    StepRun,
    Team,
)
from orchestration.policies.admission import RAMP_FIRST
from orchestration.policies.breaker import Counts
from orchestration.selectors.guards import guards_of
from orchestration.services import breakers as forced
from orchestration.services.runs import cancel_run, terminate_run
from orchestration.steps.outcome import Completed, Deferred, Failed
from tests.engine.breaking import TOUCHY, Shop, call, declare, flush, forget, open_breaker
from tests.engine.harness import begin, pass_time, publish, pump, settle_down, step
from tests.engine.services import Service, service

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def anew() -> Iterator[None]:
    """No state of a test before, and the clock as it is."""
    forget()
    yield
    forget()
    clock.reset()


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def served(shop: Shop) -> Iterator[Service]:
    with service(shop) as found:
        yield found


def test_an_open_breaker_parks_the_step_without_using_an_attempt(served: Service):
    open_breaker(served.url)
    before = len(served.requests)
    run = begin(publish({"a": call()}))
    pump()
    found = step(run, "a")
    assert (found.status, found.waiting_kind, found.attempt) == ("waiting", "parked", 0)
    assert found.not_before is not None
    assert Parking.objects.get(step=found).kind == "breaker"
    run.refresh_from_db()
    assert run.status == "waiting"
    assert len(served.requests) == before, "nothing was sent"


def test_a_parked_step_is_tried_when_the_breaker_half_opens_and_its_parked_time_stays(served: Service, shop: Shop):
    open_breaker(served.url)
    run = begin(publish({"a": call()}))
    pump()
    shop.status = 200
    pass_time(13)
    pump()
    run.refresh_from_db()
    assert run.result == "succeeded"
    attempts = list(Attempt.objects.filter(step__run=run).order_by("id").values_list("outcome", "number", "error_type"))
    assert attempts == [("parked", 1, "parked.breaker"), ("succeeded", 1, "")]
    kept = Attempt.objects.get(step__run=run, outcome="parked")
    assert kept.finished_at - kept.started_at > timedelta(seconds=12)
    assert not Parking.objects.exists()


def test_half_open_exactly_the_permitted_calls_pass_and_success_closes_it(served: Service, shop: Shop):
    open_breaker(served.url)
    version = publish({"a": call()})
    runs = [begin(version) for _ in range(9)]
    pump()
    before = len(served.requests)
    pass_time(13)
    pump()
    assert len(served.requests) - before == 2, "as many as half_open_calls"
    assert Breaker.objects.get(name="shop").state == "open", "both failed"
    shop.status = 200
    pass_time(25)
    pump()
    assert Breaker.objects.get(name="shop").state == "closed"
    for run in runs:
        run.refresh_from_db()
    assert sum(run.status == "finished" for run in runs) == 4
    moves = list(BreakerTransition.objects.order_by("id").values_list("source", "target"))
    assert moves == [
        ("closed", "open"), ("open", "half_open"), ("half_open", "open"), ("open", "half_open"), ("half_open", "closed"),
    ]  # fmt: skip


def test_after_it_closes_parked_steps_come_back_a_few_a_second_and_then_more(served: Service, shop: Shop):
    open_breaker(served.url)
    version = publish({"a": call()})
    for _ in range(40):
        begin(version)
    pump()
    shop.status = 200
    pass_time(13)
    pump()
    freed = []
    while Parking.objects.exists():
        before = Parking.objects.count()
        pass_time(1.1)
        freed.append(before - Parking.objects.count())
        pump()
    assert freed == [3, 6, 12, 17]
    assert not Run.objects.exclude(workflow__name="failing").exclude(result="succeeded").exists()


def test_to_let_many_go_costs_no_query_for_each(served: Service):
    open_breaker(served.url)
    version = publish({"a": call()})
    for _ in range(12):
        begin(version)
    pump()
    waiting = Parking.objects.filter(dependency="shop")
    costs = []
    for count in (2, 10):
        with CaptureQueriesContext(connection) as captured:
            assert len(parked._let_go(waiting, count)) == count
        costs.append(len(captured))
    assert costs[0] == costs[1]


def test_schedule_to_close_runs_on_while_parked(served: Service):
    open_breaker(served.url)
    run = begin(publish({"a": call(timeout={"schedule_to_close": "5s"})}))
    pump()
    pass_time(6)
    wake()
    run.refresh_from_db()
    assert (run.result, step(run, "a").error_type) == ("timed_out", "timeout.schedule_to_close")
    assert not Parking.objects.exists()
    assert Attempt.objects.get(step__run=run).outcome == "parked", "that it was parked stays known"


@pytest.mark.parametrize("stop", [cancel_run, terminate_run])
def test_a_parked_step_is_stopped_with_its_run(served: Service, stop: Any):
    open_breaker(served.url)
    run = begin(publish({"a": call()}))
    pump()
    stop(run_id=run.pk, actor=None, reason="enough")
    wake()
    assert step(run, "a").status == "cancelled"
    assert not Parking.objects.exists()


def test_on_open_fail_fails_the_step_at_once(served: Service):
    open_breaker(served.url, breaker={**TOUCHY, "on_open": "fail"})
    run = begin(publish({"a": call(retry={"maximum_attempts": 5})}))
    pump()
    run.refresh_from_db()
    assert (run.result, step(run, "a").error_type) == ("failed", "breaker.open")


def test_an_open_breaker_makes_a_step_fall_back_at_once_and_the_run_says_what_is_missing(served: Service):
    open_breaker(served.url)
    steps = {
        "a": call(fallback={"value": {"n": "${{ input.n }}"}}),
        "b": {"value": "${{ steps.a.output.n }}"},
    }
    run = settle_down(begin(publish(steps, output={"value": "${{ steps.b.output }}"}), {"n": 7}))
    assert (run.result, run.output) == ("degraded", "7")
    found = step(run, "a")
    assert (found.status, found.error_type, found.output) == ("degraded", "breaker.open", '{"n":7}')
    assert "took the declared value" in found.error_message


def test_a_fallback_is_taken_on_the_final_failure_only(served: Service):
    declare(served.url, breaker={"minimum_calls": 100})
    steps = {"a": call(retry={"maximum_attempts": 2, "initial_interval": "1s"}, fallback={"skip": True})}
    run = begin(publish(steps))
    pump()
    assert step(run, "a").status == "retrying"
    run = settle_down(run)
    assert (run.result, step(run, "a").error_type, step(run, "a").output) == ("degraded", "http.503", "null")
    assert list(Attempt.objects.filter(step__run=run).values_list("outcome", flat=True)) == ["failed", "failed"]


def test_last_good_comes_from_the_same_input_only_and_says_how_old_it_is(served: Service, shop: Shop):
    declare(served.url, breaker={"minimum_calls": 100})
    version = publish(
        {"a": {**call(fallback={"last_good": True}), "http": {"path": "/x", "query": {"q": "${{ input.q }}"}}}}
    )
    shop.status = 200
    assert settle_down(begin(version, {"q": 1})).result == "succeeded"
    assert LastGood.objects.count() == 1
    shop.status = 503
    clock.advance(timedelta(minutes=5))
    other = settle_down(begin(version, {"q": 2}))
    assert other.result == "failed"
    assert "no earlier output for the same input" in step(other, "a").error_message
    same = settle_down(begin(version, {"q": 1}))
    assert (same.result, step(same, "a").output) == ("degraded", '{"n":1}')
    assert "5 minutes old" in step(same, "a").error_message


def test_what_is_too_old_to_be_good_is_forgotten():
    for days, number in ((29, 0), (31, 1)):
        at = clock.now() - timedelta(days=days)
        LastGood.objects.create(workflow="w", step="s", input_hash=str(number), output="1", at=at)
    wake()
    assert LastGood.objects.get().input_hash == "0"


def test_a_write_that_may_have_happened_never_falls_back(served: Service, shop: Shop):
    declare(served.url, breaker={"minimum_calls": 100})
    shop.status = 500  # a write that got this may have happened
    steps = {
        "a": {
            "http": {"method": "POST", "path": "/x"}, "dependency": "shop", "fallback": {"value": 1},
            "compensate": {"python": "test.undo", "with": {"value": 1}},
        }
    }  # fmt: skip
    run = settle_down(begin(publish(steps)))
    assert (run.result, run.compensation) == ("failed", "done")
    assert "no fallback: what it wrote may have happened" in step(run, "a").error_message
    shop.status = 503  # and this says that nothing was done
    again = settle_down(begin(publish(steps, version="1.0.1")))
    assert again.result == "degraded"


def test_a_fallback_waits_for_schedule_to_close_too(served: Service):
    declare(served.url, bulkhead={"limit": 1})
    assert capacity.take_slot("shop", 1, 60) is not None
    run = begin(publish({"a": call(fallback={"value": 3}, timeout={"schedule_to_close": "5s"})}))
    pump()
    BulkheadSlot.objects.update(until=clock.now() + timedelta(hours=1))
    assert (step(run, "a").status, step(run, "a").waiting_kind) == ("waiting", "capacity")
    capacity_kept = parked.capacity.free_lost_slots
    parked.capacity.free_lost_slots = lambda now: None  # type: ignore[assignment]
    try:
        pass_time(6)
    finally:
        parked.capacity.free_lost_slots = capacity_kept  # type: ignore[assignment]
    run.refresh_from_db()
    assert (run.result, step(run, "a").output) == ("degraded", "3")


def test_a_full_bulkhead_parks_and_a_free_slot_lets_the_oldest_go(served: Service, shop: Shop):
    shop.status = 200
    declare(served.url, bulkhead={"limit": 1})
    slot = capacity.take_slot("shop", 1, 60)
    assert slot is not None
    version = publish({"a": call()})
    runs = [begin(version) for _ in range(3)]
    pump()
    assert StepRun.objects.filter(waiting_kind="capacity").count() == 3
    capacity.free_slot(slot)
    wake()
    assert StepRun.objects.get(status="ready").run_id == runs[0].pk
    assert pump() >= 3, "each that ends lets the next one go"
    for run in runs:
        run.refresh_from_db()
    assert {run.result for run in runs} == {"succeeded"}
    assert BulkheadSlot.objects.get().until is None


def test_a_slot_of_a_dead_worker_is_free_again(served: Service):
    declare(served.url, bulkhead={"limit": 1})
    assert capacity.take_slot("shop", 1, 3600) is not None
    assert capacity.take_slot("shop", 1, 3600) is None
    wake()  # this process has no row of a worker
    Parking.objects.all().delete()
    parked.release(clock.now())
    assert capacity.take_slot("shop", 1, 3600) is not None


def test_a_rate_limit_parks_what_is_too_much(served: Service, shop: Shop):
    shop.status = 200
    declare(served.url, rate_limit="60/m")
    version = publish({"a": call()})
    runs = [begin(version) for _ in range(3)]
    pump()
    assert len(served.requests) == 1
    assert StepRun.objects.filter(waiting_kind="capacity").count() == 2
    for _ in range(6):
        pass_time(1.05)
        pump()
    for run in runs:
        run.refresh_from_db()
    assert {run.result for run in runs} == {"succeeded"}


@pytest.mark.parametrize("rate", ["100/s", None])
def test_a_rate_limit_that_is_raised_or_removed_holds_from_now_on(served: Service, shop: Shop, rate: str | None):
    shop.status = 200
    declare(served.url, rate_limit="1/h")
    version = publish({"a": call()})
    begin(version)
    late = begin(version)
    pump()
    assert step(late, "a").waiting_kind == "capacity"
    declare(served.url, **({"rate_limit": rate} if rate else {}))
    capacity.forget()
    settle_down(late, horizon=3, stride=1)
    assert settle_down(begin(version), horizon=3, stride=1).result == "succeeded"


def test_a_clock_that_is_set_back_holds_neither_rate_nor_ramp(served: Service, shop: Shop):
    declare(served.url, rate_limit="10/s")
    clock.advance(timedelta(hours=1))
    assert capacity.take_call("shop", 10.0) >= 0
    breakers.change("shop", lambda book, now: None)
    assert breakers.let_go("shop", lambda book, before, ago: 4) == 4
    clock.advance(timedelta(hours=-1))
    capacity.forget()
    assert capacity.take_call("shop", 10.0) >= 0
    assert parked._room("shop", "breaker", clock.now()) == RAMP_FIRST


def test_a_spent_retry_budget_defers_the_retry_without_using_an_attempt(served: Service):
    declare(served.url, breaker={"minimum_calls": 1000})
    retry = {"maximum_attempts": 2, "initial_interval": "1s", "jitter": "none"}
    version = publish({"a": call(retry=retry)})
    runs = [begin(version) for _ in range(6)]
    pump()
    pass_time(1.5)
    pump()
    deferred = StepRun.objects.filter(status="waiting", waiting_kind="capacity")
    assert deferred.count() == 3, "three of a slice may be tried again at once"
    assert set(deferred.values_list("attempt", flat=True)) == {1}
    assert set(Parking.objects.values_list("kind", flat=True)) == {"retry_budget"}
    for run in runs:
        assert settle_down(run, stride=7).result == "failed"
    assert set(StepRun.objects.values_list("attempt", flat=True)) == {2}


def test_retries_come_back_a_few_a_second_once_the_budget_sets_no_bound(served: Service, shop: Shop):
    declare(served.url, breaker={"minimum_calls": 10_000})
    version = publish({"a": call(retry={"maximum_attempts": 2, "initial_interval": "1s", "jitter": "none"})})
    for _ in range(40):
        begin(version)
    pump()
    pass_time(1.1)
    flush()
    pump()
    waiting = Parking.objects.filter(kind="retry_budget").count()
    assert waiting > 24, "the others were let go by the seconds that passed meanwhile"
    shop.status = 200
    clock.advance(timedelta(seconds=70))  # the failures have left the window
    breakers.forget()
    freed = []
    while Parking.objects.exists():
        before = Parking.objects.count()
        pass_time(1.1)
        freed.append(before - Parking.objects.count())
        pump()
    assert freed[:3] == [3, 6, 12]
    assert Run.objects.filter(result="succeeded").count() == waiting


def test_a_compensation_waits_for_an_open_breaker_without_using_an_attempt(served: Service, shop: Shop):
    open_breaker(served.url)
    steps = {
        "a": {"python": "test.echo", "with": {"value": 1}, "effect": "write", "compensate": {"http": {"path": "/undo"}, "dependency": "shop"}},
        "b": {"python": "test.fail", "needs": ["a"]},
    }  # fmt: skip
    run = begin(publish(steps))
    pump()
    found = step(run, "a")
    assert (found.compensation, found.compensation_attempt) == ("running", 0)
    assert found.not_before is not None
    assert found.not_before > clock.now() + timedelta(seconds=5)
    assert "open" in found.compensation_error
    shop.status = 200
    run = settle_down(run)
    assert (run.compensation, step(run, "a").compensation_attempt) == ("done", 1)


def test_a_compensation_that_waits_for_a_forced_breaker_goes_on_soon_after_it_is_released(served: Service, shop: Shop):
    shop.status = 200
    declare(served.url)
    ends = clock.now() + timedelta(days=6)
    forced.force(name="shop", state="forced_open", reason="r", expires_at=ends, actor=None)
    steps = {
        "a": {"python": "test.echo", "with": {"value": 1}, "effect": "write", "compensate": {"http": {"path": "/undo"}, "dependency": "shop"}},
        "b": {"python": "test.fail", "needs": ["a"]},
    }  # fmt: skip
    run = begin(publish(steps))
    pump()
    pass_time(70)
    pump()
    assert (step(run, "a").compensation, step(run, "a").compensation_attempt) == ("running", 0), "it asked in vain"
    forced.release(name="shop", reason="fixed", actor=None)
    run = settle_down(run, horizon=70, stride=10)
    assert (run.compensation, step(run, "a").compensation_attempt) == ("done", 1)


def test_a_transactional_task_with_a_dependency_is_refused_and_says_nothing_about_it(served: Service):
    open_breaker(served.url, bulkhead={"limit": 1})
    pass_time(13)
    given = {"team": "checkout", "description": "written"}
    inside = {"python": "test.rename_team", "with": given, "dependency": "shop", "retry": {"maximum_attempts": 5}}
    runs = [begin(publish({"a": inside})) for _ in range(3)]
    pump()
    for run in runs:
        run.refresh_from_db()
        found = step(run, "a")
        assert (run.result, found.error_type, found.attempt) == ("failed", "python.transactional", 1)
    assert "call shop from a step before it" in found.error_message
    assert not Team.objects.filter(description="written").exists()
    assert breakers.look("shop", guards_of("shop").breaker).trial == Counts()
    assert BulkheadSlot.objects.get().until is None


def test_an_answer_that_is_a_refusal_does_not_count_against_the_dependency(served: Service, shop: Shop):
    shop.status = 404
    declare(served.url, breaker=TOUCHY)
    version = publish({"a": call()})
    for _ in range(5):
        begin(version)
    pump()
    clock.advance(timedelta(seconds=2))
    flush()
    row = Breaker.objects.get(name="shop")
    assert row.state == "closed"
    assert breakers.book_of(row).window(clock.now().timestamp()) == Counts(calls=5)


def test_the_run_s_own_timeout_bounds_an_attempt_and_the_deadline_that_is_sent(served: Service, shop: Shop):
    shop.status = 200
    declare(served.url, timeout={"start_to_close": "60s"})
    run = settle_down(begin(publish({"a": call()}, timeout="9s")))
    sent = int(served.requests[0][2]["x-deadline"]) / 1000
    assert abs(sent - (run.created_at + timedelta(seconds=9)).timestamp()) < 0.05


def test_a_healthy_dependency_costs_a_read_and_a_write_now_and_then_and_not_one_a_call(
    served: Service, django_assert_max_num_queries: Any
):
    declare(served.url)
    with django_assert_max_num_queries(15):  # the state read a few times, the counts written once
        for _ in range(300):
            ticket = admission.enter("shop", 1, 5.0)
            assert isinstance(ticket, admission.Ticket)
            admission.leave(ticket, Completed(), 0.01)
    flush()
    assert breakers.look("shop", guards_of("shop").breaker).window(clock.now().timestamp()).calls == 300


def test_a_late_report_of_an_earlier_state_is_refused(served: Service):
    declare(served.url, breaker=TOUCHY)
    late = admission.enter("shop", 1, 5.0)
    assert isinstance(late, admission.Ticket)
    open_breaker(served.url)
    pass_time(13)
    pump()
    for _ in range(5):
        admission.leave(late, Failed("timeout", "late"), 9.0)
    flush()
    book, _ = breakers.ask("shop", guards_of("shop").breaker, 5.0)
    assert (book.state, book.trial) == ("half_open", Counts())


def test_a_database_that_is_away_loses_a_count_and_never_the_outcome(served: Service, monkeypatch: pytest.MonkeyPatch):
    declare(served.url)
    ticket = admission.enter("shop", 1, 5.0)
    assert isinstance(ticket, admission.Ticket)
    away(monkeypatch, breakers, "note")
    admission.leave(ticket, Completed(), 0.01)


def away(monkeypatch: pytest.MonkeyPatch, part: Any, name: str, times: int = 1000) -> None:
    """The database does not answer the next calls of that function."""
    real, left = getattr(part, name), [times]

    def failing(*args: Any, **more: Any) -> Any:
        left[0] -= 1
        if left[0] >= 0:
            raise OperationalError("the server closed the connection")
        return real(*args, **more)

    monkeypatch.setattr(part, name, failing)
    monkeypatch.setattr(admission, "connection", SimpleNamespace(close=lambda: None))


def taken(lasts: float = 3600.0, attempt: int = 1) -> admission.Ticket:
    ticket = admission.enter("shop", attempt, lasts)
    assert isinstance(ticket, admission.Ticket), ticket
    return ticket


def test_a_slot_is_freed_although_the_call_could_not_be_counted(served: Service, monkeypatch: pytest.MonkeyPatch):
    declare(served.url, bulkhead={"limit": 1})
    ticket = taken()
    away(monkeypatch, breakers, "note")
    admission.leave(ticket, Completed(), 0.01)
    assert BulkheadSlot.objects.get().until is None


@pytest.mark.parametrize("part", ["free_slot", "settle"])
def test_what_could_not_be_given_back_is_with_a_later_heartbeat(
    served: Service, monkeypatch: pytest.MonkeyPatch, part: str
):
    open_breaker(served.url, breaker={**TOUCHY, "half_open_calls": 1}, bulkhead={"limit": 1})
    clock.advance(timedelta(seconds=13))
    breakers.forget()
    ticket = taken()
    assert (ticket.permit, BulkheadSlot.objects.exclude(until=None).count()) == (1, 1)
    away(monkeypatch, capacity if part == "free_slot" else breakers, part, times=2)
    admission.leave(ticket, Completed(), 0.01)
    admission.pay_back()  # away still
    assert len(admission._owed) == 1
    admission.pay_back()
    assert not admission._owed
    assert Breaker.objects.get(name="shop").state == "closed", "the trial call counts, though late"
    assert BulkheadSlot.objects.get().until is None


def test_a_slot_is_given_back_when_the_database_goes_away_before_the_call(
    served: Service, monkeypatch: pytest.MonkeyPatch
):
    declare(served.url, bulkhead={"limit": 1}, rate_limit="100/s")
    away(monkeypatch, capacity, "take_call", times=1)
    with pytest.raises(OperationalError):
        taken()
    away(monkeypatch, breakers, "note", times=1)
    with pytest.raises(OperationalError):
        taken(attempt=2)
    taken(attempt=2)


def test_a_permit_is_given_back_when_the_database_goes_away_before_the_call(
    served: Service, monkeypatch: pytest.MonkeyPatch
):
    open_breaker(served.url, bulkhead={"limit": 3})
    clock.advance(timedelta(seconds=13))
    away(monkeypatch, capacity, "take_slot", times=2)
    for _ in range(2):
        with pytest.raises(OperationalError):
            taken()
    assert [taken().permit, taken().permit] == [3, 4]
    assert isinstance(admission.enter("shop", 1, 5.0), Deferred), "two are out, as many as half_open_calls"


def test_steps_without_a_dependency_touch_no_breaker():
    run = settle_down(begin(publish({"a": {"value": 1}})))
    assert run.result == "succeeded"
    assert not Breaker.objects.exists()
    assert not Attempt.objects.filter(step__run=run).exclude(step__fence=F("fence")).exists()
