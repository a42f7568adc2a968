"""Shared figures: computed once for those who ask together, and never longer than said."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from django.core.cache import cache

from portal.dashboards import shared as module
from portal.dashboards.shared import shared
from tests.processes.conftest import wait_until


@pytest.fixture(autouse=True)
def _sharing(settings: Any) -> Any:
    settings.PLUMBLINE_SHARED_SECONDS = 60.0
    cache.clear()
    yield
    cache.clear()


def test_a_figure_is_computed_once_while_it_is_fresh():
    asked: list[int] = []
    for _ in range(3):
        assert shared("a", lambda: asked.append(1) or "figure") == "figure"
    assert len(asked) == 1


def test_another_key_is_another_figure():
    assert [shared("a", lambda: 1), shared("b", lambda: 2)] == [1, 2]


def test_nothing_is_also_kept():
    asked: list[int] = []
    assert [shared("none", lambda: asked.append(1)) for _ in range(2)] == [None, None]
    assert len(asked) == 1


def aged(key: str, value: str, seconds: float) -> None:
    """A figure that was computed so long ago."""
    cache.set(f"dashboards:{key}", (value, time.monotonic() - seconds), 600)


def test_nobody_waits_for_a_figure_that_is_a_little_too_old():
    begun, go_on = threading.Event(), threading.Event()

    def slowly() -> str:
        begun.set()
        assert go_on.wait(10)
        return "new"

    aged("slow", "old", 70.0)
    assert shared("slow", slowly) == "old"
    assert begun.wait(10)
    assert shared("slow", lambda: "never") == "old"
    go_on.set()
    wait_until(lambda: shared("slow", lambda: "never") == "new", 10, "the newer figure")


def test_one_that_is_much_too_old_is_shown_to_nobody():
    aged("slow", "old", 130.0)
    assert shared("slow", lambda: "new") == "new"


def test_one_that_can_not_be_renewed_is_asked_for_again():
    aged("poor", "old", 70.0)
    tried = threading.Event()

    def fails() -> str:
        tried.set()
        raise ZeroDivisionError

    assert shared("poor", fails) == "old"
    assert tried.wait(10)
    wait_until(lambda: shared("poor", lambda: "new") == "new", 10, "the next try")


def test_one_that_fails_keeps_nobody_waiting():
    with pytest.raises(ZeroDivisionError):
        shared("broken", lambda: 1 // 0)
    assert shared("broken", lambda: "fine") == "fine"


def test_a_figure_made_of_another_one_never_waits_for_itself(monkeypatch):
    monkeypatch.setattr(module, "_computing", (threading.Lock(),))  # as two keys may have one lock in any process
    found: list[int] = []
    thread = threading.Thread(
        target=lambda: found.append(shared("of-another", lambda: shared("another", lambda: 20) + 1)), daemon=True
    )
    thread.start()
    thread.join(5)
    assert found == [21]
