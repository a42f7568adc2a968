"""A mail of the outbox: one attempt by Django's mail. Owns its words. Never touches the database and never tries again."""

from __future__ import annotations

import json
import smtplib

from django.core.mail import EmailMessage

from governance.models import WebhookDelivery

MAILTO = "mailto:"
#: What is kept of a server's refusal.
KEPT = 200


def send(delivery: WebhookDelivery) -> str:
    """Send it; what went wrong, empty for a mail that the server took.

    Its Message-ID is the delivery's, so that a mail that is sent twice is told apart from two.
    """
    data = json.loads(delivery.payload)["data"]
    lines = [
        f"{data['subject']} ({data['severity']}), team {data['team']}.",
        f"Rule: {data['rule']}. Open since {data['opened_at']}.",
        "",
        f"Look at it, and acknowledge it, in Plumbline: {data['link']}",
        *([f"What to do: {data['runbook']}"] if "runbook" in data else []),
    ]
    message = EmailMessage(
        subject=f"[Plumbline] {data['severity']}: {data['subject']}",
        body="\n".join(lines),
        to=[delivery.url.removeprefix(MAILTO)],
        headers={"Message-ID": f"<{delivery.event_id}@plumbline>"},
    )
    try:
        message.send()
    except (OSError, smtplib.SMTPException, ValueError) as error:  # ValueError: an address with a line break
        return f"not sent: {type(error).__name__}: {error}"[:KEPT]
    return ""
