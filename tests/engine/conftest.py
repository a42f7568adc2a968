"""The engine driven in this process: tests deliver the messages themselves."""

from __future__ import annotations

import pytest

from orchestration.engine import publish
from tests.engine import tasks


@pytest.fixture(autouse=True)
def no_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publish, "send", len)
    monkeypatch.setattr("orchestration.engine.wake.send", len)
    tasks.calls.clear()
    tasks.failing.clear()
