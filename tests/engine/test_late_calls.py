"""A call that waited for the database, or for anything, until its lease was over is not made: somebody else may be at it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from orchestration import clock
from orchestration.engine import breakers, capacity, execute, worker
from orchestration.engine.claim import Claim, claim
from orchestration.models import BulkheadSlot
from orchestration.steps import celery, http
from tests.engine import tasks
from tests.engine.breaking import Shop, declare, forget
from tests.engine.harness import begin, pass_time, publish, pump, step
from tests.engine.services import Service, service

pytestmark = pytest.mark.django_db

HTTP = {"http": {"method": "POST", "path": "/x"}, "effect": "write", "dependency": "shop"}
PYTHON = {"python": "test.echo", "dependency": "shop"}
CELERY = {"celery": {"task": "shop.pack", "queue": "shop"}}
#: What waited before the call: a step, and the function that did not return until the lease was over.
WAITS = {
    "the breaker of an http step": (HTTP, breakers, "look"),
    "the bulkhead of an http step": (HTTP, capacity, "take_slot"),
    "the address of an http step": (HTTP, http, "target_of"),
    "the breaker of a python step": (PYTHON, breakers, "look"),
    "the record of a celery step": (CELERY, execute, "keep_input"),
}


@pytest.fixture
def shop() -> Iterator[Service]:
    forget()
    answering = Shop()
    answering.status = 200
    with service(answering) as found:
        declare(found.url, bulkhead={"limit": 1})
        yield found
    forget()


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tasks that would have gone to the broker."""
    found: list[str] = []
    monkeypatch.setattr(celery, "deliver", lambda task, *_, **__: found.append(task))
    return found


def in_hand(declared: dict[str, Any]) -> Claim:
    run = begin(publish({"a": declared}))
    held = claim(step(run, "a").pk)
    assert held is not None
    worker.hold(held.step.pk, held.step.fence, held.limit, held.claimed_at)
    return held


@pytest.mark.parametrize("waited", WAITS)
def test_a_call_whose_lease_ended_while_it_waited_is_not_made(
    waited: str, shop: Service, sent: list[str], monkeypatch: pytest.MonkeyPatch
):
    declared, part, name = WAITS[waited]
    held, real = in_hand(declared), getattr(part, name)

    def waiting(*given: Any, **more: Any) -> Any:
        worker.hold(held.step.pk, held.step.fence, held.limit, clock.now() - timedelta(seconds=60))
        return real(*given, **more)

    with monkeypatch.context() as patch:
        patch.setattr(part, name, waiting)
        with pytest.raises(execute.Abandoned):
            execute.execute(held)
    worker.let_go(held.step.pk, held.step.fence)
    assert (shop.requests, tasks.calls, sent) == ([], [], [])
    assert not BulkheadSlot.objects.filter(until__isnull=False).exists(), "what it held of the dependency is free again"


@pytest.mark.parametrize("declared", [HTTP, PYTHON, CELERY], ids=["http", "python", "celery"])
def test_a_call_in_time_is_made(declared: dict[str, Any], shop: Service, sent: list[str]):
    held = in_hand(declared)
    execute.execute(held)
    worker.let_go(held.step.pk, held.step.fence)
    assert len(shop.requests) + len(tasks.calls) + len(sent) == 1


def test_a_step_whose_call_was_not_made_is_rescued_and_done_once(shop: Service, monkeypatch: pytest.MonkeyPatch):
    held = in_hand(HTTP)
    worker.hold(held.step.pk, held.step.fence, held.limit, clock.now() - timedelta(seconds=60))
    with pytest.raises(execute.Abandoned):
        execute.execute(held)
    worker.let_go(held.step.pk, held.step.fence)
    pass_time(60)
    pump()
    clock.reset()
    assert len(shop.requests) == 1
