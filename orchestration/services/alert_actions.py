"""What people do to alerts: acknowledge, resolve, silence and end a silence; each with a reason, in the audit log.

Owns what is allowed when. Never decides who may: the portal asks for the verb first.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from orchestration import clock
from orchestration.errors import Conflict, InvalidInput
from orchestration.hooks import hooks
from orchestration.models import Alert, AlertEvent, Objective, Silence
from orchestration.policies import burn
from orchestration.policies.burn import Severity
from orchestration.selectors.budgets import burns
from orchestration.services.alerts import announce_if_told, note
from orchestration.services.governed import hold, require_reason, save
from orchestration.services.objectives import rules_of

LONGEST_SILENCE = timedelta(days=30)


def acknowledge(*, alert: Alert, person: Any, reason: str) -> Alert:
    """Somebody is at it: the escalation stops. Raises Conflict for one that is acknowledged or resolved."""
    reason = require_reason(reason)
    now = clock.now()
    with transaction.atomic():
        hold()
        row = Alert.objects.filter(pk=alert.pk, state=Alert.State.OPEN)
        if not row.update(state=Alert.State.ACKNOWLEDGED, acknowledged_at=now, next_at=None):
            raise Conflict(_is_already(alert))
        _record("acknowledged", alert, person, reason, now)
        announce_if_told(alert, "alert.acknowledged", by=_name(person), reason=reason)
    return Alert.objects.get(pk=alert.pk)


def resolve(*, alert: Alert, person: Any, reason: str) -> Alert:
    """It is over. Raises Conflict for one that is resolved, and while its budget still burns, since it would open again."""
    reason = require_reason(reason)
    now = clock.now()
    if alert.objective is not None and (rule := _fires(alert.objective, Severity(alert.severity), now)):
        raise Conflict(
            f"the budget still burns ({rule}), so the alert would open again; acknowledge it, or silence it with an end"
        )
    with transaction.atomic():
        hold()
        row = Alert.objects.filter(pk=alert.pk, resolved_at__isnull=True)
        if not row.update(state=Alert.State.RESOLVED, resolved_at=now, next_at=None):
            raise Conflict(_is_already(alert))
        _record("resolved", alert, person, reason, now)
        announce_if_told(alert, "alert.resolved", by=_name(person), reason=reason)
    return Alert.objects.get(pk=alert.pk)


def silence(*, objective: Objective, severity: str, person: Any, reason: str, ends_at: datetime) -> Silence:
    """Tell nobody of the objective's alerts until then. Raises InvalidInput for an end that is past or far away."""
    reason = require_reason(reason)
    now = clock.now()
    if severity not in {"", *Severity}:
        raise InvalidInput(f"severity {severity[:20]!r}: there are {', '.join(Severity)}, and empty for both")
    if ends_at <= now:
        raise InvalidInput("the end of a silence lies in the future; choose a later one")
    if ends_at > now + LONGEST_SILENCE:
        raise InvalidInput(
            f"a silence lasts at most {LONGEST_SILENCE.days} days; retire the objective if nobody is to hear of it"
        )
    made = Silence(objective=objective, severity=severity, reason=reason, person=person, starts_at=now, ends_at=ends_at)
    with transaction.atomic():
        save(made, actor=person, reason=reason)
        found = Alert.objects.filter(objective=objective, resolved_at__isnull=True)
        for alert in found.filter(severity=severity) if severity else found:
            note(alert, AlertEvent.What.SILENCED, f"Until {ends_at:%Y-%m-%d %H:%M} UTC: {reason}", now, person)
    return made


def end_silence(*, silence: Silence, person: Any, reason: str) -> Silence:
    """From now on people are told again. Raises Conflict for one that has ended."""
    reason = require_reason(reason)
    with transaction.atomic():
        hold()
        current = Silence.objects.select_for_update(of=("self",)).select_related("objective").get(pk=silence.pk)
        if current.ends_at <= clock.now():
            raise Conflict("the silence has ended already")
        current.ends_at = clock.now()
        save(current, actor=person, reason=reason)
    return current


def _fires(objective: Objective, severity: Severity, now: datetime) -> burn.Rule | None:
    rules = rules_of(objective, severity) if objective.retired_at is None else ()
    windows = {span for rule in rules for span in rule.windows}
    return burn.firing(rules, objective.target, burns([objective], windows, now)[objective.pk]) if rules else None


def _record(what: str, alert: Alert, person: Any, reason: str, now: datetime) -> None:
    note(alert, what, reason, now, person)
    hooks.audit.record(action=what, kind="alert", name=f"{alert.pk}: {alert}", actor=person, reason=reason)


def _is_already(alert: Alert) -> str:
    state = Alert.objects.values_list("state", flat=True).get(pk=alert.pk)
    return f"alert {alert.pk} is {state} already"


def _name(person: Any) -> str:
    return str(person.get_username()) if person is not None and person.pk else "system"
