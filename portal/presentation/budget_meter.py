"""What is left of a budget as a small bar with its words: for tables of something else than objectives. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestration.selectors.budgets import BudgetState
from portal.presentation.objective_words import BUDGET
from portal.presentation.quantities import percent
from portal.presentation.words import Look

if TYPE_CHECKING:
    from portal.selectors.budget_glance import Glance


@dataclass(frozen=True, slots=True)
class Meter:
    """`filled`: of a bar of 100. `look`: icon, word and colour of the budget's state."""

    objective: str
    look: Look
    filled: float
    left: str
    days: int


def budget_meter(glance: Glance | None) -> Meter | None:
    """None where no objective is declared, or nothing has been counted."""
    if glance is None or glance.state is BudgetState.NO_DATA:
        return None
    left = max(0.0, min(1.0, glance.remaining))
    words = "spent" if glance.remaining <= 0 else percent(left)
    return Meter(glance.name, BUDGET[glance.state], round(left * 100, 1), words, glance.days)
