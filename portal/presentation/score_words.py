"""Scorecards as pages tell them: looks of levels and outcomes, the sentence above the table. Owns the words; never queries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from governance.scorecards.rules import Level, Outcome, Score
from portal.presentation.words import Look

LEVELS = {
    Level.NONE: Look("warn", "warn", "No level"),
    Level.BRONZE: Look("unk", "half", "Bronze"),
    Level.SILVER: Look("ok", "check", "Silver"),
    Level.GOLD: Look("ok", "ok", "Gold"),
}
OUTCOMES = {
    Outcome.PASSED: Look("ok", "ok", "Passed"),
    Outcome.FAILED: Look("fail", "fail", "Failed"),
    Outcome.WAIVED: Look("warn", "hand", "Waived"),
    Outcome.NOT_APPLICABLE: Look("unk", "none", "Does not apply"),
}


def level_look(level: Level) -> Look:
    """A level."""
    return LEVELS[level]


def outcome_look(outcome: Outcome) -> Look:
    """What came of a check."""
    return OUTCOMES[outcome]


def summary(found: Sequence[Score]) -> str:
    """How many workflows are where."""
    if not found:
        return ""
    counts = Counter(one.level for one in found)
    parts = [f"{counts[level]} {LEVELS[level].word.lower()}" for level in reversed(Level) if counts[level]]
    return f"{len(found)} {'workflow' if len(found) == 1 else 'workflows'}: {', '.join(parts)}."
