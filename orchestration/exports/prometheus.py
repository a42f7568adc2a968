"""Recording and alerting rules for Prometheus, out of objectives, over the events that /metrics tells of each.

The alerts are those of the portal: a long and a short window at or over a factor, and at least five bad events in the long one.
Pairs that could never fire at an objective's target are left out. Owns the expressions. Never reads the database.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from orchestration.models import Objective

#: Fewer bad events in the long window are no alert, whatever the rate.
FEWEST = 5
EVENTS = "workflow_slo_events_total"


class Pair(NamedTuple):
    """Windows, and how many times as fast as allowed the budget must burn in both."""

    long: str
    short: str
    factor: Decimal


PAGES = (Pair("1h", "5m", Decimal("14.4")), Pair("6h", "30m", Decimal(6)))
TICKETS = (Pair("1d", "2h", Decimal(3)), Pair("3d", "6h", Decimal(1)))
WINDOWS = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")


def rules(objectives: Iterable[Objective]) -> dict[str, Any]:
    """The content of a rule file: what is recorded for every objective, and the alerts of each."""
    alerts = [alert for one in objectives for alert in _alerts(one)]
    groups = [{"name": "plumbline-slo-ratios", "interval": "30s", "rules": [_ratio(window) for window in WINDOWS]}]
    if alerts:
        groups.append({"name": "plumbline-slo-alerts", "interval": "30s", "rules": alerts})
    return {"groups": groups}


def ratio(window: str) -> str:
    """The name under which the share of bad events is recorded."""
    return f"workflow:slo_error_ratio:rate{window}"


def number(value: Decimal) -> str:
    """As PromQL reads it, without an exponent."""
    return format(value.normalize(), "f")


def _ratio(window: str) -> dict[str, str]:
    bad = f'sum by (objective) (rate({EVENTS}{{outcome="bad"}}[{window}]))'
    every = f"sum by (objective) (rate({EVENTS}[{window}]))"
    return {"record": ratio(window), "expr": f"{bad} / ({every} > 0)"}


def _alerts(objective: Objective) -> list[dict[str, Any]]:
    wanted: list[tuple[str, Sequence[Pair]]] = []
    if objective.page:
        wanted.append(("page", PAGES))
    if objective.ticket:
        wanted.append(("ticket", TICKETS))
    found = []
    for severity, pairs in wanted:
        possible = [pair for pair in pairs if pair.factor * (1 - objective.target) <= 1]
        if possible:
            found.append(_alert(objective, severity, possible))
    return found


def _alert(objective: Objective, severity: str, pairs: Sequence[Pair]) -> dict[str, Any]:
    labels = {"severity": severity, "objective": objective.name, "team": objective.owner.name}
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
        "expr": " or ".join(f"({_fires(objective, pair)})" for pair in pairs),
        "labels": labels,
        "annotations": annotations,
    }


def _fires(objective: Objective, pair: Pair) -> str:
    which = f"objective={json.dumps(objective.name)}"
    limit = number(pair.factor * (1 - objective.target))
    bad = f'sum by (objective) (increase({EVENTS}{{{which}, outcome="bad"}}[{pair.long}]))'
    return " and ".join([
        f"{ratio(pair.long)}{{{which}}} >= {limit}", f"{ratio(pair.short)}{{{which}}} >= {limit}", f"{bad} >= {FEWEST}",
    ])  # fmt: skip
