"""An import's report as people read it: a look for each outcome, what needs a person first. Never queries."""

from __future__ import annotations

from dataclasses import dataclass

from governance.services.importing import CONFLICT, CREATED, FAILED, KEPT, NO_RECORD, UPDATED, ImportReport, Line
from portal.presentation.words import Look

LOOKS = {
    FAILED: Look("fail", "fail", "Failed"),
    CONFLICT: Look("warn", "warn", "Conflict"),
    CREATED: Look("ok", "plus", "New"),
    UPDATED: Look("ok", "edit", "Updated"),
    KEPT: Look("unk", "none", "Unchanged"),
    NO_RECORD: Look("unk", "none", "No record"),
}
_DONE = {
    CREATED: "created",
    UPDATED: "updated",
    KEPT: "unchanged",
    CONFLICT: "in conflict",
    FAILED: "failed",
    NO_RECORD: "no record",
}
_TRIED = {**_DONE, CREATED: "to create", UPDATED: "to update"}


@dataclass(frozen=True, slots=True)
class Row:
    """A file's line."""

    look: Look
    line: Line
    notes: tuple[str, ...]


def rows(report: ImportReport) -> list[Row]:
    """What needs a person first; within an outcome by path."""
    order = list(LOOKS)
    found = sorted(report.lines, key=lambda line: (order.index(line.outcome), not line.notices, line.path))
    return [Row(LOOKS[line.outcome], line, _notes(line)) for line in found]


def _notes(line: Line) -> tuple[str, ...]:
    """As sentences; the path stands above them already."""
    told = [note.removeprefix(f"{line.path}: ") for note in (line.detail, *line.notices) if note]
    return tuple(f"{note[:1].upper()}{note[1:]}." for note in told)


def sentence(report: ImportReport, *, for_real: bool) -> str:
    """`12 to create, 3 unchanged, 1 in conflict.`"""
    words = _DONE if for_real else _TRIED
    told = [f"{report.count(outcome):,} {word}" for outcome, word in words.items() if report.count(outcome)]
    return f"{', '.join(told)}." if told else "No file."
