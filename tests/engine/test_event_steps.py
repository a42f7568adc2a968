"""Steps that wait for an event, and steps that emit one: met whichever comes first, given once, harmless when doubled."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from orchestration.engine.event_store import NewEvent, store
from orchestration.engine.events import route, unrouted
from orchestration.models import Event, EventReceipt, StepRun, Subscription
from tests.engine.harness import begin, echo, pass_time, publish, pump, settle_down, step

pytestmark = pytest.mark.django_db(transaction=True)

WAITS = {"paid": {"event": {"type": "order.paid", "correlation": "${{ input.order }}"}}}


def arrive(event_id: str = "1", order: str = "o-1", data: Any = None, **more: Any) -> Event:
    new = NewEvent("/shop", event_id, "order.paid", {"amount": 3} if data is None else data, correlation=order, **more)
    event, _ = store(new)
    route(event.pk)
    return event


def test_an_event_ends_the_wait_and_its_data_is_the_output():
    version = publish({**WAITS, "after": echo("${{ steps.paid.output.amount }}", needs=["paid"])})
    run = begin(version, {"order": "o-1"})
    pump()
    run.refresh_from_db()
    assert (run.status, step(run, "paid").waiting_kind) == ("waiting", "event")
    arrive(order="o-2")
    assert step(run, "paid").status == "waiting"

    arrive("2")

    run = settle_down(run)
    assert run.result == "succeeded"
    assert step(run, "after").output == "3"
    assert not Subscription.objects.exists()
    assert EventReceipt.objects.get(run=run).step == step(run, "paid")


def test_an_event_that_came_early_is_kept_for_the_step():
    version = publish(WAITS)
    arrive()
    run = begin(version, {"order": "o-1"})
    pump()
    run.refresh_from_db()
    assert run.result == "succeeded"
    assert step(run, "paid").output == '{"amount":3}'


def test_a_doubled_event_is_one_event():
    version = publish({**WAITS, "again": {**WAITS["paid"], "needs": ["paid"]}})
    run = begin(version, {"order": "o-1"})
    pump()
    first, second = arrive(), arrive()
    assert first.pk == second.pk
    pump()
    assert step(run, "again").status == "waiting"  # the run has had that event
    arrive("2", data={"amount": 4})
    run = settle_down(run)
    assert [step(run, name).output for name in ("paid", "again")] == ['{"amount":3}', '{"amount":4}']


def test_two_early_events_are_given_in_their_order():
    version = publish({**WAITS, "again": {**WAITS["paid"], "needs": ["paid"]}})
    arrive("1", data=1)
    arrive("2", data=2)
    run = settle_down(begin(version, {"order": "o-1"}))
    assert [step(run, name).output for name in ("paid", "again")] == ["1", "2"]


def test_every_run_that_waits_for_it_gets_it():
    version = publish(WAITS)
    runs = [begin(version, {"order": "o-1"}) for _ in range(3)]
    pump()
    arrive()
    assert {settle_down(run).result for run in runs} == {"succeeded"}


def test_an_event_that_nobody_routed_is_routed_by_the_sweeper():
    version = publish(WAITS)
    run = begin(version, {"order": "o-1"})
    pump()
    store(NewEvent("/shop", "1", "order.paid", 7, correlation="o-1"))
    assert unrouted(run.created_at + timedelta(seconds=1)) == 0
    pass_time(10)
    assert settle_down(run).result == "succeeded"


def test_a_wait_without_an_event_ends_in_time():
    version = publish({"paid": {"event": {"type": "order.paid", "correlation": "x", "timeout": "1h"}}})
    run = begin(version)
    pump()
    pass_time(3500)
    assert step(run, "paid").status == "waiting"
    pass_time(200)
    run = settle_down(run)
    assert (run.result, run.error_type) == ("timed_out", "timeout.event")
    assert not Subscription.objects.exists()


def test_without_a_correlation_the_run_is_answered_by_its_own_id():
    version = publish({"paid": {"event": {"type": "order.paid"}}})
    run = begin(version)
    pump()
    arrive(order=str(run.pk))
    assert settle_down(run).result == "succeeded"


def test_an_event_that_misses_what_is_expected_fails_the_step():
    version = publish({"paid": {**WAITS["paid"], "expect": ["output.amount > 5"]}})
    run = begin(version, {"order": "o-1"})
    pump()
    arrive()
    run = settle_down(run)
    assert (run.result, run.error_type) == ("failed", "expect")


def test_a_signal_is_for_its_run_alone_whatever_the_correlation():
    version = publish(WAITS)
    one, other = begin(version, {"order": "o-1"}), begin(version, {"order": "o-1"})
    pump()
    arrive(order="", run_id=one.pk)
    assert settle_down(one).result == "succeeded"
    assert step(other, "paid").status == "waiting"


def test_a_cancelled_run_waits_for_nothing():
    from orchestration.services.runs import cancel_run

    version = publish(WAITS)
    run = begin(version, {"order": "o-1"})
    pump()
    cancel_run(run_id=run.pk, actor=None, reason="enough")
    assert not Subscription.objects.exists()
    arrive()
    assert step(run, "paid").status == "cancelled"


def test_an_emitted_event_is_written_once_and_wakes_who_waits_for_it():
    waits = publish({"paid": {"event": {"type": "order.paid", "correlation": "${{ input.run }}"}}}, name="waits")
    emits = publish(
        {"tell": {"emit": {"type": "order.paid", "subject": "o-1", "data": {"n": "${{ input.n }}"}}}}, name="emits"
    )
    emitter = settle_down(begin(emits, {"n": 5}))
    event = Event.objects.get()
    assert (event.type, event.data, event.emitted_by) == ("order.paid", '{"n":5}', step(emitter, "tell"))
    assert event.source.endswith("/workflows/emits")
    waiter = begin(waits, {"run": str(emitter.pk)})
    run = settle_down(waiter)
    assert (run.result, step(run, "paid").output) == ("succeeded", '{"n":5}')


def test_an_emit_that_breaks_its_record_leaves_no_event():
    version = publish(
        {"tell": {"emit": {"type": "order.paid", "data": "${{ input.n }}"}, "expect": ["output.type == 'x'"]}}
    )
    run = settle_down(begin(version, {"n": 5}))
    assert run.error_type == "expect"
    assert not Event.objects.exists()


def test_a_thousand_waiting_runs_hold_nothing_but_rows():
    version = publish(WAITS)
    runs = [begin(version, {"order": f"o-{number}"}) for number in range(50)]
    pump()
    waiting = StepRun.objects.filter(status="waiting", worker_id="", lease_until=None)
    assert waiting.count() == len(runs)
