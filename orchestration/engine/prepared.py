"""Runs statements written by hand on Django's connection: prepared on PostgreSQL, and planned anew while tables grow.

Owns the cursor and the age of plans. Never knows what a statement does.
"""

from __future__ import annotations

import functools
import itertools
import time
import weakref
from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

from django.db import connection

Row = tuple[Any, ...]
#: Seconds after which a prepared statement is planned anew, whatever happened.
PLAN_AGE = 30.0
#: A connection keeps no more prepared statements than this; older plans go first.
KEPT = 32


def fetch(sql: str, parameters: Mapping[str, Any]) -> list[Row]:
    """Run one statement, in the transaction there is or in its own; its rows. Raises Django's database errors."""
    connection.ensure_connection()
    raw = connection.connection
    with connection.wrap_database_errors:
        if connection.vendor == "sqlite":
            # The embedded database's backend has its writers queue; hand-written statements go by it, so they ask.
            with getattr(connection, "write_turn", nullcontext)():
                return list(raw.execute(sql, parameters))
        cursor = _cursor(raw)
        cursor.execute(_plans(sql).text(sql), parameters, prepare=True)
        return cursor.fetchall() if cursor.description else []


def read(sql: str) -> list[Row]:
    """The same of a statement without parameters that only reads: on SQLite it waits for no writer."""
    if connection.vendor != "sqlite":
        return fetch(sql, {})
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


_cursors: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()


def _cursor(raw: Any) -> Any:
    """The cursor of a connection for prepared statements. One, kept: making it costs as much as using it."""
    found = _cursors.get(raw)
    if found is None:
        from psycopg import Cursor

        # Django prepares nothing, and its own cursors, which bind on the client, still don't.
        raw.prepare_threshold, raw.prepared_max = 1_000_000, KEPT
        found = _cursors[raw] = Cursor(raw)
    return found


class _Plans:
    """When a statement is planned anew: a plan made on a nearly empty table reads the whole of it for ever after.

    So the number of executions between two plans doubles, and after PLAN_AGE seconds there is a new one in any case.
    The text gets another number, which makes it another statement.
    """

    def __init__(self) -> None:
        self.executed = itertools.count(1)
        self.generation, self.next, self.since = 0, 8, time.monotonic()

    def text(self, sql: str) -> str:
        """The statement under its present number."""
        now = time.monotonic()
        if next(self.executed) >= self.next or now - self.since > PLAN_AGE:
            self.generation, self.next, self.since = self.generation + 1, self.next * 2, now
        return f"/* plan {self.generation} */ {sql}"


@functools.cache
def _plans(sql: str) -> _Plans:
    """A statement's own; there are a dozen statements."""
    return _Plans()
