"""Alerts open, are told, escalate and are resolved by themselves. What people do to one is in alert_actions.py.

Each is one transaction: an alert and the telling of it are there together or not at all, whoever is killed in between; and
whoever of several is first does it, since a constraint or a compare-and-set decides. Never decides that something burns.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import structlog
from django.db import IntegrityError, transaction

from orchestration.engine.plans import plan_of
from orchestration.hooks import hooks
from orchestration.models import Alert, AlertEvent, Objective, Run, Silence, Team, WorkflowVersion
from orchestration.policies.burn import Severity
from orchestration.policies.escalation import Step, due, steps_of
from orchestration.telemetry.breaker_state import breaker_is_open

log = structlog.get_logger(__name__)

What = AlertEvent.What


def open_burn(
    *, objective: Objective, severity: Severity, rule: str, facts: Mapping[str, Any], now: datetime
) -> Alert | None:
    """Open one for an objective; None where one is open already, whoever opened it."""
    alert = Alert(
        kind=Alert.Kind.BURN, severity=severity, subject=objective.name, team=objective.owner, objective=objective,
        workflow=objective.workflow, rule=rule, facts=dict(facts), opened_at=now,
    )  # fmt: skip
    return _open(alert, f"The budget burns: {rule}.", now)


def open_compensation(*, run: Run, now: datetime) -> Alert | None:
    """Open one for a run that failed and could not be undone. It wakes somebody where there is a runbook to follow."""
    version = WorkflowVersion.objects.filter(pk=run.version_id).values_list("canonical", flat=True).first() or {}
    has_runbook = bool(version.get("metadata", {}).get("runbook"))
    alert = Alert(
        kind=Alert.Kind.COMPENSATION, severity=Severity.PAGE if has_runbook else Severity.TICKET,
        subject=run.workflow.name, team=run.team, workflow=run.workflow.name, run_id=run.pk,
        rule="compensation failed", facts={"failed_step": run.failed_step}, opened_at=now,
    )  # fmt: skip
    return _open(alert, f"What run {run.short_id} did could be undone only in part.", now)


def tell_due(alert: Alert, now: datetime) -> None:
    """Tell whom it is time to tell: everybody at first, unless it is kept quiet; then, step by step, those of the escalation."""
    if alert.told_at is not None and (alert.next_at is None or alert.next_at > now):
        return
    if silence_of(alert, now) is not None or is_hushed(alert):
        return
    with transaction.atomic():
        _tell(alert, now)


def resolve_over(alert: Alert, text: str, now: datetime) -> bool:
    """Resolve it, since it is over; False where somebody did already."""
    with transaction.atomic():
        still = Alert.objects.filter(pk=alert.pk, resolved_at__isnull=True)
        if not still.update(state=Alert.State.RESOLVED, resolved_at=now, next_at=None):
            return False
        note(alert, What.RESOLVED, text, now)
        announce_if_told(alert, "alert.resolved", reason=text)
    return True


def silence_of(alert: Alert, now: datetime) -> Silence | None:
    """The silence that keeps it quiet now."""
    if alert.objective_id is None:
        return None
    found = Silence.objects.filter(objective=alert.objective_id, starts_at__lte=now, ends_at__gt=now)
    return found.filter(severity__in=("", alert.severity)).order_by("-ends_at").first()


def is_hushed(alert: Alert) -> bool:
    """Whether it is a page about a step whose dependency's breaker is open: the breaker explains it."""
    objective = alert.objective
    if objective is None or alert.severity != Severity.PAGE or not objective.step:
        return False
    live = WorkflowVersion.objects.filter(workflow__name=objective.workflow, state=WorkflowVersion.State.ACTIVE)
    version_id = live.order_by("-precedence").values_list("pk", flat=True).first()
    step = plan_of(version_id).steps.get(objective.step) if version_id else None
    return bool(step is not None and step.dependency and breaker_is_open(step.dependency))


def note(alert: Alert, what: str, text: str, now: datetime, person: Any = None) -> None:
    """A line of its timeline."""
    AlertEvent.objects.create(alert=alert, at=now, what=what, text=text, person=person)


def announce_if_told(alert: Alert, event: str, **more: Any) -> None:
    """Those who heard that it began hear how it goes on."""
    if Alert.objects.filter(pk=alert.pk, told_at__isnull=False).exists():
        hooks.alerts.tell(event, alert, _teams(alert), **more)
    _log(event, alert)


def _open(alert: Alert, text: str, now: datetime) -> Alert | None:
    alert.escalation = _escalation(alert)
    try:
        with transaction.atomic():
            Alert.objects.bulk_create([alert])
            note(alert, What.OPENED, text, now)
            if (silence := silence_of(alert, now)) is not None:
                note(
                    alert,
                    What.SILENCED,
                    f"Nobody is told until {silence.ends_at:%Y-%m-%d %H:%M} UTC: {silence.reason}",
                    now,
                )
            elif is_hushed(alert):
                note(alert, What.SILENCED, "Nobody is told while the breaker of its dependency is open.", now)
            else:
                _tell(alert, now)
            _log("alert.opened", alert)
    except IntegrityError:
        return None
    return alert


def _tell(alert: Alert, now: datetime) -> None:
    """Compare and set: of two that tell at once, the second finds it told."""
    began = alert.told_at or now
    ready, later = due(steps_of(alert.escalation.document), alert.steps, began, now)
    mine = Alert.objects.filter(
        pk=alert.pk, state=Alert.State.OPEN, told_at=alert.told_at, steps=alert.steps, resolved_at__isnull=True
    )
    if not mine.update(told_at=began, steps=alert.steps + len(ready), next_at=later):
        return
    if alert.told_at is None:
        hooks.alerts.tell("alert.opened", alert, [alert.team])
        note(alert, What.TOLD, f"The channels of {alert.team.name} are told.", now)
    for number, step in enumerate(ready, alert.steps + 1):
        note(alert, What.ESCALATED, _escalate(alert, number, step), now)
    alert.told_at, alert.steps, alert.next_at = began, alert.steps + len(ready), later


def _escalate(alert: Alert, number: int, step: Step) -> str:
    """Tell the one whom the step names; what was done, in words."""
    if step.is_address:
        sent = hooks.alerts.mail(alert, step.notify)
        return (
            f"Step {number}: {step.notify} is written to."
            if sent
            else (f"Step {number}: no mail to {step.notify}, since this installation sends none (PLUMBLINE_SMTP_URL).")
        )
    team = Team.objects.filter(name=step.notify).first()
    hooks.alerts.tell("alert.escalated", alert, [team or alert.escalation], step=number, notify=step.notify)
    return f"Step {number}: {step.notify} is told, by the channels of {(team or alert.escalation).name}."


def _escalation(alert: Alert) -> Team:
    """The team whose steps are followed: that of the workflow's `escalation`, where it names one; else its own."""
    live = WorkflowVersion.objects.filter(workflow__name=alert.workflow, state=WorkflowVersion.State.ACTIVE)
    canonical = live.order_by("-precedence").values_list("canonical", flat=True).first() if alert.workflow else None
    named = canonical["spec"].get("escalation") if canonical else None
    return (Team.objects.filter(name=named).first() if named else None) or alert.team


def _teams(alert: Alert) -> list[Team]:
    return [alert.team, *([alert.escalation] if alert.steps and alert.escalation_id != alert.team_id else [])]


def _log(event: str, alert: Alert) -> None:
    facts = {"alert": alert.pk, "severity": str(alert.severity), "subject": alert.subject, "team": alert.team.name}
    transaction.on_commit(lambda: log.warning(event, **facts))
