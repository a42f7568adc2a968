"""A receiver of webhooks of a test's own. It checks signatures from the specification alone, with no code of the product.

https://www.standardwebhooks.com: `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`, one for each key.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from governance.models import WebhookDelivery
from orchestration import clock
from orchestration.models import Team
from tests.engine.services import Answer, Service, service

#: The key of the specification's own example, and another.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_" + base64.b64encode(bytes(range(32))).decode()
DATA = {"change": 7, "title": "order.placed 1.0.0 to 2.0.0", "link": "/changes/7/"}


@dataclass(frozen=True)
class Received:
    path: str
    id: str
    timestamp: int
    signatures: list[str]
    text: str

    @property
    def body(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.text)
        return found

    def is_signed_by(self, secret: str) -> bool:
        key = base64.b64decode(secret.split("_", 1)[1])
        digest = hmac.digest(key, f"{self.id}.{self.timestamp}.{self.text}".encode(), hashlib.sha256)
        return "v1," + base64.b64encode(digest).decode() in self.signatures


@dataclass
class Receiver:
    """Answers 200, or what `answers` says for the next requests; `hold` keeps every answer back until it is set."""

    answers: list[Answer] = field(default_factory=list)
    hold: threading.Event = field(default_factory=threading.Event)
    server: Service | None = None

    def answer(self, _: BaseHTTPRequestHandler) -> Answer:
        self.hold.wait(60)
        return self.answers.pop(0) if self.answers else (200, {}, b"ok")

    @property
    def url(self) -> str:
        assert self.server is not None
        return self.server.url

    @property
    def received(self) -> list[Received]:
        assert self.server is not None
        return [
            Received(
                path, headers["webhook-id"], int(headers["webhook-timestamp"]), headers["webhook-signature"].split(),
                body.decode(),
            )
            for _, path, headers, body in list(self.server.requests)
        ]  # fmt: skip


@contextmanager
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    found.hold.set()
    with service(found.answer) as server:
        found.server = server
        try:
            yield found
        finally:
            found.hold.set()


def team_with(*channels: dict[str, Any], name: str = "checkout") -> Team:
    """A team whose manifest declares these channels."""
    document = {"kind": "Team", "metadata": {"name": name}, "spec": {"channels": list(channels)}}
    return Team.objects.update_or_create(name=name, defaults={"document": document})[0]


def channel(url: str, *events: str, secret: str = "hooks") -> dict[str, Any]:
    return {"webhook": url, "secret": secret, **({"events": list(events)} if events else {})}


@pytest.fixture
def hooks() -> Iterator[Receiver]:
    with receiver() as found:
        yield found


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLUMBLINE_SECRET_HOOKS", SECRET)


def only() -> WebhookDelivery:
    return WebhookDelivery.objects.get()


def later(seconds: float) -> None:
    clock.advance(timedelta(seconds=seconds))
