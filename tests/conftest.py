"""What every test shares: the engine's per-process caches start empty, and no message leaves unless a test wants it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any

import pytest

os.environ.setdefault(
    "DJANGO_ALLOW_ASYNC_UNSAFE", "true"
)  # playwright's loop runs in the thread that uses the database


#: What Django writes at each migration, and would write anew after each test: it is the same for all of them.
KEPT = frozenset({"auth_permission", "django_content_type"})
PERMISSIONS = "django.contrib.auth.management.create_permissions"


@pytest.fixture(autouse=True, scope="session")
def _flush_empties_what_only_grows() -> Iterator[None]:
    """Tests with real transactions empty every table behind them but KEPT: the triggers that refuse this stand aside."""
    from django.contrib.auth.management import create_permissions
    from django.contrib.contenttypes.management import create_contenttypes
    from django.core.management.commands import flush as command
    from django.db.backends.base.operations import BaseDatabaseOperations
    from django.db.models.signals import post_migrate

    from governance import triggers

    flush, emit = BaseDatabaseOperations.execute_sql_flush, command.emit_post_migrate_signal

    def flush_all(self: BaseDatabaseOperations, sql_list: list[str]) -> None:
        sql_list = [sql for sql in sql_list if not any(sql.startswith(f'DELETE FROM "{table}"') for table in KEPT)]
        if self.connection.vendor == "postgresql" and _delete_what_is_there(self.connection, sql_list):
            return
        triggers.remove(self.connection)
        flush(self, sql_list)
        triggers.install(self.connection)

    def emit_ours(*given: Any, **more: Any) -> None:
        post_migrate.disconnect(create_contenttypes)
        post_migrate.disconnect(dispatch_uid=PERMISSIONS)
        try:
            emit(*given, **more)
        finally:
            post_migrate.connect(create_contenttypes)
            post_migrate.connect(create_permissions, dispatch_uid=PERMISSIONS)

    BaseDatabaseOperations.execute_sql_flush, command.emit_post_migrate_signal = flush_all, emit_ours
    yield
    BaseDatabaseOperations.execute_sql_flush, command.emit_post_migrate_signal = flush, emit


def _delete_what_is_there(connection: Any, sql_list: list[str]) -> bool:
    """Instead of TRUNCATE, which makes new files of a hundred tables after each test: rows of those few that have any, with
    no trigger and no foreign key asked. False where the role may not, or something else than TRUNCATE is wanted."""
    if len(sql_list) != 1 or not sql_list[0].startswith("TRUNCATE "):
        return False
    tables = [table for table in re.findall(r'"(\w+)"', sql_list[0]) if table not in KEPT]
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        if not cursor.fetchone()[0]:
            return False
        cursor.execute(" UNION ALL ".join(f"(SELECT '{table}' FROM {table} LIMIT 1)" for table in tables))
        filled = [table for (table,) in cursor.fetchall()]
        cursor.execute("SET session_replication_role = replica")
        try:
            for table in filled:
                cursor.execute(f"DELETE FROM {table}")
        finally:
            cursor.execute("SET session_replication_role = origin")
    return True


@pytest.fixture(autouse=True)
def _fresh_process() -> Iterator[None]:
    """As after a start: nothing cached, the clock is the wall's."""
    from governance.contracts import kept
    from governance.contracts.validation import validator_of
    from orchestration import clock
    from orchestration.engine import breakers, capacity, places, plans
    from orchestration.selectors import targets
    from orchestration.steps import announced
    from orchestration.telemetry import sums

    plans.forget()
    breakers.forget()
    capacity.forget()
    places.forget()
    validator_of.cache_clear()
    kept.forget()
    targets.forget()
    announced.forget()
    sums.forget()
    clock.reset()
    clock.forget()
    yield
    clock.reset()
