"""Announcing events: one row for each channel that wants one, in the transaction of what it tells of.

Owns what a webhook says and whom it is for. Never sends: services/delivering.py does. What goes out leaves the
installation, so `data` has names, numbers and states, never a stored payload or a secret.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC
from typing import Any

from django.db import transaction

from governance.models import GoneReceiver, WebhookDelivery
from governance.selectors.webhooks import channels_of, find_delivery
from orchestration import clock
from orchestration.errors import Conflict
from orchestration.ids import new_id
from orchestration.manifest import WEBHOOK_EVENTS
from orchestration.models import Team


def announce(event: str, *, teams: Iterable[Team], data: dict[str, Any]) -> None:
    """Tell the channels of these teams that want to know. `data` is JSON; a `link` in it is a path of this portal.

    Undone with the caller's transaction. Raises ValueError for an event that no manifest can name.
    """
    if event not in WEBHOOK_EVENTS:
        raise ValueError(f"no event {event!r}: orchestration/manifest/models/channels.py has them")
    wanted = [
        (team, channel)
        for team in {team.pk: team for team in teams}.values()
        for channel in channels_of(team)
        if channel.wants(event)
    ]
    if not wanted:
        return
    now = clock.now()
    moment = now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    payload = json.dumps({"type": event, "timestamp": moment, "data": data}, separators=(",", ":"))
    event_id = f"msg_{new_id(now)}"
    WebhookDelivery.objects.bulk_create(
        WebhookDelivery(
            event_id=event_id, type=event, team=team, url=channel.url, payload=payload, created_at=now, next_at=now
        )
        for team, channel in wanted
    )


def resend(*, delivery_id: int) -> WebhookDelivery:
    """Send a failed one again, from the beginning of its schedule; a receiver that was gone is tried again.

    Raises NotFound, and Conflict for one that has not failed.
    """
    with transaction.atomic():
        find_delivery(delivery_id)
        now = clock.now()
        # Compared and set: of two people who ask at once, one is told that it waits already.
        failed = WebhookDelivery.objects.filter(pk=delivery_id, failed_at__isnull=False, delivered_at__isnull=True)
        changed = failed.update(failed_at=None, attempts=0, next_at=now, last_status=None, last_error="")
        delivery = find_delivery(delivery_id)
        if not changed:
            word = "was delivered" if delivery.delivered_at else "waits to be sent"
            raise Conflict(f"webhook delivery {delivery_id} {word} already; only a failed one is sent again")
        GoneReceiver.objects.filter(team=delivery.team, url=delivery.url).delete()
    return delivery
