"""Whether reality confirms a decision: its checks measured now. A few queries a check, all of rollups; never of runs.

Owns what each check is measured by, and its words. Never reads the text: decisions/confirmation.py does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from governance.decisions.confirmation import Check, Limit, ObjectiveMet, PolicyApplied, checks
from governance.models import Decision, GatePolicy
from orchestration.errors import NotFound
from orchestration.models import Series
from orchestration.selectors.budgets import BudgetState, budget_of, find_objective
from orchestration.selectors.curves import totals
from orchestration.selectors.series import Span, find, merged

Kind = Series.Kind
#: Decisions with checks that a list looks at.
MOST_LOOKED_AT = 50


class Verdict(StrEnum):
    """What a check says. Unknown: nothing was measured, or it can't be read."""

    HOLDS = "holds"
    CONTRADICTED = "contradicted"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A check and how it stands; `measured` says of a limit what was found (seconds, share or number), of how many."""

    check: Check
    verdict: Verdict
    said: str = ""
    measured: float | None = None
    of: int = 0


def confirmation(decision: Decision, now: datetime) -> list[Confirmed]:
    """Each check of its text, measured now."""
    return [_look(check, now) for check in checks(decision.body)]


def overall(found: Sequence[Confirmed]) -> Verdict | None:
    """One that is contradicted counts for all; None without checks."""
    verdicts = {one.verdict for one in found}
    for verdict in (Verdict.CONTRADICTED, Verdict.UNKNOWN, Verdict.HOLDS):
        if verdict in verdicts:
            return verdict
    return None


def contradicted(*, now: datetime, limit: int = MOST_LOOKED_AT) -> set[int]:
    """Primary keys of the accepted decisions that reality contradicts, of the newest ones that have a check at all."""
    rows = Decision.objects.filter(status=Decision.Status.ACCEPTED, body__contains="`check:").order_by("-number")
    return {row.pk for row in rows[:limit] if overall(confirmation(row, now)) == Verdict.CONTRADICTED}


def _look(check: Check, now: datetime) -> Confirmed:
    match check.what:
        case ObjectiveMet(name):
            return _objective(check, name, now)
        case PolicyApplied(name):
            is_there = GatePolicy.objects.filter(name=name).exists()
            return Confirmed(
                check,
                Verdict.HOLDS if is_there else Verdict.CONTRADICTED,
                "it is applied" if is_there else "there is no policy of that name",
            )
        case Limit() as limit:
            return _measured(check, limit, now)
        case None:
            return Confirmed(check, Verdict.UNKNOWN, check.problem)


def _objective(check: Check, name: str, now: datetime) -> Confirmed:
    try:
        budget = budget_of(find_objective(name), now)
    except NotFound as error:
        return Confirmed(check, Verdict.UNKNOWN, str(error))
    if budget.state == BudgetState.NO_DATA:
        return Confirmed(check, Verdict.UNKNOWN, "nothing has been counted yet")
    left = f"{max(float(budget.remaining) * 100, 0):.3g} % of its budget is left"
    spent = budget.state == BudgetState.SPENT
    return Confirmed(
        check, Verdict.CONTRADICTED if spent else Verdict.HOLDS, left if not spent else "its budget is spent"
    )


def _measured(check: Check, limit: Limit, now: datetime) -> Confirmed:
    ids = [row.pk for row in _series(limit)]
    if not ids:
        return Confirmed(check, Verdict.UNKNOWN, f"nothing was ever measured of {limit.kind} {limit.name[:63]!r}")
    span = merged(totals(ids, now - limit.over, now).values())
    value = _value(limit, span)
    if value is None:
        return Confirmed(check, Verdict.UNKNOWN, "nothing was measured in that time", of=span.n)
    return Confirmed(check, Verdict.HOLDS if limit.holds(value) else Verdict.CONTRADICTED, measured=value, of=span.n)


def _series(limit: Limit) -> list[Series]:
    if limit.kind == "dependency":
        return find(Kind.CALL, workflow="", step="", dependency=limit.name)
    if limit.kind == "step":
        return find(Kind.STEP, workflow=limit.name, step=limit.step)
    return find(Kind.RUN, workflow=limit.name)


def _value(limit: Limit, span: Span) -> float | None:
    match limit.measure:
        case "error rate":
            return span.error_rate
        case "count":
            return float(span.n)
        case "retries":
            return float(span.retries)
        case quantile:
            return span.quantile(int(quantile.removeprefix("p")) / 100)
