"""Webhooks on a team's page: its channels, its last deliveries, and sending a failed one again."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from governance.selectors import webhooks
from governance.services.webhooks import resend
from orchestration.errors import Conflict
from orchestration.models import Team
from portal.middleware.reader import actor_of
from portal.permissions import Verb
from portal.presentation.webhook_words import channel_row, delivery_row

SHOWN = 20


def webhook_context(team: Team) -> dict[str, Any]:
    """What templates/admin/webhooks.html wants. Two queries."""
    gone = webhooks.gone_since(team)
    return {
        "channels": [channel_row(channel, gone) for channel in webhooks.channels_of(team)],
        "deliveries": [delivery_row(one) for one in webhooks.deliveries([team.pk])[:SHOWN]],
    }


@login_required
@require_POST
def send_again(request: HttpRequest, delivery_id: int) -> HttpResponse:
    """A failed delivery starts over; the page says so, or why not."""
    actor_of(request).require(Verb.ADMINISTER)
    delivery = webhooks.find_delivery(delivery_id)
    try:
        resend(delivery_id=delivery_id)
    except Conflict as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{delivery.type} is sent to {delivery.url} again.")
    return redirect("admin-team", delivery.team.name)
