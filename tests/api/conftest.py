from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from orchestration.engine import publish
from orchestration.models import Team
from tests.people import person, token_for


@pytest.fixture(autouse=True)
def _no_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publish, "send", len)


@pytest.fixture
def checkout(db: None) -> Team:
    return Team.objects.create(name="checkout")


class Caller:
    """Calls the API with a token, JSON in and out."""

    def __init__(self, secret: str) -> None:
        self.client = Client(raise_request_exception=True)
        self.headers = {"Authorization": f"Bearer {secret}"}

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        return self.client.generic(
            method,
            f"/api/v1{path}",
            body if isinstance(body, bytes) else _text(body),
            "application/json",
            headers={**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}},
        )


def _text(body: Any) -> str:
    return "" if body is None else json.dumps(body)


@pytest.fixture
def as_role(checkout: Team) -> Callable[[str], Caller]:
    """A caller with a role in team checkout."""
    return lambda role: Caller(token_for(person(role, checkout)))
