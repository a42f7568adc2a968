"""A service that fails until a test says otherwise, a dependency in front of it, and its breaker opened."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import yaml

from orchestration import clock
from orchestration.engine import breakers, capacity
from orchestration.models import Breaker, Team
from orchestration.selectors import targets
from orchestration.selectors.guards import guards_of
from orchestration.services.manifests import Document, Signature, apply
from tests.engine.harness import begin, publish, pump
from tests.engine.services import Answer, json_answer

#: Opens at the second call, and stays open for ten seconds.
TOUCHY = {"minimum_calls": 2, "open_for": "10s", "half_open_calls": 2}


class Shop:
    """A service whose answers a test sets."""

    def __init__(self) -> None:
        self.status = 503

    def __call__(self, _: object) -> Answer:
        return json_answer('{"n": 1}', self.status)


def forget() -> None:
    """No state of a test before."""
    for part in (breakers, capacity, targets):
        part.forget()


def declare(url: str, **spec: Any) -> None:
    """Apply a dependency called shop."""
    Team.objects.get_or_create(name="checkout")
    document = {
        "apiVersion": "plumbline/v1", "kind": "Dependency", "metadata": {"name": "shop", "owner": "checkout"},
        "spec": {"base_url": url, "retry": {"maximum_attempts": 1}, **spec},
    }  # fmt: skip
    apply([Document(yaml.safe_dump(document), "shop.yaml")], Signature(None, "a test"))
    targets.forget()


def call(**more: Any) -> dict[str, Any]:
    """A step that reads from the shop."""
    return {"http": {"path": "/x"}, "dependency": "shop", **more}


def flush() -> None:
    """Write what this process has counted."""
    breakers.flush("shop", guards_of("shop").breaker)


def open_breaker(url: str, **spec: Any) -> None:
    """Let two calls fail, which opens it."""
    declare(url, **{"breaker": TOUCHY, **spec})
    failing = publish({"a": call()}, name="failing")
    for _ in range(2):
        begin(failing)
        pump()
        clock.advance(timedelta(seconds=1.5))  # past what the process gathers
    flush()
    assert Breaker.objects.get(name="shop").state == "open"
