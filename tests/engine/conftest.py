"""The engine driven in this process: tests deliver the messages themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from orchestration.engine import publish
from orchestration.engine.conductor import Conductor
from tests.engine import tasks
from tests.engine.conducting import close_gate, conductors, may_go


@pytest.fixture(autouse=True)
def no_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publish, "send", len)
    monkeypatch.setattr("orchestration.engine.wake.send", len)
    tasks.calls.clear()
    tasks.failing.clear()


@pytest.fixture
def gate() -> Iterator[None]:
    """Closed at the start, for the steps that stay at it; open at the end."""
    close_gate()
    yield
    may_go.set()


@pytest.fixture
def make(gate: None) -> Iterator[Callable[[int], Conductor]]:
    """Makes conductors of so many threads."""
    with conductors() as of:
        yield of
