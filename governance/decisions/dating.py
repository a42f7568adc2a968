"""Which of the dates in a record's file is the decision's: by label, of its status, of its history, of its file's name.

Owns that order. Pure, never reads a date itself: `dates` does.
"""

from __future__ import annotations

import re
from datetime import date

from governance.decisions import dates, labels
from governance.decisions.apart import Text
from governance.decisions.fields import ELSEWHERE
from governance.decisions.naming import stem_of
from governance.decisions.plain import words
from governance.decisions.statuses import Status, is_hint

_HISTORY = frozenset(
    {
        "changelog",
        "change log",
        "history",
        "revision history",
        "document history",
        "revisions",
        "status history",
        "change history",
    }
)


def day_of(read: Text, status: Status, warnings: list[str]) -> date | None:
    """The day of the decision, by the best label; else of the status, of the history, of the file's name."""
    by_label = {meaning: [fact for fact in read.told if fact.meaning == meaning] for meaning in labels.DATES}
    # Below a heading, `Decision date:` says no more than `Date:` does.
    by_label["date"] += [
        fact for fact in by_label["decided"] if fact.where == ELSEWHERE and "date" in fact.label.lower()
    ]
    for meaning in labels.DATES:
        if meaning == "created" and status.date:
            return status.date
        for fact in sorted(by_label[meaning], key=lambda fact: fact.where):
            near = fact.line < 60 or fact.line > len(read.lines) - 20
            if fact.where == ELSEWHERE and (meaning != "date" or not near):
                continue
            found = dates.find(words(fact.value)) or dates.find(fact.value)
            if found is None:
                if meaning == "date" and re.search(r"\d", fact.value) and not is_hint(fact.value):
                    warnings.append(f"{read.path}: the date {fact.value[:40]!r} names no day; write it as 2026-11-30")
                continue
            if found.doubtful:
                said = f"{read.path}: the date {fact.value[:40]!r} was read as day, month, year: {found.date}"
                warnings.append(f"{said}; write it as {found.date.isoformat()} if that is right")
            return found.date
    return status.date or _unlabelled_date(read) or _of_history(read) or _of_name(read.path)


def _unlabelled_date(read: Text) -> date | None:
    """A line below the title that is a date and nothing else."""
    begin = read.title.below if read.title else read.below
    for line in read.shown[begin : begin + 8]:
        found = dates.find(words(line))
        if found and found.start <= 1 and len(words(line)) - found.end <= 1:
            return found.date
    return None


def _of_history(read: Text) -> date | None:
    for heading in read.found:
        if labels.normal(heading.text) in _HISTORY:
            end = next((other.line for other in read.found if other.line > heading.line), len(read.shown))
            found = [
                hit.date
                for line in read.shown[heading.below : min(end, heading.below + 60)]
                if (hit := dates.find(line))
            ]
            if found:
                return max(found)
    return None


def _of_name(path: str) -> date | None:
    stem = re.sub(r"^(?:adr|rfc|decision)s?[-_ ]+", "", stem_of(path), flags=re.IGNORECASE)
    found = dates.find(re.sub(r"^(\d{8})\d{4,6}(?!\d)", r"\1", stem[:24]).replace("_", "-"))
    return found.date if found and found.start == 0 else None
