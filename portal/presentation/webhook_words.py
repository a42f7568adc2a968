"""The words of webhooks: how a delivery and a channel are shown. Decides nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from governance.models import WebhookDelivery
from governance.selectors.webhooks import Channel
from portal.presentation.words import Look

DELIVERY = {
    WebhookDelivery.State.DELIVERED: Look("ok", "ok", "Delivered"),
    WebhookDelivery.State.WAITS: Look("unk", "wait", "Waits"),
    WebhookDelivery.State.FAILED: Look("fail", "fail", "Failed"),
}
RETRYING = Look("warn", "retry", "Waits, tried before")
ACTIVE, GONE = Look("ok", "ok", "Active"), Look("fail", "stop", "Gone")


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """A channel as a page lists it. `gone_at`: since when its receiver wants no more."""

    look: Look
    url: str
    secret: str
    events: str
    gone_at: datetime | None


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """A delivery as a page lists it."""

    look: Look
    delivery: WebhookDelivery

    @property
    def may_be_sent_again(self) -> bool:
        """Whether it has failed for good."""
        return self.delivery.state == WebhookDelivery.State.FAILED


def channel_row(channel: Channel, gone: dict[str, datetime]) -> ChannelRow:
    """With the state of its receiver."""
    at = gone.get(channel.url)
    events = ", ".join(channel.events) or "all"
    return ChannelRow(GONE if at else ACTIVE, channel.url, channel.secret, events, at)


def delivery_row(delivery: WebhookDelivery) -> DeliveryRow:
    """With its state."""
    state = delivery.state
    retrying = state == WebhookDelivery.State.WAITS and delivery.last_error
    return DeliveryRow(RETRYING if retrying else DELIVERY[state], delivery)
