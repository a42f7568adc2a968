"""Telling people of alerts: a webhook for each channel that wants the event, a mail to an address.

Both are rows of the outbox, in the transaction of the alert, so that a killed worker loses neither. Owns what is said. Never
sends, and never says more than names and counts.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.urls import reverse

from governance.models import WebhookDelivery
from governance.services.mailing import MAILTO
from governance.services.webhooks import announce
from orchestration import clock
from orchestration.ids import new_id
from orchestration.models import Alert, Team


class Channels:
    """Orchestration's wish, done: see orchestration.hooks.AlertHook."""

    def tell(self, event: str, alert: Alert, teams: Sequence[Team], **more: Any) -> None:
        """See AlertHook."""
        announce(event, teams=teams, data=_of(alert) | more)

    def mail(self, alert: Alert, address: str) -> bool:
        """See AlertHook."""
        if not settings.PLUMBLINE.mail:
            return False
        now = clock.now()
        WebhookDelivery.objects.create(
            event_id=f"msg_{new_id(now)}", type="alert.escalated", team=alert.escalation, url=f"{MAILTO}{address}"[:500],
            payload=json.dumps({"type": "alert.escalated", "data": _of(alert)}), created_at=now, next_at=now,
        )  # fmt: skip
        return True


def _of(alert: Alert) -> dict[str, Any]:
    found: dict[str, Any] = {
        "alert": alert.pk, "severity": str(alert.severity), "subject": alert.subject, "team": alert.team.name,
        "rule": alert.rule, "opened_at": alert.opened_at.isoformat(), "link": reverse("alert", args=[alert.pk]),
    }  # fmt: skip
    if alert.objective is not None and alert.objective.runbook:
        found["runbook"] = reverse("runbook", args=[alert.objective.runbook])
    return found
