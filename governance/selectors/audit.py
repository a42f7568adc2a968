"""Reads of the audit log: filtered keyset pages, a stream of all that fits, and how the chain stands. Never writes.

A page costs a query on an index, and one more for each of the two times; it is as fast with a million entries.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db import connection
from django.db.models import QuerySet

from governance.models import AuditEntry, AuditVerification, BulkChange
from governance.selectors.documents import Page, checked_filter, cut, page_size
from orchestration.errors import InvalidInput

#: Entries that a stream keeps in memory.
BATCH = 1_000


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What a list asks for; empty strings and None ask for nothing. Times are inclusive from, exclusive to."""

    actor: str = ""
    action: str = ""
    kind: str = ""
    name: str = ""
    since: datetime | None = None
    until: datetime | None = None
    bulk: str = ""


def entries(wanted: AuditFilter, *, cursor: str = "", limit: int = 50) -> Page[AuditEntry]:
    """A page, newest first. Raises InvalidInput for a cursor that is none."""
    rows = filtered(wanted)
    if cursor:
        if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):
            raise InvalidInput("the cursor is not one that this list gave out; begin again without it")
        rows = rows.filter(sequence__lt=int(cursor))
    size = page_size(limit)
    items, more = cut(list(rows.order_by("-sequence")[: size + 1]), size)
    return Page(items, str(items[-1].sequence) if more else None)


def stream(wanted: AuditFilter) -> Iterator[AuditEntry]:
    """All that fit, oldest first, in flat memory and without holding a transaction open."""
    rows, last = filtered(wanted).order_by("sequence"), 0
    while found := list(rows.filter(sequence__gt=last)[:BATCH]):
        yield from found
        last = found[-1].sequence


def filtered(wanted: AuditFilter) -> QuerySet[AuditEntry]:
    """The entries that fit, without the bytes that were hashed."""
    exact = {
        "actor": checked_filter("actor", wanted.actor),
        "action": checked_filter("action", wanted.action),
        "object_kind": checked_filter("kind", wanted.kind),
        "object_name": checked_filter("name", wanted.name),
    }
    rows = AuditEntry.objects.defer("canonical").filter(**{column: text for column, text in exact.items() if text})
    if wanted.since is not None:
        first = _first_at(wanted.since)
        rows = rows.none() if first is None else rows.filter(sequence__gte=first)
    if wanted.until is not None and (end := _first_at(wanted.until)) is not None:
        rows = rows.filter(sequence__lt=end)
    return _of_bulk(rows, wanted.bulk) if wanted.bulk else rows


def _of_bulk(rows: QuerySet[AuditEntry], number: str) -> QuerySet[AuditEntry]:
    """Those of one bulk change: between its first and its last entry, where only others' stand besides."""
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        raise InvalidInput(f"bulk {number[:40]!r} is no number of a bulk change")
    found = BulkChange.objects.filter(pk=int(number)).first()
    if found is None or found.first_entry is None:
        return rows.none()
    return rows.filter(sequence__range=(found.first_entry, found.last_entry), via__endswith=f", {found}")


def _first_at(moment: datetime) -> int | None:
    """The first entry at or after a time. Times grow with the numbers, so that a time is a place in the list."""
    rows = AuditEntry.objects.filter(at__gte=moment).order_by("at", "sequence")
    return rows.values_list("sequence", flat=True).first()


def in_use(column: Literal["action", "object_kind"]) -> list[str]:
    """The different words of a column. It jumps along the column's index: as many steps as there are words."""
    table = AuditEntry._meta.db_table
    sql = (
        f"WITH RECURSIVE word(text) AS (SELECT min({column}) FROM {table} UNION ALL"  # noqa: S608 - our own names
        f" SELECT (SELECT min({column}) FROM {table} WHERE {column} > word.text) FROM word WHERE word.text IS NOT NULL)"
        " SELECT text FROM word WHERE text IS NOT NULL"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return [text for (text,) in cursor.fetchall()]


def verification() -> AuditVerification | None:
    """What the last walk along the chain came to; None before the first."""
    return AuditVerification.objects.filter(pk=1).first()
