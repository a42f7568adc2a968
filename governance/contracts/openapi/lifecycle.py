"""Deprecation, sunset and stability of operations and parameters: what may be taken away, and when.

An operation or a parameter that was deprecated may go once its sunset (`x-sunset`, a date of RFC 3339) has come, or if it never
had one.
Owns those rules.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, Protocol

from governance.contracts.openapi.changes import Change
from governance.contracts.openapi.operations import Operation

#: Values of `x-stability-level`, by what they promise; nothing said is stable.
LEVELS = ("draft", "alpha", "beta", "stable", "")
#: Those at which an operation may still go.
UNSTABLE = ("draft", "alpha")


class Ending(Protocol):
    """What may be on its way out. `sunset` as written."""

    @property
    def deprecated(self) -> bool: ...

    @property
    def sunset(self) -> Any: ...


def removal(old: Operation, today: date, *, path_is_gone: bool) -> Change:
    """What it is that an operation, or the last one of its path, is gone."""
    what = "path" if path_is_gone else "operation"
    if old.stability in UNSTABLE:
        text = f"{old.title} is gone; it was {old.stability}, which promises nothing yet"
        return Change(f"{what}-removed-while-{old.stability}", old.pointer, text, "")
    told = announced_removal(old, old.title, old.pointer, what, today)
    return told or Change(f"{what}-removed", old.pointer, f"{old.title} is gone", "breaking")


def announced_removal(old: Ending, title: str, at: str, kind: str, today: date) -> Change | None:
    """What it is that something that was deprecated is gone; None where it was not: nobody had been told."""
    if not old.deprecated:
        return None
    until = day_of(old.sunset)
    if old.sunset is not None and (until is None or until > today):
        when = until.isoformat() if until else f"{str(old.sunset)[:40]!r}, which is no date"
        return Change(f"{kind}-removed-before-sunset", at, f"{title} is gone before its sunset, {when}", "breaking")
    after = f"its sunset, {until.isoformat()}" if until else "it was deprecated"
    return Change(f"{kind}-removed-after-deprecation", at, f"{title} is gone after {after}", "")


def lifecycle(old: Operation, new: Operation) -> Iterator[Change]:
    """What became of an operation's deprecation, and of what it promises."""
    yield from endings(old, new, new.title, new.pointer, "operation")
    if old.stability == new.stability:
        return
    unknown = next((one for one in (new.stability, old.stability) if one not in LEVELS), None)
    if unknown is not None:
        text = f"{new.title}: x-stability-level {unknown[:40]!r} is none; there are {', '.join(LEVELS[:-1])}"
        yield Change("stability-unreadable", f"{new.pointer}/x-stability-level", text, "breaking")
    elif LEVELS.index(new.stability) < LEVELS.index(old.stability):
        text = f"{new.title} was {old.stability or 'stable'} and is {new.stability}, which promises less"
        yield Change("stability-decreased", new.pointer, text, "breaking")


def endings(old: Ending, new: Ending, title: str, at: str, kind: str) -> Iterator[Change]:
    """What became of the deprecation of an operation or a parameter (`kind`)."""
    if new.deprecated and not old.deprecated:
        yield Change(f"{kind}-deprecated", at, f"{title} is deprecated", "")
    if old.deprecated and not new.deprecated:
        yield Change(f"{kind}-reactivated", at, f"{title} is not deprecated any more", "")
        return
    if not new.deprecated or (old.deprecated and old.sunset == new.sunset):
        return
    before = old.sunset if old.deprecated else None
    unread = next((one for one in (new.sunset, before) if one is not None and day_of(one) is None), None)
    promised, said = day_of(before), day_of(new.sunset)
    if unread is not None:
        text = f"{title}: x-sunset {str(unread)[:40]!r} is no date; write it as 2027-01-31"
        yield Change("sunset-unreadable", f"{at}/x-sunset", text, "breaking")
    elif promised is not None and said is None:
        yield Change("sunset-removed", at, f"{title}: its sunset is gone; nobody knows until when to move", "breaking")
    elif promised is not None and said is not None and said < promised:
        text = f"{title}: its sunset was {promised.isoformat()} and is {said.isoformat()}, which is sooner"
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
