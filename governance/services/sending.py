"""One attempt of a webhook: sign it, post it, and say what came of it. Never touches the database and never tries again.

It goes through the guard of http steps (orchestration/steps/egress.py): private addresses are refused unless the operator
allows them, and no redirect is followed, since the signature is for the receiver that the manifest names.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import httpcore

from governance.models import WebhookDelivery
from governance.selectors.webhooks import channels_of
from governance.services.mailing import MAILTO
from governance.services.mailing import send as send_mail
from governance.signing import keys_of, signature
from orchestration.secrets import UnknownSecret, resolve
from orchestration.steps.egress import Refused, pool, until

#: Seconds for all of an attempt.
LIMIT = 10.0
#: Bytes that are read of an answer that is a failure, and characters that are kept of it.
READ, KEPT = 4096, 200
GONE = 410


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of an attempt. `error` is empty for a delivery; `final`: trying again would change nothing."""

    status: int | None
    error: str = ""
    final: bool = False


def attempt(delivery: WebhookDelivery, *, at: datetime, gone: bool) -> Answer:
    """Send it, signed for that moment. `gone`: its receiver answered 410 Gone before."""
    if delivery.url.startswith(MAILTO):
        return Answer(None, send_mail(delivery))
    channel = next((one for one in channels_of(delivery.team) if one.url == delivery.url), None)
    if channel is None:
        return Answer(None, f"not sent: the manifest of team {delivery.team.name} has no such channel any more", True)
    if gone:
        return Answer(None, "not sent: the receiver answered 410 Gone before; Send again tries it anew", True)
    try:
        keys = keys_of(resolve(channel.secret))
    except UnknownSecret as error:
        return Answer(None, f"not sent: {error}")
    except ValueError as error:
        return Answer(None, f"not sent: secret {channel.secret!r}: {error}")
    timestamp = int(at.timestamp())
    headers: dict[bytes | str, bytes | str] = {
        "content-type": delivery.content_type,
        "user-agent": "plumbline",
        "accept-encoding": "identity",
        "webhook-id": delivery.event_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(keys, delivery.event_id, timestamp, delivery.payload),
    }
    return _post(delivery.url, headers, delivery.payload.encode())


def _post(url: str, headers: Mapping[bytes | str, bytes | str], body: bytes) -> Answer:
    limits = {"timeout": dict.fromkeys(("connect", "read", "write", "pool"), LIMIT)}
    try:
        with (
            until(time.monotonic() + LIMIT),
            pool().stream("POST", url, headers=headers, content=body, extensions=limits) as response,
        ):
            return _answer_of(response)
    except Refused as error:
        return Answer(None, f"refused: {error}")
    except httpcore.ConnectError as error:
        return Answer(None, f"no connection: {error}")
    except httpcore.TimeoutException:
        return Answer(None, f"no answer within {LIMIT:g} s")
    except (httpcore.NetworkError, httpcore.ProtocolError) as error:
        return Answer(None, f"the connection broke: {error}")


def _answer_of(response: httpcore.Response) -> Answer:
    """2xx is a delivery, whatever the body says, so that of a success nothing is read."""
    status = response.status
    if 200 <= status < 300:
        return Answer(status)
    if 300 <= status < 400:
        return Answer(status, f"answered {status}: redirects are not followed; declare the new address in the manifest")
    if status == GONE:
        return Answer(status, "answered 410 Gone: nothing more is sent to it until somebody says Send again", True)
    return Answer(status, f"answered {status}: {_beginning(response)}".rstrip(": "))


def _beginning(response: httpcore.Response) -> str:
    """The first words of an answer. It comes from outside: no control characters, and no more than a few."""
    chunks, size = [], 0
    try:
        for chunk in response.iter_stream():
            chunks.append(chunk)
            size += len(chunk)
            if size >= READ:
                break
    except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError):
        pass  # the status says enough
    text = b"".join(chunks)[:READ].decode("utf-8", "replace")
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())[:KEPT]
