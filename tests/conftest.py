"""What every test shares: the engine's per-process caches start empty, and no message leaves unless a test wants it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

os.environ.setdefault(
    "DJANGO_ALLOW_ASYNC_UNSAFE", "true"
)  # playwright's loop runs in the thread that uses the database


@pytest.fixture(autouse=True, scope="session")
def _flush_empties_what_only_grows() -> Iterator[None]:
    """Tests with real transactions empty every table behind them: the triggers that refuse this stand aside meanwhile."""
    from django.db.backends.base.operations import BaseDatabaseOperations

    from governance import triggers

    flush = BaseDatabaseOperations.execute_sql_flush

    def flush_all(self: BaseDatabaseOperations, sql_list: list[str]) -> None:
        triggers.remove(self.connection)
        flush(self, sql_list)
        triggers.install(self.connection)

    BaseDatabaseOperations.execute_sql_flush = flush_all
    yield
    BaseDatabaseOperations.execute_sql_flush = flush


@pytest.fixture(autouse=True)
def _fresh_process() -> Iterator[None]:
    """As after a start: nothing cached, the clock is the wall's."""
    from governance.contracts.validation import validator_of
    from orchestration import clock
    from orchestration.engine import breakers, capacity, plans
    from orchestration.selectors import targets
    from orchestration.steps import announced
    from orchestration.telemetry import sums

    plans.forget()
    breakers.forget()
    capacity.forget()
    validator_of.cache_clear()
    targets.forget()
    announced.forget()
    sums.forget()
    clock.reset()
    clock.forget()
    yield
    clock.reset()
