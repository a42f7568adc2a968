"""Error-budget policies: while a workflow's budget is spent, or nearly so, its changes need review, or are frozen.

As the manifests of the owning teams say. Owns which rules hold now and why. Never writes; a frozen change waits approved until
there is budget again, or two people break the glass.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from orchestration import clock
from orchestration.models import Team
from orchestration.selectors import budgets
from orchestration.selectors.budgets import Budget

#: What asks for the review, where no gate policy does.
POLICY = "error budget"
RELEASE = "workflow.release"


@dataclass(frozen=True, slots=True)
class Hold:
    """A rule that holds: whose, what it does, and the budget that makes it hold."""

    team: str
    then: str
    when: str
    budget: Budget

    @property
    def is_freeze(self) -> bool:
        """Whether nothing is done as long as it holds."""
        return self.then == "freeze"


def holds(kind: str, name: str, owners: Iterable[str]) -> list[Hold]:
    """Every rule of these teams that holds for this kind of change of the workflow. One query where none has a rule for it."""
    if not kind.startswith("workflow."):
        return []
    rules = [(team.name, rule) for team in Team.objects.filter(name__in=set(owners)) for rule in _rules(team, kind)]
    if not rules:
        return []
    found = budgets.budgets(budgets.objectives(workflow=name), clock.now())
    return [
        Hold(team, rule["then"], rule["when"], budget)
        for team, rule in rules
        for budget in found
        # A team's rule speaks of its own objectives: another's could be set so that it is never met.
        if budget.objective.owner.name == team and budget.counts.total and _is_met(rule["when"], budget.remaining)
    ]


def frozen(kind: str, name: str, owners: Iterable[str]) -> list[Hold]:
    """Those that freeze it."""
    return [hold for hold in holds(kind, name, owners) if hold.is_freeze]


def words(found: list[Hold]) -> str:
    """Why it is frozen: which budget, how much of it, and whose rule."""
    told = [
        f"the budget of {hold.budget.objective.name} is {left_words(hold.budget)} (team {hold.team} freezes changes when it is "
        f"{hold.when})"
        for hold in found
    ]
    return " and ".join(dict.fromkeys(told))


def left_words(budget: Budget) -> str:
    """`spent, 12.5 % over`, or `at 8.2 %`."""
    left = float(budget.remaining) * 100
    if left > 0:
        return f"at {left:.3g} %"
    return f"spent, {-left:.3g} % over" if left < 0 else "spent"


def _rules(team: Team, kind: str) -> list[dict[str, Any]]:
    declared = ((team.document or {}).get("spec") or {}).get("error_budget") or []
    return [rule for rule in declared if kind in (rule.get("changes") or [RELEASE])]


def _is_met(when: str, left: Fraction) -> bool:
    """Spent is nothing left; below is less than that."""
    if when == "spent":
        return left <= 0
    return left < Fraction(when.removeprefix("below ").removesuffix("%")) / 100
