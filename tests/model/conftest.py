"""The engine on a clock and with a broker that the machine plays."""

from __future__ import annotations

import pytest

from orchestration import clock
from orchestration.engine import publish
from tests.model import workflows
from tests.model.driver import World


@pytest.fixture(autouse=True)
def _world(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", World.now)
    monkeypatch.setattr(clock, "lately", World.now)
    monkeypatch.setattr(publish, "send", World.send)
    monkeypatch.setattr("orchestration.engine.wake.send", World.send)
    monkeypatch.setattr(publish, "_ask", lambda task, arguments: None)  # the sweeper routes what nobody told it of
    workflows.forget()
