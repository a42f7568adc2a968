"""One line of a timeline: what happened when, and what people made of it.

Owns how lines are ordered and joined with marks. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

#: Kinds of lines, in the order in which they stand at one moment: what was changed comes before what followed from it.
KINDS = ("version", "change", "approval", "action", "breaker", "alert", "runs", "own")

#: Of each source so many lines; what is left out is said.
MOST = 100


@dataclass(frozen=True, slots=True)
class Line:
    """`key` is the same each time it is read, so that a mark finds it. `noun` and `name` say what it is about, for a link."""

    key: str
    at: datetime
    kind: str
    text: str
    until: datetime | None = None
    noun: str = ""
    name: str = ""
    shown: str = "plain"
    note: str = ""

    @property
    def is_own(self) -> bool:
        """Whether somebody wrote it."""
        return self.kind == "own"


@dataclass(slots=True)
class Found:
    """Lines, and of which kinds there were more than are shown."""

    lines: list[Line] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)


def ordered(lines: Iterable[Line]) -> list[Line]:
    """By time."""
    return sorted(lines, key=lambda line: (line.at, KINDS.index(line.kind), line.key))


def marked(lines: Iterable[Line], marks: Mapping[str, tuple[str, str]]) -> list[Line]:
    """With what people made of them: key → shown, note."""
    found = []
    for line in lines:
        shown, note = marks.get(line.key, (line.shown, line.note))
        found.append(replace(line, shown=shown, note=note))
    return found


def of_frozen(rows: Iterable[Mapping[str, Any]]) -> list[Line]:
    """Lines as they were kept."""
    return [
        Line(
            row["key"], datetime.fromisoformat(row["at"]), row["kind"], row["text"],
            datetime.fromisoformat(row["until"]) if row.get("until") else None,
            row.get("noun", ""), row.get("name", ""), row.get("shown", "plain"), row.get("note", ""),
        )
        for row in rows
    ]  # fmt: skip


def spaced(state: str) -> str:
    """A state's word as it is read: `half_open` is half open."""
    return state.replace("_", " ")
