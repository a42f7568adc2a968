"""Recording and alerting rules for Prometheus, out of objectives, over the events that /metrics tells of each.

The alerts are those of the portal: a long and a short window at or over a factor, and at least five bad events in the long one.
Pairs that could never fire at an objective's target are left out. Owns the expressions. Never reads the database.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from orchestration.models import Objective
from orchestration.policies.burn import GUARD, PAIRS, Pair, Rule, Severity, allowed
from orchestration.services.objectives import rules_of

EVENTS = "workflow_slo_events_total"
#: Every window of the pairs, shortest first.
WINDOWS = tuple(sorted({window for pairs in PAIRS.values() for pair in pairs for window in pair.windows}))


def rules(objectives: Iterable[Objective]) -> dict[str, Any]:
    """The content of a rule file: what is recorded for every objective, and the alerts of each."""
    alerts = [alert for one in objectives for alert in _alerts(one)]
    groups = [{"name": "plumbline-slo-ratios", "interval": "30s", "rules": [_ratio(window) for window in WINDOWS]}]
    if alerts:
        groups.append({"name": "plumbline-slo-alerts", "interval": "30s", "rules": alerts})
    return {"groups": groups}


def ratio(window: timedelta) -> str:
    """The name under which the share of bad events is recorded."""
    return f"workflow:slo_error_ratio:rate{span(window)}"


def span(window: timedelta) -> str:
    """A duration as PromQL writes it, in the largest unit that it fills."""
    minutes = int(window.total_seconds()) // 60
    for size, unit in ((1440, "d"), (60, "h")):
        if minutes % size == 0:
            return f"{minutes // size}{unit}"
    return f"{minutes}m"


def number(value: Decimal | Fraction) -> str:
    """As PromQL reads it, without an exponent."""
    exact = value if isinstance(value, Decimal) else Decimal(value.numerator) / Decimal(value.denominator)
    return format(exact.normalize(), "f")


def _ratio(window: timedelta) -> dict[str, str]:
    bad = f'sum by (objective) (rate({EVENTS}{{outcome="bad"}}[{span(window)}]))'
    every = f"sum by (objective) (rate({EVENTS}[{span(window)}]))"
    return {"record": ratio(window), "expr": f"{bad} / ({every} > 0)"}


def _alerts(objective: Objective) -> list[dict[str, Any]]:
    found = []
    for severity in Severity:
        rules = [rule for rule in rules_of(objective, severity) if rule.is_reachable(objective.target)]
        if rules:
            found.append(_alert(objective, severity, " or ".join(f"({_fires(objective, rule)})" for rule in rules)))
    return found


def _alert(objective: Objective, severity: Severity, expression: str) -> dict[str, Any]:
    labels = {"severity": severity.value, "objective": objective.name, "team": objective.owner.name}
    labels |= {key: value for key in ("workflow", "step", "dependency") if (value := getattr(objective, key))}
    target = number(objective.target * 100)
    annotations = {
        "summary": f"{objective.name}: the error budget burns too fast",
        "description": f"Target {target} % of {objective.indicator} within {objective.window_days} days.",
    }
    if objective.runbook:
        annotations["runbook"] = objective.runbook
    return {
        "alert": f"PlumblineBudgetBurn{severity.capitalize()}",
        "expr": expression,
        "labels": labels,
        "annotations": annotations,
    }


def _fires(objective: Objective, rule: Rule) -> str:
    which = f"objective={json.dumps(objective.name)}"

    def bad(within: timedelta) -> str:
        return f'sum by (objective) (increase({EVENTS}{{{which}, outcome="bad"}}[{span(within)}]))'

    if not isinstance(rule, Pair):
        return f"{bad(rule.within)} >= {rule.count}"
    limit = number(rule.factor * allowed(objective.target))
    windows = [f"{ratio(window)}{{{which}}} >= {limit}" for window in (rule.long, rule.short)]
    return " and ".join([*windows, f"{bad(rule.long)} >= {GUARD}"])
