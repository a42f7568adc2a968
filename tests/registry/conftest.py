"""A caller of /registry/ as clients are: basic auth with a token, JSON in and out."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from orchestration.models import Team
from portal.models import User
from tests.people import person, token_for

KNOWS_MORE = "Confluent-Accept-Unknown-Properties"
RECORD = {"type": "record", "name": "Order", "fields": [{"name": "id", "type": "string"}]}
WIDER = {**RECORD, "fields": [*RECORD["fields"], {"name": "note", "type": ["null", "string"], "default": None}]}
BROKEN = {**RECORD, "fields": [*RECORD["fields"], {"name": "qty", "type": "int"}]}


@dataclass
class Answer:
    status: int
    body: Any
    headers: Any

    @property
    def code(self) -> int:
        return self.body["error_code"]


@dataclass
class Caller:
    """One person's token, as clients send it."""

    client: Client
    secret: str
    name: str = "anything"
    #: As the clients of today say that they pass over fields that they don't know.
    knows_more: bool = True

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        credentials = base64.b64encode(f"{self.name}:{self.secret}".encode()).decode()
        sent = {} if body is None else {"data": body if isinstance(body, bytes) else json.dumps(body)}
        answer = self.client.generic(
            method, f"/registry{path}", content_type=headers.pop("kind", "application/vnd.schemaregistry.v1+json"),
            headers={"Authorization": f"Basic {credentials}", **({KNOWS_MORE: "true"} if self.knows_more else {}), **headers},
            **sent,
        )  # fmt: skip
        return Answer(answer.status_code, json.loads(answer.content) if answer.content else None, answer.headers)

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, **headers)

    def post(self, path: str, body: Any) -> Answer:
        return self.ask("POST", path, body)

    def put(self, path: str, body: Any) -> Answer:
        return self.ask("PUT", path, body)

    def delete(self, path: str) -> Answer:
        return self.ask("DELETE", path)

    def register(self, subject: str, schema: Any, **more: Any) -> Answer:
        return self.post(f"/subjects/{subject}/versions", {"schema": json.dumps(schema), **more})


@pytest.fixture
def checkout(db: None) -> Team:
    return Team.objects.get_or_create(name="checkout")[0]


@pytest.fixture
def admin(client: Client, checkout: Team) -> Caller:
    return Caller(client, token_for(person("admin")), "checkout")


@pytest.fixture
def maintainer(client: Client, checkout: Team) -> Caller:
    return Caller(client, token_for(person("maintainer", checkout)))


@pytest.fixture
def reader(client: Client, checkout: Team) -> Caller:
    return Caller(client, token_for(person("viewer", checkout)))


def user_of(caller: Caller) -> User:
    from portal.models import Token
    from portal.models.token import digest

    return Token.objects.get(hash=digest(caller.secret)).user
