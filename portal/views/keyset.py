"""Keyset pages of lists that are ordered by number, the newest first. Owns the cursor in a page's URL; never filters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

PAGE = 50


@dataclass(frozen=True, slots=True)
class Keyset:
    """`next` is the cursor of the following page, None at the end; `problem` says why there are no rows."""

    rows: list[Any]
    next: str | None
    is_first: bool
    problem: str = ""


def keyset_page(rows: Any, request: HttpRequest) -> Keyset:
    """A page of a queryset that is ordered by `-pk`."""
    cursor = request.GET.get("cursor", "")
    if cursor:
        if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):
            return Keyset([], None, False, "the cursor is none of this list; begin again without it")
        rows = rows.filter(pk__lt=int(cursor))
    found = list(rows[: PAGE + 1])
    more = len(found) > PAGE
    return Keyset(found[:PAGE], str(found[PAGE - 1].pk) if more else None, not cursor)
