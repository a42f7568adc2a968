"""Events and signals as the API takes and shows them. Owns the serializers; never queries."""

from __future__ import annotations

import json
from typing import Any

from rest_framework import serializers

from orchestration.models import Event, TriggerFiring
from orchestration.selectors.events import Story
from portal.api.pages import PageQuery
from portal.presentation.masking import hide


class EventQuery(PageQuery):
    """Filters of the list; empty ones don't filter."""

    type = serializers.CharField(max_length=127, required=False, default="", allow_blank=True)
    source = serializers.CharField(max_length=500, required=False, default="", allow_blank=True)  # type: ignore[assignment]
    correlation = serializers.CharField(max_length=500, required=False, default="", allow_blank=True)


class CloudEventShape(serializers.Serializer[Any]):
    """A CloudEvent in the JSON format; other attributes are extensions, such as `correlationid`."""

    specversion = serializers.ChoiceField(choices=["1.0"])
    id = serializers.CharField(max_length=200)
    source = serializers.CharField(max_length=500, help_text="a URI reference; /plumbline/… is taken")  # type: ignore[assignment]
    type = serializers.CharField(max_length=127)
    subject = serializers.CharField(max_length=500, required=False)
    time = serializers.DateTimeField(required=False)
    datacontenttype = serializers.CharField(max_length=127, required=False)
    correlationid = serializers.CharField(max_length=500, required=False, help_text="else the subject correlates")
    data = serializers.JSONField(required=False, allow_null=True)  # type: ignore[assignment]


class KeptShape(serializers.Serializer[Any]):
    """What was kept. `known`: it was here before, and nothing changed."""

    number = serializers.IntegerField()
    id = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    known = serializers.BooleanField()


class KeptListShape(serializers.Serializer[Any]):
    """In the order in which they were sent."""

    items = KeptShape(many=True)


class EventSummaryShape(serializers.Serializer[Any]):
    """An event of the list."""

    number = serializers.IntegerField()
    id = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    type = serializers.CharField()
    subject = serializers.CharField(allow_blank=True)
    correlation = serializers.CharField(allow_blank=True)
    time = serializers.DateTimeField(allow_null=True)
    received_at = serializers.DateTimeField()
    sent_by = serializers.CharField(allow_null=True)
    was_given = serializers.BooleanField(help_text="to a run that waited for it, or that a trigger started")


class EventPageShape(serializers.Serializer[Any]):
    """A keyset page."""

    items = EventSummaryShape(many=True)
    next = serializers.CharField(allow_null=True)


class EventRunShape(serializers.Serializer[Any]):
    """A run that had an event."""

    run = serializers.UUIDField()
    workflow = serializers.CharField()
    step = serializers.CharField(allow_blank=True)
    at = serializers.DateTimeField(allow_null=True)


class EventStartShape(serializers.Serializer[Any]):
    """A trigger that held for an event, and the run that it started; or `error`, why it started none."""

    trigger = serializers.CharField()
    run = serializers.UUIDField(allow_null=True)
    workflow = serializers.CharField(allow_blank=True)
    at = serializers.DateTimeField()
    error = serializers.CharField(allow_blank=True)


class EventDetailShape(EventSummaryShape):
    """One event with what it carries, masked for who may not see payloads of a run that had it."""

    datacontenttype = serializers.CharField(allow_blank=True)
    extensions = serializers.DictField()
    data = serializers.JSONField(allow_null=True)  # type: ignore[assignment]
    masked = serializers.BooleanField()
    given_to = EventRunShape(many=True)
    started = EventStartShape(many=True)
    emitted_by = EventRunShape(allow_null=True)
    signal_for = EventRunShape(allow_null=True)


class SignalShape(serializers.Serializer[Any]):
    """A signal: an event for one run alone. `name` is the type that its step waits for."""

    name = serializers.CharField(max_length=127)
    data = serializers.JSONField(required=False, default=None, allow_null=True)  # type: ignore[assignment]


def show_kept(event: Event, is_new: bool) -> dict[str, Any]:
    """KeptShape's values."""
    return {"number": event.pk, "id": event.event_id, "source": event.source, "known": not is_new}


def show_event(event: Event) -> dict[str, Any]:
    """EventSummaryShape's values; `was_given` as the list's rows have it."""
    return {
        "number": event.pk, "id": event.event_id, "source": event.source, "type": event.type, "subject": event.subject,
        "correlation": event.correlation, "time": event.time.isoformat() if event.time else None,
        "received_at": event.received_at.isoformat(),
        "sent_by": event.actor.get_username() if event.actor is not None else None,
        "was_given": event.was_given,  # type: ignore[attr-defined]
    }  # fmt: skip


def show_event_detail(event: Event, story: Story, *, masked: bool) -> dict[str, Any]:
    """EventDetailShape's values."""
    event.was_given = story.had > 0  # type: ignore[attr-defined]
    step = event.emitted_by.name if event.emitted_by is not None else ""
    return show_event(event) | {
        "datacontenttype": event.content_type, "extensions": event.extensions, "masked": masked,
        "data": hide(json.loads(event.data or "null"), everything=masked),
        "given_to": [_run(one.run, one.step.name, one.at.isoformat()) for one in story.receipts],
        "started": [_started(one) for one in story.firings],
        "emitted_by": _run(story.emitter, step) if story.emitter is not None else None,
        "signal_for": _run(story.signalled) if story.signalled is not None else None,
    }  # fmt: skip


def _started(firing: TriggerFiring) -> dict[str, Any]:
    run = firing.run
    return {
        "trigger": firing.trigger.name, "run": str(run.pk) if run is not None else None,
        "workflow": run.workflow.name if run is not None else "", "at": firing.at.isoformat(), "error": firing.error,
    }  # fmt: skip


def _run(run: Any, step: str = "", at: str | None = None) -> dict[str, Any]:
    return {"run": str(run.pk), "workflow": run.workflow.name, "step": step, "at": at}
