"""A revision as people read it: who, what changed field by field, and a line diff of what is long.

Owns those words and what a page of them may cost. Never reads the database.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml
from django.utils import timezone

from portal.history.kinds import Kind
from portal.history.reading import Revision
from portal.presentation import textdiff
from portal.presentation.audit_words import Delta, action_look
from portal.presentation.hidden import visible
from portal.presentation.quantities import duration
from portal.presentation.words import Look

SYSTEM = "the system"
#: Longer texts are compared line by line.
_SHORT = 120
#: Characters that one page compares. More is read one revision at a time, where a diff has bounds of its own.
MOST_COMPARED = 400_000
_LABELS = {
    "document": "manifest", "check_kind": "evidence", "check_key": "check", "first_name": "name",
    "username": "sign-in name", "is_active": "active", "is_superuser": "admin", "window_days": "window",
    "page_failures": "page at failures", "ticket_failures": "ticket at failures", "first": "first person",
    "second": "second person", "since": "counted since", "recounted_at": "counted anew since",
}  # fmt: skip


def _source(source: Mapping[str, Any]) -> str:
    """Like `shop/manifests, payments.yaml, at 3f2a91c04b, with changes of its own`."""
    commit = str(source.get("commit") or "")[:10]
    parts = [str(source.get(part) or "") for part in ("repository", "path")]
    at = [f"at {commit}"] if commit else []
    dirty = ["with changes of its own"] if source.get("dirty") else []
    return ", ".join([*(part for part in parts if part), *at, *dirty]) or "by hand"


#: By kind and field, or by field alone.
_WORDS: Mapping[str, Callable[[Any], str]] = {
    "objective.target": lambda share: f"{float(share) * 100:.8g} %",
    "objective.source": str,
    "threshold": duration,
    "window_days": lambda days: f"{days} day{'' if days == 1 else 's'}",
    "page_within": lambda minutes: duration(minutes * 60),
    "ticket_within": lambda minutes: duration(minutes * 60),
    "source": _source,
    "hidden": ", ".join,
    "unmailed": ", ".join,
    "verbs": ", ".join,
}


@dataclass(frozen=True, slots=True)
class Long:
    """What changed of a long text. None: it was too much to compare beside the others of the page."""

    field: str
    difference: textdiff.Diff | None


@dataclass(frozen=True, slots=True)
class Entry:
    """A revision as a page shows it."""

    revision: Revision
    look: Look
    who: str
    deltas: list[Delta]
    longs: list[Long]

    @property
    def is_first(self) -> bool:
        """All its fields are new, which few will read."""
        return self.revision.before is None

    @property
    def told(self) -> str:
        """The change in a line."""
        fields = [delta.field for delta in self.deltas] + [long.field for long in self.longs]
        return f"{self.look.word}: {', '.join(fields)}" if fields and not self.is_first else self.look.word

    @property
    def is_same(self) -> bool:
        """It was saved, and nothing that is shown was different."""
        return not self.deltas and not self.longs


def entries(kind: Kind, found: Sequence[Revision]) -> list[Entry]:
    """Revisions, newest first."""
    comparing, made = _Comparing(kind, MOST_COMPARED), []
    for one in found:
        names = one.changed if one.action != "deleted" else []
        deltas, longs = comparing.compare(names, one.before or {}, one.values)
        made.append(Entry(one, action_look(one.action), one.by or SYSTEM, deltas, longs))
    return made


def changes(kind: Kind, before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[list[Delta], list[Long]]:
    """What is different, of one comparison alone: short fields, and long ones as diffs."""
    names = [name for name in after if before.get(name) != after[name]]
    return _Comparing(kind, None).compare(names, before, after)


class _Comparing:
    """Compares values of one kind, as long as there are characters left; None for as many as come."""

    def __init__(self, kind: Kind, left: int | None) -> None:
        self._kind, self._left = kind, left

    def compare(
        self, names: Sequence[str], before: Mapping[str, Any], after: Mapping[str, Any]
    ) -> tuple[list[Delta], list[Long]]:
        deltas: list[Delta] = []
        longs: list[Long] = []
        for name in names:
            was, now = before.get(name), after[name]
            label = _LABELS.get(name, name.replace("_", " "))
            if self._is_long(name, was) or self._is_long(name, now):
                paid = self._pay(_size(was) + _size(now))
                longs.append(Long(label, textdiff.diff(_lines(was), _lines(now)) if paid else None))
            else:
                deltas.append(Delta(label, self._words(name, was) if name in before else None, self._words(name, now)))
        return deltas, longs

    def _pay(self, cost: int) -> bool:
        if self._left is None:
            return True
        is_paid = cost <= self._left
        self._left -= cost if is_paid else 0
        return is_paid

    def _is_long(self, name: str, value: Any) -> bool:
        if self._writer(name) is not None:
            return False
        return isinstance(value, dict | list) or (isinstance(value, str) and (len(value) > _SHORT or "\n" in value))

    def _words(self, name: str, value: Any) -> str:
        writer = self._writer(name)
        if writer is _source:
            return visible(_source(value or {}))
        if value in (None, "", {}, []):
            return "none"
        if isinstance(value, bool):
            return "yes" if value else "no"
        if writer is not None:
            return visible(writer(value))
        if isinstance(value, datetime.datetime):
            return f"{timezone.localtime(value):%-d %b %Y, %H:%M}"
        return f"{value:%-d %b %Y}" if isinstance(value, datetime.date) else visible(str(value))

    def _writer(self, name: str) -> Callable[[Any], str] | None:
        return _WORDS.get(f"{self._kind.slug}.{name}") or _WORDS.get(name)


def _size(value: Any) -> int:
    return len(value) if isinstance(value, str) else len(json.dumps(value, default=str))


def _lines(value: Any) -> str:
    """A text as it is, a document as YAML, nothing as nothing."""
    if value in (None, {}, []):
        return ""
    if isinstance(value, str):
        return value.replace("\r\n", "\n")
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=100)
