"""Media types, errors, who may: the HTTP face of the registry."""

from __future__ import annotations

import base64
import json

import pytest
from django.test import Client

from orchestration.models import Membership, Team
from tests.people import person, token_for
from tests.registry.conftest import RECORD, WIDER, Caller, user_of

pytestmark = pytest.mark.django_db
V1 = "application/vnd.schemaregistry.v1+json"


@pytest.mark.parametrize(
    ("accept", "answered"),
    [
        ("application/json", "application/json"), ("", V1), ("*/*", V1), ("*", V1), ("application/*", V1), ("*/does_not_matter", V1),
        ("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", V1),
        ("application/vnd.schemaregistry.v2+json; q=0.1, application/vnd.schemaregistry+json; q=0.9", "application/vnd.schemaregistry+json"),
        (f"{V1}, application/vnd.schemaregistry+json, application/json", V1),
    ],
)  # fmt: skip
def test_the_answer_has_the_media_type_that_was_asked_for(reader: Caller, accept: str, answered: str):
    found = reader.get("/subjects", **({"Accept": accept} if accept else {}))
    assert (found.status, found.headers["Content-Type"]) == (200, answered)


@pytest.mark.parametrize(
    "accept", ["application/vnd.schemaregistry.v2+json", "text/*", "application/octet-stream", "application/json;q=0"]
)
def test_what_nobody_here_speaks_is_refused(reader: Caller, accept: str):
    found = reader.get("/subjects", Accept=accept)
    assert (found.status, found.body["message"], found.headers["Content-Type"]) == (406, "HTTP 406 Not Acceptable", V1)


def test_bodies_come_in_the_media_types_and_character_sets_of_clients(admin: Caller):
    body = {"compatibility": "NONE"}
    for kind in (V1, "application/json", "application/octet-stream", f"{V1}; charset=utf-8"):
        assert admin.ask("PUT", "/config", body, kind=kind).status == 200
    assert admin.ask("PUT", "/config", json.dumps(body).encode("utf-16"), kind=f"{V1}; charset=utf-16").body == body
    refused = admin.ask("PUT", "/config", body, kind="text/html")
    assert (refused.status, refused.body["message"]) == (415, "HTTP 415 Unsupported Media Type")


def test_a_token_is_sent_as_basic_auth_or_as_bearer_and_nothing_else_gets_in(client: Client, maintainer: Caller):
    assert client.get("/registry/subjects", headers={"Authorization": f"Bearer {maintainer.secret}"}).status_code == 200
    for header in (
        {},
        {"Authorization": "Basic !!!"},
        {"Authorization": "Basic " + base64.b64encode(b"a:plb_wrong").decode()},
    ):
        refused = client.get("/registry/subjects", headers=header)
        assert (refused.status_code, refused.json()["error_code"]) == (401, 401)
        assert refused.headers["WWW-Authenticate"].startswith("Basic")
    client.force_login(user_of(maintainer))
    assert client.get("/registry/subjects").status_code == 401, "a browser's session is no client of it"


def test_reading_takes_a_sign_in_and_registering_the_role_of_maintainer(maintainer: Caller, reader: Caller):
    assert reader.register("orders", RECORD).status == 403
    assert maintainer.register("orders", RECORD).status == 200
    assert reader.get("/subjects/orders/versions/latest").status == 200
    for refused in (
        reader.register("orders", WIDER), reader.delete("/subjects/orders"), reader.delete("/subjects/orders/versions/1"),
        reader.put("/config/orders", {"compatibility": "NONE"}), reader.put("/mode/orders", {"mode": "READONLY"}),
        reader.put("/config", {"compatibility": "NONE"}), maintainer.put("/config", {"compatibility": "NONE"}),
        reader.delete("/config/orders"), maintainer.delete("/mode"), reader.put("/config/new", {"compatibility": "NONE"}),
    ):  # fmt: skip
        assert (refused.status, refused.code) == (403, 403)
    assert maintainer.put("/config/orders", {"compatibility": "FULL"}).status == 200


def test_a_maintainer_of_another_team_neither_registers_nor_deletes(maintainer: Caller, client: Client):
    other = Team.objects.create(name="payments")
    stranger = Caller(client, token_for(person("maintainer", other)))
    maintainer.register("orders", RECORD)
    assert stranger.register("orders", WIDER).status == 403
    assert stranger.delete("/subjects/orders").status == 403
    assert stranger.put("/config/orders", {"compatibility": "NONE"}).status == 403


def test_who_owns_what_is_new_is_named_by_the_user_or_the_token_or_is_the_callers_team(
    maintainer: Caller, client: Client
):
    from governance.models import Contract

    payments = Team.objects.create(name="payments")
    Membership.objects.create(team=payments, user=user_of(maintainer), role="maintainer")
    maintainer.register("first", RECORD)
    Caller(client, maintainer.secret, "payments").register("second", RECORD)
    Caller(client, token_for(user_of(maintainer), team=payments)).register("third", RECORD)
    owners = dict(Contract.objects.values_list("name", "owner__name"))
    assert owners == {"first": "checkout", "second": "payments", "third": "payments"}


def test_bodies_and_addresses_that_cannot_be_read_say_what_is_wrong(maintainer: Caller):
    maintainer.register("orders", RECORD)
    post, versions = maintainer.post, "/subjects/orders/versions"
    assert post(versions, {"invalid_field": 1}).body == {
        "error_code": 422,
        "message": "Unrecognized field: invalid_field",
    }
    assert (post(versions, {}).code, post(versions, {}).body["message"]) == (42201, "Empty schema")
    assert post(versions, ["a"]).code == 422
    assert post(versions, {"schema": 3}).code == 422
    assert post(versions, {"schema": '"string"', "schemaType": "PROTOBUF"}).code == 42201
    assert post(versions, {"schema": '"string"', "references": [{"name": "x"}]}).code == 42201
    assert post(versions, {"schema": '{"type": "string"'}).code == 42201
    assert post(versions, {"schema": '"string"', "ruleSet": {"domainRules": [{}]}}).code == 42201
    for number in ("0", "invalid", "-2", "2147483648", "1.5"):
        found = maintainer.get(f"{versions}/{number}")
        assert found.code == 42202
        assert found.body["message"] == (
            f"The specified version '{number}' is not a valid version id."
            ' Allowed values are between [1, 2^31-1] and the string "latest"'
        )
    assert maintainer.get(f"{versions}/15").body == {"error_code": 40402, "message": "Version 15 not found."}
    assert maintainer.get("/schemas/ids/invalid").body == {"error_code": 404, "message": "HTTP 404 Not Found"}
    assert maintainer.get("/schemas/ids/123456789").code == 40403
    assert maintainer.get("/nothing").body == {"error_code": 404, "message": "HTTP 404 Not Found"}
    assert maintainer.ask("PATCH", "/subjects").code == 405
    assert maintainer.get("/associations/resources/-/orders").code == 404
