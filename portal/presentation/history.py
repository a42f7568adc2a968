"""History rows as lines: who changed what, when, and why.

Owns the sentence of a change. Rows come newest first, as django-simple-history keeps them; never queries for more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

_VERBS = {"+": "created", "~": "changed", "-": "deleted"}
MOST_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Change:
    """One line."""

    at: datetime
    text: str
    actor: str
    reason: str


def changes(rows: Sequence[Any], fields: Sequence[str], noun: str, name: str = "") -> list[Change]:
    """A line for each history row. `fields` are compared with the row before; `name` is the field that names an object."""
    earlier: dict[Any, Any] = {}
    found = []
    for row in reversed(rows):
        before = earlier.get(row.id)
        earlier[row.id] = row
        what = f"{noun} {getattr(row, name)}" if name else noun
        said = [_said(field, before, row) for field in fields if before is not None and _differs(field, before, row)]
        text = f"{what}: {', '.join(said)}" if said else f"{what} {_VERBS.get(row.history_type, 'changed')}"
        actor = row.history_user.get_username() if row.history_user else "the system"
        found.append(Change(row.history_date, text, actor, row.history_change_reason or ""))
    return found[::-1]


def _differs(field: str, before: Any, row: Any) -> bool:
    return bool(getattr(before, field) != getattr(row, field))


def _said(field: str, before: Any, row: Any) -> str:
    return f"{field} from {_short(getattr(before, field))} to {_short(getattr(row, field))}"


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= MOST_SHOWN else text[:MOST_SHOWN] + "…"
