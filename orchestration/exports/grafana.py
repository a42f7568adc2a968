"""A Grafana dashboard out of objectives: the budgets and burn rates of each, and what all workflows do. Pure.

Owns panels and their places. Never reads the database.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from orchestration.exports.prometheus import WINDOWS, number, span
from orchestration.models import Objective

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
#: Grafana's grid is 24 wide.
WIDTH, HEIGHT = 12, 8
_OF_WORKFLOWS: tuple[tuple[str, str, Mapping[str, str]], ...] = (
    (
        "Runs by result", "ops",
        {"{{workflow}} {{result}}": "sum by (workflow, result) (rate(workflow_runs_total[$__rate_interval]))"},
    ),
    (
        "Runs, p95 from start to end", "s",
        {
            "{{workflow}}": "histogram_quantile(0.95, sum by (workflow, le)"
            " (rate(workflow_run_duration_seconds_bucket[$__rate_interval])))"
        },
    ),
    (
        "Queue wait, p95", "s",
        {
            "{{workflow}} {{step}}": "histogram_quantile(0.95, sum by (workflow, step, le)"
            " (rate(workflow_queue_wait_seconds_bucket[$__rate_interval])))"
        },
    ),
    (
        "Retries by reason", "ops",
        {"{{workflow}} {{step}} {{reason}}": "rate(workflow_retries_total[$__rate_interval])"},
    ),
    (
        "Timeouts and fallbacks", "ops",
        {
            "timeout {{workflow}} {{step}}": "rate(workflow_timeouts_total[$__rate_interval])",
            "fallback {{workflow}} {{step}}": "rate(workflow_fallbacks_total[$__rate_interval])",
        },
    ),
    ("Breakers that are not closed", "none", {"{{dependency}} {{state}}": 'workflow_breaker_state{state!="closed"} == 1'}),
)  # fmt: skip


def dashboard(objectives: Iterable[Objective]) -> dict[str, Any]:
    """The dashboard, as Grafana imports it: panels of objectives first."""
    panels: list[dict[str, Any]] = []
    for one in objectives:
        panels += _of_objective(one, y=len(panels) // 2 * HEIGHT)
    for title, unit, queries in _OF_WORKFLOWS:
        x, y = len(panels) % 2 * WIDTH, len(panels) // 2 * HEIGHT
        panels.append(_panel("timeseries", title, queries, x=x, y=y, unit=unit))
    for number_, panel in enumerate(panels, start=1):
        panel["id"] = number_
    return {
        "uid": "plumbline-objectives", "title": "Plumbline: objectives and workflows", "tags": ["plumbline"],
        "schemaVersion": 39, "version": 1, "editable": True, "refresh": "30s", "timezone": "browser",
        "time": {"from": "now-24h", "to": "now"}, "annotations": {"list": []}, "links": [],
        "templating": {
            "list": [{"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Data source"}]
        },
        "panels": panels,
    }  # fmt: skip


def _of_objective(objective: Objective, *, y: int) -> list[dict[str, Any]]:
    which = f"{{objective={json.dumps(objective.name)}}}"
    target = f"{number(objective.target * 100)} % in {objective.window_days} d"
    left = _panel(
        "stat", f"{objective.name}: budget left of {target}", {"left": f"workflow_slo_budget_remaining_ratio{which}"},
        x=0, y=y, unit="percentunit",
    )  # fmt: skip
    left["fieldConfig"]["defaults"]["thresholds"] = {
        "mode": "absolute",
        "steps": [
            {"color": "red", "value": None},
            {"color": "orange", "value": 0.0},
            {"color": "green", "value": 0.25},
        ],
    }
    windows = "|".join(map(span, WINDOWS))
    burn = _panel(
        "timeseries", f"{objective.name}: burn rate",
        {"{{window}}": f'workflow_slo_burn_rate{{objective={json.dumps(objective.name)}, window=~"{windows}"}}'},
        x=WIDTH, y=y, unit="none",
    )  # fmt: skip
    return [left, burn]


def _panel(kind: str, title: str, queries: Mapping[str, str], *, x: int, y: int, unit: str) -> dict[str, Any]:
    return {
        "type": kind, "title": title, "datasource": DATASOURCE, "gridPos": {"x": x, "y": y, "w": WIDTH, "h": HEIGHT},
        "fieldConfig": {"defaults": {"unit": unit}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + place), "datasource": DATASOURCE, "expr": expression, "legendFormat": legend}
            for place, (legend, expression) in enumerate(queries.items())
        ],
    }  # fmt: skip
