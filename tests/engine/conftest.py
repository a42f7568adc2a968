from __future__ import annotations

from collections.abc import Iterator

import pytest

from orchestration import clock
from orchestration.engine import plans, publish
from orchestration.selectors import targets
from tests.engine import tasks


@pytest.fixture(autouse=True)
def _engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A fresh engine: no messages leave, caches are empty, the clock is the wall's."""
    monkeypatch.setattr(publish, "send", lambda ids: len(ids))
    monkeypatch.setattr("orchestration.engine.wake.send", lambda ids: len(ids))
    for cache in (plans.plan_of, plans.ports_of):
        cache.cache_clear()
    targets.forget()
    tasks.calls.clear()
    tasks.failing.clear()
    clock.reset()
    yield
    clock.reset()
