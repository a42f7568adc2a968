"""Webhook deliveries: list those of one's teams, and send a failed one again. What they say is never shown here."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.models import WebhookDelivery
from governance.selectors import webhooks
from governance.services.webhooks import resend
from orchestration.errors import Forbidden
from portal.api.enums import DELIVERY_STATES
from portal.api.pages import PageQuery, ProblemShape, actor_of, numbered_page, read_query
from portal.permissions import Actor, Verb
from portal.selectors.people import find_team

PROBLEMS: dict[int, type[serializers.Serializer[Any]]] = dict.fromkeys((400, 401, 403, 404, 422), ProblemShape)


class DeliveryShape(serializers.Serializer[Any]):
    """One event for one receiver."""

    id = serializers.IntegerField()
    event_id = serializers.CharField(help_text="the webhook-id; the same for all receivers of the event")
    type = serializers.CharField()
    team = serializers.CharField()
    url = serializers.CharField()
    state = serializers.ChoiceField(choices=DELIVERY_STATES)
    attempts = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    next_at = serializers.DateTimeField(allow_null=True, help_text="null: it is over")
    delivered_at = serializers.DateTimeField(allow_null=True)
    failed_at = serializers.DateTimeField(allow_null=True)
    last_status = serializers.IntegerField(allow_null=True, help_text="null: there was no answer")
    last_error = serializers.CharField(allow_blank=True)


class DeliveryPageShape(serializers.Serializer[Any]):
    """A page of deliveries."""

    items = DeliveryShape(many=True)
    next = serializers.CharField(allow_null=True)


class DeliveryQuery(PageQuery):
    """Filters of the list."""

    team = serializers.CharField(max_length=63, required=False, default="", allow_blank=True)


class Deliveries(APIView):
    """/webhook-deliveries"""

    @extend_schema(
        operation_id="list_webhook_deliveries", summary="Webhook deliveries of your teams, newest first",
        description="Admins read those of all teams. With `team`: those of one, of which you must be a member.",
        parameters=[DeliveryQuery], responses={200: DeliveryPageShape, **PROBLEMS},
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """A page."""
        query = read_query(DeliveryQuery, request)
        rows = webhooks.deliveries(_teams_to_read(actor_of(request), query["team"]))
        return Response(numbered_page(rows, query, show_delivery))


class ResendDelivery(APIView):
    """/webhook-deliveries/{id}/resend"""

    @extend_schema(
        operation_id="resend_webhook_delivery", summary="Send a failed webhook again",
        description="With the same webhook-id and from the beginning of its schedule. For admins.",
        request=None, responses={200: DeliveryShape, 409: ProblemShape, **PROBLEMS},
    )  # fmt: skip
    def post(self, request: Request, delivery_id: int) -> Response:
        """The delivery, which waits again; 409 for one that has not failed."""
        actor_of(request).require(Verb.ADMINISTER)
        return Response(show_delivery(resend(delivery_id=delivery_id)))


def show_delivery(delivery: WebhookDelivery) -> dict[str, Any]:
    """DeliveryShape's values."""
    return {
        "id": delivery.pk,
        "event_id": delivery.event_id,
        "type": delivery.type,
        "team": delivery.team.name,
        "url": delivery.url,
        "state": delivery.state.value,
        "attempts": delivery.attempts,
        "created_at": delivery.created_at.isoformat(),
        "next_at": _time(delivery.next_at),
        "delivered_at": _time(delivery.delivered_at),
        "failed_at": _time(delivery.failed_at),
        "last_status": delivery.last_status,
        "last_error": delivery.last_error,
    }


def _teams_to_read(actor: Actor, name: str) -> set[int] | None:
    """The teams whose deliveries are asked for and may be read; None for all. Raises NotFound, Forbidden."""
    team = find_team(name) if name else None
    bound = actor.token.team_id if actor.token is not None else None
    if actor.may(Verb.ADMINISTER, bound):
        readable = None if bound is None else {bound}
    else:
        readable = {one for one in actor.roles() if bound in (None, one)}
    if team is None:
        return readable
    if readable is not None and team.pk not in readable:
        raise Forbidden(f"webhooks of team {team.name} are for its members; an admin can give a role in it")
    return {team.pk}


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
