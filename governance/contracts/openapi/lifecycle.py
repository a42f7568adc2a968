"""Deprecation and sunset of operations: what may be taken away, and when.

An operation that was deprecated may go once its sunset (`x-sunset`, a date of RFC 3339) has come, or if it never had one.
Owns those rules.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from governance.contracts.openapi.changes import Change
from governance.contracts.openapi.operations import Operation

#: Values of `x-stability-level` at which an operation may still go.
UNSTABLE = ("draft", "alpha")


def removal(old: Operation, today: date, *, path_is_gone: bool) -> Change:
    """What it is that an operation, or the last one of its path, is gone."""
    what = "path" if path_is_gone else "operation"
    if old.stability in UNSTABLE:
        text = f"{old.title} is gone; it was {old.stability}, which promises nothing yet"
        return Change(f"{what}-removed-while-{old.stability}", old.pointer, text, "")
    if not old.deprecated:
        return Change(f"{what}-removed", old.pointer, f"{old.title} is gone", "breaking")
    until = day_of(old.sunset)
    if old.sunset is not None and (until is None or until > today):
        when = until.isoformat() if until else f"{str(old.sunset)[:40]!r}, which is no date"
        return Change(
            f"{what}-removed-before-sunset", old.pointer, f"{old.title} is gone before its sunset, {when}", "breaking"
        )
    after = f"its sunset, {until.isoformat()}" if until else "it was deprecated"
    return Change(f"{what}-removed-after-deprecation", old.pointer, f"{old.title} is gone after {after}", "")


def lifecycle(old: Operation, new: Operation, today: date) -> Iterator[Change]:
    """What became of an operation's deprecation."""
    at = new.pointer
    if new.deprecated and not old.deprecated:
        yield Change("operation-deprecated", at, f"{new.title} is deprecated", "")
    if old.deprecated and not new.deprecated:
        yield Change("operation-reactivated", at, f"{new.title} is not deprecated any more", "")
        return
    if not new.deprecated:
        return
    promised, said = day_of(old.sunset) if old.deprecated else None, day_of(new.sunset)
    if old.deprecated and old.sunset == new.sunset:
        return
    if new.sunset is not None and said is None:
        text = f"{new.title}: x-sunset {str(new.sunset)[:40]!r} is no date; write it as 2027-01-31"
        yield Change("sunset-unreadable", f"{at}/x-sunset", text, "breaking")
    elif old.deprecated and old.sunset is not None and new.sunset is None:
        yield Change(
            "sunset-removed", at, f"{new.title}: its sunset is gone; nobody knows until when to move", "breaking"
        )
    elif promised is not None and said is not None and said < promised:
        text = f"{new.title}: its sunset was {promised.isoformat()} and is {said.isoformat()}, which is sooner"
        yield Change("sunset-moved-closer", f"{at}/x-sunset", text, "breaking")


def day_of(value: Any) -> date | None:
    """The day of a date or a time, written or as YAML reads it; None where there is none."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return datetime.fromisoformat(str(value)).date()
    except ValueError:
        return None
