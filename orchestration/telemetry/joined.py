"""Joined: histograms of many rows as one value, put together by the database; histogram.added_up makes one of it.

A page over hundreds of series would otherwise read a row for each minute of each. Owns the SQL that both databases have.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Aggregate, BinaryField

_NAME = "plumbline_joined"


class Joined(Aggregate):
    """Joined("hist"): the bytes of all rows behind each other, in no order."""

    output_field = BinaryField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """SQLite has no such function for blobs: it is made for the connection, which costs less than looking for it."""
        connection.ensure_connection()
        connection.connection.create_aggregate(_NAME, 1, _Join)
        return self.as_sql(compiler, connection, template=f"{_NAME}(%(expressions)s)", **context)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """string_agg takes bytea."""
        return self.as_sql(compiler, connection, template="string_agg(%(expressions)s, ''::bytea)", **context)


class _Join:
    """What SQLite calls for each row."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def step(self, value: bytes | None) -> None:
        """One more."""
        if value:
            self.parts.append(value)

    def finalize(self) -> bytes:
        """All of them."""
        return b"".join(self.parts)
