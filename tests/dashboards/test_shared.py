"""Shared figures: computed once for those who ask together, and never longer than said."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.core.cache import cache

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


def test_who_comes_while_a_newer_one_is_computed_gets_the_last_one(settings: Any):
    shared("slow", lambda: "old")
    settings.PLUMBLINE_SHARED_SECONDS = 0.000001
    begun, go_on, seen = threading.Event(), threading.Event(), []

    def slowly() -> str:
        begun.set()
        assert go_on.wait(10)
        return "new"

    cache.set("dashboards:slow", ("old", -1e9), 60)
    thread = threading.Thread(target=lambda: seen.append(shared("slow", slowly)))
    thread.start()
    assert begun.wait(10)
    assert shared("slow", lambda: "never") == "old"
    go_on.set()
    wait_until(lambda: seen == ["new"], 10, "the newer figure")
    thread.join()


def test_one_that_fails_keeps_nobody_waiting():
    with pytest.raises(ZeroDivisionError):
        shared("broken", lambda: 1 // 0)
    assert shared("broken", lambda: "fine") == "fine"
