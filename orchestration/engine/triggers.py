"""Triggers: an event of a type starts the runs of those whose condition holds, one run each, however often the event comes.

Owns which triggers hold and what is written down of each. Called for each stored event, more than once
where it is routed again. What fails is recorded and stops no other; only the database's errors are raised.
"""

from __future__ import annotations

from typing import Any

from orchestration import clock
from orchestration.engine.payloads import load
from orchestration.limits import MAX_ERROR_TEXT
from orchestration.manifest import ExpressionError
from orchestration.models import Event, Run, Trigger, TriggerFiring
from orchestration.services.unattended import Started, condition, fitting_key, start_unattended


def fire(event: Event) -> list[Run]:
    """Start the runs of every trigger that holds for the event; those that are new or were started by it before."""
    triggers = list(Trigger.objects.filter(event=event.type, paused=False))
    if not triggers:
        return []
    scope = {"event": seen(event)}
    started = (_fire(trigger, event, scope) for trigger in triggers)
    return [one.run for one in started if one is not None and one.run is not None]


def seen(event: Event) -> dict[str, Any]:
    """The event as expressions read it. Absent subject, time and data are null."""
    return {
        "id": event.event_id, "source": event.source, "type": event.type, "subject": event.subject or None,
        "time": event.time.isoformat() if event.time is not None else None, "data": load(event.data),
    }  # fmt: skip


def _fire(trigger: Trigger, event: Event, scope: dict[str, Any]) -> Started | None:
    """None: the condition does not hold. What an event started is left as it is, however the trigger was changed since."""
    spec = trigger.spec
    this: dict[str, Any] = {"trigger": trigger, "event_source": event.source, "event_id": event.event_id}
    before = TriggerFiring.objects.filter(**this, run__isnull=False).select_related("run").first()
    if before is not None:
        return Started(before.run)
    try:
        if "when" in spec and not condition(spec["when"]).evaluate(scope):
            return None
    except ExpressionError as error:
        started = Started(None, f"'when' can't be computed: {error}"[:MAX_ERROR_TEXT])
    else:
        started = start_unattended(
            spec, scope, key=fitting_key(f"trigger:{trigger.name}:", f"{event.source}/{event.event_id}"),
            origin=f"trigger:{trigger.name}", detail=f"trigger {trigger.name}, event {event.event_id} of {event.source}",
        )  # fmt: skip
    found = {"at": clock.now(), "run": started.run, "error": started.error}
    TriggerFiring.objects.update_or_create(
        trigger=trigger, event_source=event.source, event_id=event.event_id, defaults=found
    )
    return started
