"""Bulk changes in words: what is changed to what, what became of each document, and how many of which.

Owns those words. Never reads the database.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from governance.services.bulk import CHANGED, REFUSED, UNCHANGED
from governance.services.bulk_nouns import NOUNS, OWNER, REVIEW_BY
from portal.presentation.words import Look

FIELDS = {"owner": "owner", "status": "status", "review_by": "review date"}
PLANNED = {
    CHANGED: Look("ok", "edit", "Will change"),
    UNCHANGED: Look("unk", "none", "Is so already"),
    REFUSED: Look("fail", "stop", "Refused"),
}
DONE = {
    CHANGED: Look("ok", "ok", "Changed"),
    UNCHANGED: Look("unk", "none", "Was so already"),
    REFUSED: Look("fail", "stop", "Refused"),
    "": Look("warn", "wait", "Not done yet"),
}


def value_word(kind: str, field: str, value: str) -> str:
    """A value as pages write it."""
    if not value:
        return "everybody" if field == OWNER else "none"
    if field == REVIEW_BY:
        return f"{datetime.date.fromisoformat(value):%-d %b %Y}"
    return status_word(kind, value) if field == "status" else value


def status_word(kind: str, status: str) -> str:
    """`In review`."""
    return str(dict(NOUNS[kind].model.Status.choices).get(status, status))


def counted(kind: str, number: int) -> str:
    """`1 runbook`, `12 runbooks`."""
    return f"{number} {kind}{'' if number == 1 else 's'}"


def planned_sentence(outcomes: Iterable[str]) -> str:
    """`9 will change, 2 are so already, 1 is refused.`"""
    found = Counter(outcomes)
    parts = [
        (found[CHANGED], "will change"),
        (found[UNCHANGED], "is so already" if found[UNCHANGED] == 1 else "are so already"),
        (found[REFUSED], "is refused" if found[REFUSED] == 1 else "are refused"),
    ]
    return _joined(parts)


def done_sentence(lines: Iterable[Mapping[str, Any]]) -> str:
    """`9 changed, 1 refused.`"""
    found = Counter(line["outcome"] for line in lines)
    return _joined([
        (found[CHANGED], "changed"), (found[UNCHANGED], "so already"), (found[REFUSED], "refused"),
        (found[""], "not done yet"),
    ])  # fmt: skip


def _joined(parts: Iterable[tuple[int, str]]) -> str:
    return f"{', '.join(f'{number} {words}' for number, words in parts if number) or 'Nothing to do'}."
