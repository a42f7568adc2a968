"""A wake-up goes from its message straight to the conductor; the real worker is in tests/processes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from celery.concurrency.prefork import TaskPool as Prefork
from celery.concurrency.solo import TaskPool as Solo
from celery.exceptions import InvalidTaskError
from structlog.testing import capture_logs

from orchestration.engine import taking
from orchestration.engine.publish import LATER
from orchestration.tasks import work
from portal.celery import app


class Conductor:
    """Takes on what it has room for; says what happened in which order."""

    def __init__(self, room: int = 100) -> None:
        self.room, self.did = room, list[tuple[str, Any]]()

    def submit(self, ids: list[int], patience: float) -> list[int]:
        self.did.append(("submit", ids))
        return ids[self.room :]

    def submit_later(self, ids: list[int], patience: float) -> list[int]:
        self.did.append(("submit_later", ids))
        return ids[self.room :]


@pytest.fixture
def conductor(monkeypatch: pytest.MonkeyPatch) -> Conductor:
    found = Conductor()
    monkeypatch.setattr(taking, "conductor", lambda: found)
    monkeypatch.setattr(taking, "send", lambda ids: found.did.append(("sent back", ids)))
    monkeypatch.setattr(taking, "send_later", lambda ids: found.did.append(("sent back later", ids)))
    return found


def receive(conductor: Conductor, payload: Any, priority: int | None = None, *, pool: type = Solo) -> None:
    """As a worker's consumer does with a message of the task."""
    consumer = SimpleNamespace(
        pool=pool.__new__(pool), connection_errors=()
    )  # made whole, a solo one starts the heartbeat
    strategy = work.start_strategy(app, consumer)
    message = SimpleNamespace(payload=payload, delivery_info={"priority": priority})
    strategy(message, None, lambda *_: conductor.did.append(("acknowledged", None)), None, ())


def test_a_message_is_acknowledged_and_its_steps_are_taken_on(conductor: Conductor):
    receive(conductor, [[[7, 8]], {}, {}])
    assert conductor.did == [("acknowledged", None), ("submit", [7, 8]), ("sent back", [])]


def test_a_message_of_the_release_before_has_one_id(conductor: Conductor):
    receive(conductor, [[7], {}, {}])
    assert ("submit", [7]) in conductor.did


def test_what_may_be_taken_later_is_and_what_finds_no_room_goes_back_as_it_came(conductor: Conductor):
    conductor.room = 1
    receive(conductor, [[[7, 8]], {}, {}], LATER)
    receive(conductor, [[[7, 8]], {}, {}])
    assert conductor.did[1:3] == [("submit_later", [7, 8]), ("sent back later", [8])]
    assert conductor.did[4:] == [("submit", [7, 8]), ("sent back", [8])]


@pytest.mark.parametrize("payload", [[], [[]], {}, [["x"], {}, {}], [[["x"]], {}, {}], [[None], {}, {}], None])
def test_a_message_that_is_no_wake_up_is_refused_as_celery_refuses_one(conductor: Conductor, payload: Any):
    with pytest.raises(InvalidTaskError):
        receive(conductor, payload)
    assert conductor.did == []


def test_whatever_goes_wrong_the_consumer_goes_on(conductor: Conductor, monkeypatch: pytest.MonkeyPatch):
    def breaks() -> Conductor:
        raise OSError("no more threads")

    monkeypatch.setattr(taking, "conductor", breaks)
    with capture_logs() as logs:
        receive(conductor, [[[7]], {}, {}])
    assert [(one["event"], one["error"]) for one in logs] == [("wake_up.failed", "no more threads")]


def test_where_other_processes_do_the_work_the_way_is_celerys(monkeypatch: pytest.MonkeyPatch):
    asked = []
    monkeypatch.setattr(taking, "default", lambda *arguments, **_: asked.append(arguments) or (lambda *_: None))
    consumer = SimpleNamespace(pool=Prefork.__new__(Prefork))
    work.start_strategy(app, consumer)
    assert asked == [(work, app, consumer)]
