"""Counts of objectives as the folding leaves them: minutes, summed into their hours and days. Owns no rule."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import yaml

from orchestration import clock
from orchestration.models import Objective, RollupDay, RollupHour, RollupMinute, Series, Team, Workflow
from orchestration.selectors.series import Grain
from orchestration.services.manifests import Document, Signature, apply
from orchestration.services.objectives import Wanted, create
from tests.engine.harness import publish


def count(objective: Objective, at: datetime, total: int, bad: int) -> None:
    """So many events ended in the minute that holds the moment."""
    series, _ = Series.objects.get_or_create(kind=Series.Kind.OBJECTIVE, label=str(objective.pk))
    for grain, model in ((Grain.MINUTE, RollupMinute), (Grain.HOUR, RollupHour), (Grain.DAY, RollupDay)):
        row, _ = model.objects.get_or_create(series=series, ts=grain.floor(at))
        row.n += total
        row.ok += total - bad
        row.slo_bad += bad
        row.save()


def objective(name: str = "demo.success", *, target: str = "0.99", team: str = "checkout", **more: Any) -> Objective:
    """One of a workflow `demo` that is there, made as the portal makes them."""
    if not Workflow.objects.filter(name="demo").exists():
        publish({"a": {"value": 1}})
    owner, _ = Team.objects.get_or_create(name=team)
    facts: dict[str, Any] = {"workflow": "demo", "indicator": "success", "runbook": "do-this"} | more
    wanted = Wanted(name=name, owner=owner, target=Decimal(target), **facts)
    return create(wanted=wanted, actor=None, reason="a test")


def outage(objective: Objective, *, bad: int = 40, total: int = 50) -> None:
    """Now, so many of so many failed."""
    count(objective, clock.now(), total, bad)


def manifest(kind: str, name: str, spec: dict[str, Any], **metadata: Any) -> None:
    """Apply one."""
    document = {"apiVersion": "plumbline/v1", "kind": kind, "metadata": {"name": name, **metadata}, "spec": spec}
    apply([Document(yaml.safe_dump(document, sort_keys=False), "demo.yaml")], Signature(None, "a test"))


def team(name: str = "checkout", **spec: Any) -> Team:
    """A team with this manifest."""
    manifest("Team", name, spec)
    return Team.objects.get(name=name)
