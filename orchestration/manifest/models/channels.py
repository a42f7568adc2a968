"""A team's channels: where it wants to hear of events, and of which.

Owns the fields of a channel and the names of the events. Never holds a secret: a channel names one. Never sends
anything: governance does.
"""

import re
from typing import Annotated, Literal, get_args
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, WithJsonSchema

from orchestration.manifest.scalars import refuse
from orchestration.manifest.templates import OPENING

from .base import Part

WebhookEvent = Literal[
    "change.proposed",
    "change.reviewed",
    "change.reminder",
    "change.applied",
    "change.rejected",
    "change.glass_broken",
    "version.published",
    "version.deprecated",
    "version.retired",
    "version.sunset_near",
    "alert.opened",
    "alert.escalated",
    "alert.acknowledged",
    "alert.resolved",
    "playbook.called",
    "approval.requested",
    "approval.decided",
]
WEBHOOK_EVENTS: tuple[str, ...] = get_args(WebhookEvent)
LONGEST_WEBHOOK_URL = 500

_NAME = "[a-z0-9][a-z0-9-]{0,62}"
_URL = re.compile("[!-~]+")
#: A type of CloudEvents, or the beginning of some, up to a dot.
_PATTERN = r"(?=.{1,127}$)[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*(\.\*)?"


def _address(text: str) -> str:
    if not text.startswith(("https://", "http://")):
        refuse("wanted a URL that begins with https://, or with http:// inside a private network")
    if OPENING in text:
        refuse("a webhook URL holds no expression; write it out")
    if not _URL.fullmatch(text):
        refuse("a URL has no spaces and only ASCII; write other characters percent-encoded, and such a host as xn--…")
    if "#" in text:
        refuse("a webhook URL has no '#'; remove it and what follows")
    if len(text) > LONGEST_WEBHOOK_URL:
        refuse(f"a webhook URL has at most {LONGEST_WEBHOOK_URL} characters; this one has {len(text)}")
    _check_host(text)
    return text


def _check_host(text: str) -> None:
    try:
        parts = urlsplit(text)
        known = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        known = False
    if not known:
        refuse("the URL has no valid host")
    if "@" in parts.netloc:
        refuse("a webhook URL holds no user or password; the receiver checks the signature that 'secret' makes")


def _secret_name(text: str) -> str:
    # Not repeated in the message: it may be the value itself, put here by mistake.
    if not re.fullmatch(_NAME, text):
        refuse(
            "wanted the name of a secret such as checkout-webhooks, in a-z, 0-9 and -; its value never stands in a "
            "manifest, see docs/webhooks.md"
        )
    return text


def _pattern(text: str) -> str:
    if not re.fullmatch(_PATTERN, text):
        refuse("wanted the type of an event such as order.paid, or order.* for all that begin with it")
    return text


Address = Annotated[
    str,
    AfterValidator(_address),
    WithJsonSchema({"type": "string", "pattern": "^https?://[!-~]+$", "maxLength": LONGEST_WEBHOOK_URL}),
]
SecretName = Annotated[str, AfterValidator(_secret_name), WithJsonSchema({"type": "string", "pattern": f"^{_NAME}$"})]
EventPattern = Annotated[
    str, AfterValidator(_pattern), WithJsonSchema({"type": "string", "pattern": f"^{_PATTERN}$", "maxLength": 127})
]


class Channel(Part):
    """`events` of Plumbline's own, `emits` for events that steps emit. Without both: all of Plumbline's own."""

    webhook: Address
    secret: SecretName
    events: Annotated[list[WebhookEvent], Field(min_length=1)] | None = None
    emits: Annotated[list[EventPattern], Field(min_length=1, max_length=100)] | None = None
