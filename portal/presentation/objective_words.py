"""Objectives, budgets and alerts as pages tell them: looks, targets, forecasts, sentences. Owns the words; never queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from django.urls import reverse
from django.utils.http import urlencode

from orchestration.models import Alert, Objective
from orchestration.policies import burn
from orchestration.policies.burn import Severity
from orchestration.selectors.budgets import Budget, BudgetState
from orchestration.services.objectives import rules_of
from portal.presentation.quantities import duration, number, percent
from portal.presentation.words import Look

BUDGET = {
    BudgetState.SPENT: Look("fail", "fail", "Spent"),
    BudgetState.BURNING: Look("warn", "warn", "Burning"),
    BudgetState.HEALTHY: Look("ok", "ok", "Healthy"),
    BudgetState.NO_DATA: Look("unk", "unk", "No data"),
}
ALERT = {
    Alert.State.OPEN: Look("fail", "bell", "Open"),
    Alert.State.ACKNOWLEDGED: Look("warn", "user", "Acknowledged"),
    Alert.State.RESOLVED: Look("ok", "ok", "Resolved"),
}
EVENT = {
    "opened": Look("fail", "bell", "Opened"),
    "told": Look("unk", "send", "Told"),
    "escalated": Look("warn", "send", "Escalated"),
    "acknowledged": Look("unk", "user", "Acknowledged"),
    "silenced": Look("unk", "parked", "Silenced"),
    "resolved": Look("ok", "ok", "Resolved"),
}


@dataclass(frozen=True, slots=True)
class Burn:
    """A burn rate and whether it is too fast: over the factor of a rule that looks at this window."""

    window: str
    rate: Fraction | None
    is_over: bool

    @property
    def text(self) -> str:
        """Like 14.4×; a dash of nothing."""
        return "–" if self.rate is None else f"{_rate(self.rate)}×"


@dataclass(frozen=True, slots=True)
class Row:
    """An objective in a list. `filled`: of a bar of 100, never below nothing."""

    budget: Budget
    look: Look
    of: str
    of_url: str
    target: str
    left: str
    filled: float
    burns: Sequence[Burn]
    forecast: str

    @property
    def objective(self) -> Objective:
        """Which."""
        return self.budget.objective


def row(budget: Budget) -> Row:
    """How an objective stands."""
    objective = budget.objective
    look = Look("unk", "none", "Retired") if objective.retired_at else BUDGET[budget.state]
    return Row(
        budget, look, scope_words(objective), scope_url(objective), target_words(objective), left_words(budget),
        round(max(0.0, min(1.0, float(budget.remaining))) * 100, 1), burns(budget), forecast(budget),
    )  # fmt: skip


def scope_words(objective: Objective) -> str:
    """What it is of."""
    if objective.dependency:
        return f"calls of {objective.dependency}"
    return f"{objective.workflow}, step {objective.step}" if objective.step else objective.workflow


def scope_url(objective: Objective) -> str:
    """Where that is."""
    if objective.dependency:
        return reverse("dependency", args=[objective.dependency])
    return reverse("workflow", args=[objective.workflow])


def target_words(objective: Objective) -> str:
    """Like "99.5 % succeed" and "95 % within 8 s", which is of what succeeds."""
    share = share_words(objective)
    if objective.indicator == Objective.Indicator.SUCCESS:
        return f"{share} succeed" if not objective.degraded_is_bad else f"{share} succeed in full"
    return f"{share} within {duration(objective.threshold)}"


def share_words(objective: Objective) -> str:
    """The target as it was written."""
    return f"{float(objective.target) * 100:.8g} %"


def left_words(budget: Budget) -> str:
    """What is left of the budget; how much too much was spent, where nothing is."""
    if not budget.counts.total:
        return "–"
    if budget.remaining < 0:
        return f"{percent(float(-budget.remaining))} over"
    return f"{percent(float(budget.remaining))} left"


def burns(budget: Budget) -> list[Burn]:
    """By window; too fast is what a rule for that window asks."""
    limits = {"1 h": Fraction("14.4"), "6 h": Fraction(6), "1 d": Fraction(3), "3 d": Fraction(1)}
    return [Burn(window, rate, rate is not None and rate >= limits[window]) for window, rate in budget.burns.items()]


def forecast(budget: Budget) -> str:
    """When nothing will be left."""
    if not budget.counts.total:
        return "nothing counted yet"
    if budget.exhausts_in is None:
        return "lasts"
    return f"spent in {duration(budget.exhausts_in)}" if budget.exhausts_in else "spent"


def sentence(budget: Budget) -> str:
    """The conclusion about one objective."""
    counts, days = budget.counts, budget.objective.window_days
    if not counts.total:
        return f"Nothing was counted in the last {days} days."
    said = (
        f"{number(counts.bad)} of {number(counts.total)} events of the last {days} days were bad; "
        f"{_events(budget.allowed)} may be."
    )
    if budget.state == BudgetState.SPENT:
        return f"The budget is spent. {said}"
    if budget.exhausts_in is not None:
        left, ends = percent(float(budget.remaining)), duration(budget.exhausts_in)
        return f"{left} of the budget is left, and spent in {ends} at the rate of the last day. {said}"
    return f"{percent(float(budget.remaining))} of the budget is left. {said}"


def alerting_words(objective: Objective) -> list[tuple[str, str]]:
    """Each severity, and when it alerts."""
    found = []
    for severity in Severity:
        rules = rules_of(objective, severity)
        guard = f", from {burn.GUARD} bad events on" if rules and isinstance(rules[0], burn.Pair) else ""
        words = " or ".join(str(rule) for rule in rules) + guard if rules else "off"
        found.append((severity.capitalize(), words))
    return found


def list_sentence(rows: Sequence[Row]) -> str:
    """The conclusion of the list."""
    spent = sum(row.budget.state == BudgetState.SPENT for row in rows)
    burning = sum(row.budget.state == BudgetState.BURNING for row in rows)
    if not rows:
        return ""
    if spent or burning:
        parts = [f"{number(spent)} spent" if spent else "", f"{number(burning)} burning too fast" if burning else ""]
        return f"Of {number(len(rows))} budgets {' and '.join(part for part in parts if part)}."
    return "No budget is spent or burns too fast." if len(rows) > 1 else ""


def severity_look(severity: str) -> Look:
    """Somebody is woken, or finds it in the morning."""
    return Look("fail", "bell", "Page") if severity == Severity.PAGE else Look("warn", "post", "Ticket")


def alert_title(alert: Alert) -> str:
    """What it says."""
    if alert.kind == Alert.Kind.COMPENSATION:
        return f"A run of {alert.subject} could not be undone"
    return f"The budget of {alert.subject} burns too fast"


def alert_sentence(alert: Alert, now: datetime) -> str:
    """What was counted when it opened, and how long it lasted."""
    lasted = duration(round(((alert.resolved_at or now) - alert.opened_at).total_seconds()))
    how_long = f"It lasted {lasted}." if alert.resolved_at else f"It has been open for {lasted}."
    if alert.kind == Alert.Kind.COMPENSATION:
        step = alert.facts.get("failed_step")
        return f"{f'It had failed at {step}. ' if step else ''}What it did is undone only in part. {how_long}"
    # The long window first: PostgreSQL keeps the keys of JSON in an order of its own.
    windows = dict(sorted(alert.facts.get("windows", {}).items(), key=lambda one: -int(one[0])))
    counted = [
        f"{number(bad)} of {number(total)} in {duration(int(minutes) * 60)}"
        for minutes, (bad, total) in windows.items()
    ]
    return f"{' and '.join(counted).capitalize()} were bad. {how_long}" if counted else how_long


def failed_runs_url(alert: Alert) -> str:
    """The runs that failed about then; the run itself, where it is about one."""
    if alert.run_id:
        return reverse("run", args=[alert.run_id])
    result = (
        {} if alert.objective and alert.objective.indicator == Objective.Indicator.LATENCY else {"result": "failed"}
    )
    longest = max((int(minutes) for minutes in alert.facts.get("windows", {})), default=60)
    since = alert.opened_at.astimezone(UTC) - timedelta(minutes=longest)
    query = {"since": since.strftime("%Y-%m-%dT%H:%M"), **result}
    return f"{reverse('runs')}?{urlencode({'workflow': alert.workflow, **query} if alert.workflow else query)}"


def _rate(rate: Fraction) -> str:
    return number(round(float(rate), 2) if rate < 10 else round(float(rate), 1))


def _events(count: float) -> str:
    return number(round(count, 2)) if count < 10 else number(round(count))
