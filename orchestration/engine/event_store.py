"""The store of events: each is kept once, whoever sends it how often, and routed soon after. Owns its rows. Never routes one."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from orchestration import clock
from orchestration.engine.payloads import encode
from orchestration.engine.publish import after_commit
from orchestration.engine.subscriptions import serialise
from orchestration.models import Event


@dataclass(frozen=True, slots=True)
class NewEvent:
    """A CloudEvent on its way in. `data` is a JSON value; `run_id`: a signal, for this run alone."""

    source: str
    event_id: str
    type: str
    data: Any = None
    subject: str = ""
    correlation: str = ""
    time: datetime | None = None
    content_type: str = ""
    extensions: dict[str, Any] = field(default_factory=dict)
    run_id: uuid.UUID | None = None
    emitted_by_id: int | None = None
    actor_id: int | None = None


def store(new: NewEvent) -> tuple[Event, bool]:
    """Keep the event and have it routed; the event, and whether it is new: a doubled one changes nothing.

    Raises TooLarge and ValueError for data that can't be kept.
    """
    text = encode(new.data, "the event's data")
    known = Event.objects.filter(source=new.source, event_id=new.event_id)
    if (event := known.first()) is not None:
        return event, False
    try:
        with transaction.atomic():
            serialise(new.type, new.correlation if new.run_id is None else str(new.run_id))
            event = Event.objects.create(
                source=new.source, event_id=new.event_id, type=new.type, subject=new.subject,
                correlation=new.correlation, time=new.time, data=text, content_type=new.content_type,
                extensions=new.extensions, received_at=clock.now(), run_id=new.run_id,
                emitted_by_id=new.emitted_by_id, actor_id=new.actor_id,
            )  # fmt: skip
            after_commit("orchestration.tasks.route", event.pk)
    except IntegrityError:
        return known.get(), False  # the same event at the same moment: the other was first
    return event, True


def envelope(event: Event) -> dict[str, Any]:
    """What triggers and webhooks see of an event."""
    return {
        "id": event.event_id, "source": event.source, "type": event.type, "subject": event.subject or None,
        "time": event.time.isoformat() if event.time else None, "data": json.loads(event.data or "null"),
    }  # fmt: skip
