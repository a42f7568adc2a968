"""Reads of alerts and silences: one keyset page, one alert, what is open of some teams. Never decides and never writes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from orchestration.errors import InvalidInput, NotFound
from orchestration.models import Alert, AlertEvent, Silence

PAGE = 50


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """What is looked for; empty fields don't filter. `state` may be `unresolved`: open or acknowledged."""

    state: str = ""
    severity: str = ""
    team: str = ""
    workflow: str = ""
    objective: str = ""


@dataclass(frozen=True, slots=True)
class AlertPage:
    """One keyset page, newest first. `next` is the cursor of the following one, None at the end."""

    items: list[Alert]
    next: str | None


def find_alert(number: int) -> Alert:
    """By number. Raises NotFound."""
    found = _rows().filter(pk=number).first()
    if found is None:
        raise NotFound(f"no alert {number}")
    return found


def alerts(wanted: AlertFilter, *, cursor: str = "", limit: int = PAGE) -> AlertPage:
    """Newest first. Raises InvalidInput for a cursor that is none."""
    rows = _rows()
    if wanted.state == "unresolved":
        rows = rows.filter(state__in=(Alert.State.OPEN, Alert.State.ACKNOWLEDGED))
    given = {
        "state": "" if wanted.state == "unresolved" else wanted.state, "severity": wanted.severity,
        "team__name": wanted.team, "workflow": wanted.workflow, "objective__name": wanted.objective,
    }  # fmt: skip
    rows = rows.filter(**{name: value for name, value in given.items() if value})
    if cursor:
        if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):
            raise InvalidInput("the cursor is none of this list; take `next` of the page before")
        rows = rows.filter(pk__lt=int(cursor))
    found = list(rows.order_by("-pk")[: limit + 1])
    return AlertPage(found[:limit], str(found[limit - 1].pk) if len(found) > limit else None)


def waiting_for_teams(team_ids: Collection[int], most: int) -> list[Alert]:
    """What is open and unanswered of these teams, pages first and then the oldest."""
    rows = _rows().filter(state=Alert.State.OPEN, team_id__in=team_ids)
    return list(rows.order_by("severity", "opened_at")[:most])  # "page" sorts before "ticket"


def events_of(alert: Alert) -> QuerySet[AlertEvent]:
    """Its timeline, oldest first."""
    return AlertEvent.objects.filter(alert=alert).select_related("person").order_by("pk")


def silences_of(objective_id: int, now: datetime) -> QuerySet[Silence]:
    """Those that hold now."""
    rows = Silence.objects.filter(objective=objective_id, ends_at__gt=now)
    return rows.select_related("person", "objective__owner").order_by("ends_at")


def find_silence(number: int) -> Silence:
    """By number. Raises NotFound."""
    found = Silence.objects.select_related("objective__owner").filter(pk=number).first()
    if found is None:
        raise NotFound(f"no silence {number}")
    return found


def _rows() -> QuerySet[Alert]:
    return Alert.objects.select_related("team", "escalation", "objective").defer(
        "team__document", "escalation__document"
    )
