"""Budgets at a glance: of each objective its state, what is left and when it is gone. Shared by all readers for a moment.

Never decides what burns too fast: orchestration/selectors/budgets.py does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from orchestration.selectors.budgets import BudgetState, budgets, objectives
from portal.dashboards.shared import shared

#: Worst first.
ORDER = (BudgetState.SPENT, BudgetState.BURNING, BudgetState.HEALTHY, BudgetState.NO_DATA)
TROUBLED = frozenset({BudgetState.SPENT, BudgetState.BURNING})


@dataclass(frozen=True, slots=True)
class Glance:
    """One objective. `remaining`: a share of 1, below zero when overspent; `burn`: over the last hour, None of nothing."""

    name: str
    owner_id: int
    workflow: str
    dependency: str
    state: BudgetState
    remaining: float
    days: int
    burn: float | None
    exhausts_in: timedelta | None


def glances(now: datetime, team_id: int | None = None) -> list[Glance]:
    """Of every objective that is counted now (of a team), the worst first."""
    rows = shared("budgets", lambda: _glances(now))
    return rows if team_id is None else [row for row in rows if row.owner_id == team_id]


def worst_by_workflow(rows: Iterable[Glance]) -> dict[str, Glance]:
    """Workflow → the objective, its own or of a step, that stands worst."""
    found: dict[str, Glance] = {}
    for row in rows:
        if row.workflow:
            found.setdefault(row.workflow, row)
    return found


def burn_by_dependency(rows: Iterable[Glance]) -> dict[str, float]:
    """Dependency → how fast its worst objective burns."""
    found: dict[str, float] = {}
    for row in rows:
        if row.dependency and row.burn is not None:
            found[row.dependency] = max(row.burn, found.get(row.dependency, 0.0))
    return found


def _glances(now: datetime) -> list[Glance]:
    rows = [
        Glance(
            one.objective.name, one.objective.owner_id, one.objective.workflow, one.objective.dependency, one.state,
            float(one.remaining), one.objective.window_days,
            None if one.burns["1 h"] is None else float(one.burns["1 h"]), one.exhausts_in,
        )
        for one in budgets(objectives(), now)
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (ORDER.index(row.state), row.remaining, row.name))
