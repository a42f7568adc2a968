"""Pytest's plugin on the second leg: what touches no database has run on the first, and is left out."""

from __future__ import annotations

import pytest

#: Fixtures that open one; pytest lists those that a test has by others too.
OPENING = {"db", "transactional_db", "django_db_setup", "live_server"}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep what opens a database."""
    kept, left_out = [], []
    for item in items:
        opens = item.get_closest_marker("django_db") or OPENING & set(getattr(item, "fixturenames", ()))
        (kept if opens else left_out).append(item)
    config.hook.pytest_deselected(items=left_out)
    items[:] = kept
