"""Every route of the registry, for every role: the companion of tests/portal/access_table.py."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from orchestration.models import Team
from portal.registry.urls import urlpatterns
from tests.people import ROLES, person, token_for
from tests.registry.conftest import RECORD, Caller

pytestmark = pytest.mark.django_db
SIGNED_IN, OWNER, ADMIN = "signed-in", "maintainer of the owner", "admin"
ALLOWED = {
    SIGNED_IN: set(ROLES) - {"anonymous"}, OWNER: {"maintainer", "admin"}, ADMIN: {"admin"},
}  # fmt: skip
BODY = {"schema": '"string"'}


@dataclass(frozen=True)
class Entry:
    method: str
    path: str
    rule: str
    body: Any = None


TABLE = [
    Entry("GET", "", SIGNED_IN),
    Entry("GET", "contexts", SIGNED_IN),
    Entry("GET", "v1/metadata/id", SIGNED_IN),
    Entry("GET", "v1/metadata/deployment", SIGNED_IN),
    Entry("GET", "v1/metadata/version", SIGNED_IN),
    Entry("GET", "associations/resources/-/a", SIGNED_IN),
    Entry("GET", "schemas/types", SIGNED_IN),
    Entry("GET", "schemas", SIGNED_IN),
    Entry("GET", "schemas/guids/7a82fad6-1812-4c1b-a569-5c3b23f397ab", SIGNED_IN),
    Entry("GET", "schemas/guids/7a82fad6-1812-4c1b-a569-5c3b23f397ab/ids", SIGNED_IN),
    Entry("GET", "schemas/ids/1", SIGNED_IN),
    Entry("GET", "schemas/ids/1/schema", SIGNED_IN),
    Entry("GET", "schemas/ids/1/subjects", SIGNED_IN),
    Entry("GET", "schemas/ids/1/versions", SIGNED_IN),
    Entry("POST", "compatibility/subjects/orders/versions/1", SIGNED_IN, BODY),
    Entry("POST", "compatibility/subjects/orders/versions", SIGNED_IN, BODY),
    Entry("GET", "subjects", SIGNED_IN),
    Entry("GET", "subjects/orders/versions/1/schema", SIGNED_IN),
    Entry("GET", "subjects/orders/versions/1/referencedby", SIGNED_IN),
    Entry("GET", "subjects/orders/versions/1", SIGNED_IN),
    Entry("DELETE", "subjects/orders/versions/1", OWNER),
    Entry("GET", "subjects/orders/versions", SIGNED_IN),
    Entry(
        "POST",
        "subjects/orders/versions",
        OWNER,
        {"schema": '{"type": "record", "name": "Order", "doc": "ROLE", "fields": []}'},
    ),
    Entry("GET", "subjects/orders/metadata", SIGNED_IN),
    Entry("POST", "subjects/orders", SIGNED_IN, BODY),
    Entry("DELETE", "subjects/orders", OWNER),
    Entry("GET", "config", SIGNED_IN),
    Entry("PUT", "config", ADMIN, {"compatibility": "FULL"}),
    Entry("DELETE", "config", ADMIN),
    Entry("GET", "config/orders", SIGNED_IN),
    Entry("PUT", "config/orders", OWNER, {"compatibility": "FULL"}),
    Entry("DELETE", "config/orders", OWNER),
    Entry("GET", "mode", SIGNED_IN),
    Entry("PUT", "mode", ADMIN, {"mode": "READWRITE"}),
    Entry("DELETE", "mode", ADMIN),
    Entry("GET", "mode/orders", SIGNED_IN),
    Entry("PUT", "mode/orders", OWNER, {"mode": "READWRITE"}),
    Entry("DELETE", "mode/orders", OWNER),
]


def test_the_table_has_every_route():
    for number, pattern in enumerate(urlpatterns[:-1]):
        first = [entry for entry in TABLE if _route_of(entry.path) == number]
        assert first, f"nothing in the table is answered by {pattern.pattern}"
        offered = {name.upper() for name in ("get", "post", "put", "delete") if hasattr(pattern.callback.cls, name)}
        assert {entry.method for entry in first} == offered


def _route_of(path: str) -> int:
    return next(number for number, pattern in enumerate(urlpatterns) if pattern.resolve(path) is not None)


@pytest.mark.parametrize("entry", TABLE, ids=lambda entry: f"{entry.method} {entry.path}")
def test_whoever_may_gets_in_and_nobody_else(client: Client, maintainer: Caller, entry: Entry):
    maintainer.register("orders", RECORD)
    team = Team.objects.get(name="checkout")
    for role in ROLES:
        if role == "anonymous":
            answer = client.generic(entry.method, f"/registry/{entry.path}")
            assert answer.status_code == 401
            continue
        caller = Caller(client, token_for(person(role, team)))
        body = json.loads(json.dumps(entry.body).replace("ROLE", role))  # what is there already is no one's to refuse
        status = caller.ask(entry.method, f"/{entry.path}", body).status
        assert status != 401
        assert (status != 403) is (role in ALLOWED[entry.rule]), (role, status)
