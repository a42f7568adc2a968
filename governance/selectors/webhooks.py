"""Reads of webhooks: a team's channels, its deliveries, one delivery. Never writes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from governance.models import GoneReceiver, WebhookDelivery
from orchestration.errors import NotFound
from orchestration.models import Team


@dataclass(frozen=True, slots=True)
class Channel:
    """A webhook of a team's manifest. Without `events` and `emits` it hears of all of Plumbline's own."""

    url: str
    secret: str
    events: tuple[str, ...] = ()
    emits: tuple[str, ...] = ()

    def wants(self, event: str) -> bool:
        """Whether it is to hear of that event of Plumbline's own."""
        return event in self.events or not (self.events or self.emits)

    def wants_emitted(self, type_: str) -> bool:
        """Whether it is to have what steps emit of that type."""
        return any(
            type_.startswith(one.removesuffix("*")) if one.endswith(".*") else type_ == one for one in self.emits
        )


def channels_of(team: Team) -> list[Channel]:
    """As the manifest that was applied last says. A document of an earlier release may hold channels of other shapes."""
    declared = (team.document or {}).get("spec", {}).get("channels", [])
    return [
        Channel(one["webhook"], one["secret"], tuple(one.get("events") or ()), tuple(one.get("emits") or ()))
        for one in declared
        if isinstance(one, dict) and {"webhook", "secret"} <= one.keys()
    ]


def gone_since(team: Team) -> dict[str, datetime]:
    """The receivers of a team that answered 410 Gone, by URL, and when they did."""
    return dict(GoneReceiver.objects.filter(team=team).values_list("url", "at"))


def deliveries(teams: Iterable[int] | None = None) -> QuerySet[WebhookDelivery]:
    """Newest first, without what they say; of these teams, or of all."""
    found = WebhookDelivery.objects.select_related("team").defer("payload", "team__document").order_by("-pk")
    return found if teams is None else found.filter(team__in=list(teams))


def find_delivery(delivery_id: int) -> WebhookDelivery:
    """By number. Raises NotFound."""
    found = deliveries().filter(pk=delivery_id).first()
    if found is None:
        raise NotFound(f"no webhook delivery {delivery_id}; what ended 30 days ago is removed")
    return found
