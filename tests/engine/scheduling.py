"""Applies schedules and triggers for tests, and moves the clock to where they are wanted."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import yaml

from orchestration import clock
from orchestration.models import Schedule, Team, Trigger
from orchestration.services.manifests import Document, Signature, apply


def at(moment: str) -> datetime:
    """A moment of UTC."""
    return datetime.fromisoformat(moment).replace(tzinfo=UTC)


def go_to(moment: str | datetime) -> datetime:
    """Move this process's clock there."""
    wanted = at(moment) if isinstance(moment, str) else moment
    clock.advance(wanted - clock.now())
    return wanted


def schedule(name: str = "nightly", *, workflow: str = "demo@^1", cron: str = "0 * * * *", **spec: Any) -> Schedule:
    """Apply a schedule of team checkout."""
    _apply("Schedule", name, {"workflow": workflow, "cron": cron, **spec})
    return Schedule.objects.get(name=name)


def trigger(name: str = "on-order", *, workflow: str = "demo@^1", event: str = "order.placed", **spec: Any) -> Trigger:
    """Apply a trigger of team checkout."""
    _apply("Trigger", name, {"workflow": workflow, "event": event, **spec})
    return Trigger.objects.get(name=name)


def manifest(kind: str, name: str, spec: dict[str, Any]) -> Document:
    """The document of one of them."""
    metadata = {"name": name, "owner": "checkout"}
    text = yaml.safe_dump(
        {"apiVersion": "plumbline/v1", "kind": kind, "metadata": metadata, "spec": spec}, sort_keys=False
    )
    return Document(text, f"{name}.yaml")


def _apply(kind: str, name: str, spec: dict[str, Any]) -> None:
    Team.objects.get_or_create(name="checkout")
    apply([manifest(kind, name, spec)], Signature(None, "a test"))
