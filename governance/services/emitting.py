"""Events that steps emit, on their way out: a delivery for each channel that names their type, as CloudEvents in JSON.

In the transaction that marks the event as routed, so that a killed worker loses none. Its id is made of the event's, so that
however often it is written or sent a receiver can tell that it is one. Owns what leaves. Never sends.
"""

from __future__ import annotations

import json
import uuid

from governance.models import WebhookDelivery
from governance.selectors.webhooks import channels_of
from orchestration import clock
from orchestration.cloudevents import structured
from orchestration.engine.event_store import NewEvent
from orchestration.models import Event, Team

STRUCTURED = "application/cloudevents+json"
_NAMESPACE = uuid.UUID("5b1f8ac2-2d8e-5d8f-9a55-0d6c1a7a4e11")


class Outbox:
    """Orchestration's wish, done: see orchestration.hooks.EventHook."""

    def emitted(self, event: Event) -> None:
        """See EventHook. Channels of any team: who emits an event publishes it."""
        wanted = [
            (team, channel)
            for team in Team.objects.order_by("pk")
            for channel in channels_of(team)
            if channel.wants_emitted(event.type)
        ]
        if not wanted:
            return
        now, payload = clock.now(), json.dumps(structured(_as_sent(event)), ensure_ascii=False, separators=(",", ":"))
        message_id = f"msg_{uuid.uuid5(_NAMESPACE, f'{event.source} {event.event_id}')}"
        WebhookDelivery.objects.bulk_create(
            WebhookDelivery(
                event_id=message_id, type=event.type, team=team, url=channel.url, payload=payload,
                content_type=STRUCTURED, created_at=now, next_at=now,
            )
            for team, channel in wanted
        )  # fmt: skip


def _as_sent(event: Event) -> NewEvent:
    return NewEvent(
        source=event.source, event_id=event.event_id, type=event.type, data=json.loads(event.data or "null"),
        subject=event.subject, time=event.time, content_type=event.content_type, extensions=event.extensions,
    )  # fmt: skip
