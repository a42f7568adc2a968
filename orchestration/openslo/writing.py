"""An objective as an OpenSLO v1 SLO document. Owns which field says what; reading.py reads the same fields back.

What OpenSLO has no field for stands in annotations under `plumbline/`, which other tools leave alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Protocol

import yaml

API_VERSION = "openslo/v1"
SOURCE = "plumbline"
PREFIX = "plumbline/"


class Exported(Protocol):
    """What is written of an objective."""

    name: str
    description: str
    workflow: str
    step: str
    dependency: str
    indicator: str
    threshold: float | None
    target: Decimal
    window_days: int
    degraded_is_bad: bool
    page: bool
    ticket: bool
    page_failures: int | None
    page_within: int | None
    ticket_failures: int | None
    ticket_within: int | None
    runbook: str


def write(objectives: Iterable[tuple[Exported, str]]) -> str:
    """All of them, each with its owner's name, as one YAML text."""
    documents = [document(one, owner) for one, owner in objectives]
    return yaml.safe_dump_all(documents, sort_keys=False, allow_unicode=True, width=120) if documents else ""


def document(one: Exported, owner: str) -> dict[str, Any]:
    """One."""
    objective: dict[str, Any] = {"displayName": one.name, "target": float(one.target)}
    if one.threshold is not None:
        objective |= {"op": "lte", "value": one.threshold}
    return {
        "apiVersion": API_VERSION,
        "kind": "SLO",
        "metadata": {"name": one.name, "annotations": _annotations(one, owner)},
        "spec": {
            **({"description": one.description} if one.description else {}),
            "service": one.dependency or one.workflow,
            "indicator": {"metadata": {"name": f"{one.name}-indicator"}, "spec": _indicator(one)},
            "timeWindow": [{"duration": f"{one.window_days}d", "isRolling": True}],
            "budgetingMethod": "Occurrences",
            "objectives": [objective],
        },
    }


def _indicator(one: Exported) -> dict[str, Any]:
    named = {"workflow": one.workflow, "step": one.step, "dependency": one.dependency}
    scope = {name: value for name, value in named.items() if value}
    if one.threshold is not None:
        return {"thresholdMetric": {"metricSource": {"type": SOURCE, "spec": {**scope, "measure": "duration_seconds"}}}}
    counted = {
        which: {"metricSource": {"type": SOURCE, "spec": {**scope, "result": result}}}
        for which, result in (("good", "good"), ("total", "any"))
    }
    return {"ratioMetric": {"counter": True, **counted}}


def _annotations(one: Exported, owner: str) -> dict[str, str]:
    found = {"owner": owner, "page": _alert(one, "page"), "ticket": _alert(one, "ticket")}
    if one.runbook:
        found["runbook"] = one.runbook
    if one.degraded_is_bad:
        found["degraded-is-bad"] = "true"
    return {f"{PREFIX}{name}": value for name, value in found.items()}


def _alert(one: Exported, severity: str) -> str:
    """`off`, `burn-rate`, or `5 in 60m`."""
    if not getattr(one, severity):
        return "off"
    count, within = getattr(one, f"{severity}_failures"), getattr(one, f"{severity}_within")
    return f"{count} in {within}m" if count else "burn-rate"
