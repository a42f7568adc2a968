"""How a decision's live checks read: a look and a sentence each. Owns the words. Never measures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from governance.selectors.confirmations import Confirmed, Verdict, overall
from portal.presentation.quantities import duration, number, percent
from portal.presentation.words import Look

VERDICT = {
    Verdict.HOLDS: Look("ok", "ok", "Holds"),
    Verdict.CONTRADICTED: Look("fail", "fail", "Contradicted"),
    Verdict.UNKNOWN: Look("unk", "unk", "Not known"),
}
CONTRADICTED = VERDICT[Verdict.CONTRADICTED]


@dataclass(frozen=True, slots=True)
class Row:
    """A check as the page shows it."""

    look: Look
    text: str
    said: str


def rows(found: Sequence[Confirmed]) -> list[Row]:
    """One for each check."""
    return [Row(VERDICT[one.verdict], one.check.text, one.said or _measured(one)) for one in found]


def badge(found: Sequence[Confirmed]) -> Look | None:
    """Shown beside the title where reality contradicts the decision; what holds is no news."""
    return CONTRADICTED if overall(found) == Verdict.CONTRADICTED else None


def _measured(one: Confirmed) -> str:
    measure = getattr(one.check.what, "measure", "")
    if measure == "error rate":
        return f"measured: {percent(one.measured)} of {number(one.of)}"
    if measure in {"count", "retries"}:
        return f"measured: {number(one.measured)}"
    return f"measured: {duration(one.measured)}, of {number(one.of)}"
