"""Between a parsed record and the columns of a stored one: what front matter keeps, and how it is written out again.

Owns that mapping, so that nothing a file said is lost on either way. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from governance.decisions import labels
from governance.decisions.record import ParsedDecision
from governance.decisions.statuses import judge

MAX_TITLE = 200
_OURS = frozenset({"owner", "workflows"})
_COLUMNS = frozenset({labels.STATUS, *labels.DATES, *labels.LINKS, "title", "number"})


def front_matter_of(record: ParsedDecision) -> dict[str, Any]:
    """What the columns don't hold: people by role, the status where it says more than its word, all else it said."""
    kept: dict[str, Any] = {role: list(people) for role, people in record.people.items()}
    for key, value in record.front_matter.items():
        meaning = labels.meaning(key)
        if (
            key not in _OURS
            and meaning not in _COLUMNS
            and meaning not in record.people
            and value not in (None, "", [])
        ):
            kept[key] = value
    if record.raw_status and record.raw_status.strip().lower() != (record.status or ""):
        kept["status"] = record.raw_status[:500]
    return kept


def people_in(front_matter: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """The people that front matter keeps, by role."""
    found: dict[str, tuple[str, ...]] = {}
    for key, value in front_matter.items():
        meaning = labels.meaning(key)
        if meaning in labels.PEOPLE:
            listed = value if isinstance(value, list) else [value]
            found[str(meaning)] = tuple(str(name) for name in listed)
    return found


def others_in(front_matter: Mapping[str, Any]) -> dict[str, Any]:
    """The rest of it, people and status apart."""
    return {
        key: value for key, value in front_matter.items()
        if key != labels.STATUS and labels.meaning(key) not in labels.PEOPLE
    }  # fmt: skip


def raw_status(front_matter: Mapping[str, Any], status: str) -> str:
    """The status as its file writes it, while it still says what the record's does; else empty."""
    raw = str(front_matter.get("status") or "")
    word = judge(raw).word if raw else None
    return raw if word == status or (word is None and status == "draft") else ""
