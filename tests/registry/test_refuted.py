"""What a review found wrong in the registry, each as it went wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest

from governance.models import Change, Contract, ContractVersion, RegistryRule
from governance.registry.numbering import FIRST_OF_MANIFESTS
from orchestration.models import Team
from tests.governance.gatehouse import V1, contract, policy, sent, vote
from tests.people import person, token_for
from tests.registry.conftest import BROKEN, RECORD, WIDER, Caller

pytestmark = pytest.mark.django_db


def test_an_imported_id_cannot_use_up_the_numbers(admin: Caller):
    admin.put("/mode/orders", {"mode": "IMPORT"})
    for more in (
        {"id": 2**31 - 1, "version": 1},
        {"id": 5, "version": 2**31 - 1},
        {"id": FIRST_OF_MANIFESTS, "version": 1},
    ):
        assert admin.register("orders", RECORD, **more).code == 42205
    assert admin.register("orders", RECORD, id=5, version=1).body["id"] == 5
    admin.delete("/mode/orders")
    assert admin.register("orders", WIDER).body["id"] == 6


def test_manifests_leave_the_small_ids_to_a_registry_that_is_copied(admin: Caller):
    sent(contract("1.0.0", V1))
    assert admin.get("/subjects/order.placed/versions/1").body["id"] == FIRST_OF_MANIFESTS
    admin.put("/mode/orders", {"mode": "IMPORT"})
    assert admin.register("orders", RECORD, id=1, version=1).body["id"] == 1
    assert admin.register("other", WIDER).body["id"] == 2


def test_in_import_mode_nothing_comes_without_its_id(admin: Caller):
    admin.put("/mode/orders", {"mode": "IMPORT"})
    assert admin.register("orders", RECORD).code == 42205
    assert admin.register("orders", RECORD, version=3).code == 42205


@pytest.mark.parametrize("level", ["FULL", "FORWARD", "BACKWARD"])
def test_what_nobody_can_decide_waits_whatever_the_level(maintainer: Caller, level: str):
    maintainer.put("/config/names", {"compatibility": level})
    plain, unclear = {"type": "string"}, {"type": "string", "pattern": "^(?=a)a$"}
    old, new = (plain, unclear) if level == "BACKWARD" else (unclear, plain)
    assert maintainer.register("names", old, schemaType="JSON").status == 200
    held = maintainer.register("names", new, schemaType="JSON")
    assert (held.status, "/changes/" in held.body["message"]) == (409, True), held


def test_what_is_undecided_about_the_newest_waits_though_the_highest_allows_it(maintainer: Caller, checkout: Team):
    string, kind = {"type": "string"}, {"schemaType": "JSON"}
    maintainer.put("/config/names", {"compatibility": "NONE"})
    maintainer.register("names", string, **kind)
    maintainer.register("names", {"type": "integer"}, **kind)
    patch = contract("1.0.1", {**string, "title": "Name"}, policy="strict").replace("order.placed", "names")
    sent(patch)
    maintainer.put("/config/names", {"compatibility": "BACKWARD"})
    assert maintainer.get("/subjects/names/versions").body == [1, 2, 3], "the newest is of the older line"
    unclear = {"anyOf": [{"type": "integer"}, {"type": "string", "pattern": "^(?=a)a$"}]}
    assert maintainer.register("names", unclear, **kind).status == 409
    assert (Change.objects.get().number, Change.objects.get().verdict) == ("3.0.0", "undecided")


def test_a_version_that_is_approved_late_is_compared_with_what_clients_have_by_then(maintainer: Caller, checkout: Team):
    approver = person("approver", checkout)
    string: dict[str, Any] = {"type": "string"}
    maintainer.register("names", string, schemaType="JSON")
    assert (
        maintainer.register(
            "names", {"type": ["string", "null"], "not": {"pattern": "^(?=a)b"}}, schemaType="JSON"
        ).status
        == 409
    )
    assert maintainer.register("names", {"type": ["string", "integer"]}, schemaType="JSON").status == 200
    change = Change.objects.get()
    vote(change, approver, checkout)
    change.refresh_from_db()
    assert change.state != "applied", "what came meanwhile breaks, which nobody agreed to"
    assert change.verdict == "breaking"


@pytest.mark.parametrize(
    "body",
    [
        {"schema": '{"type":"record","name":"r","fields":[],"x":1e999}'}, {"schema": '{"type":"record","name":"r","fields":[],"doc":"\\ud800"}'},
        {"schema": '{"type":"record","name":"r","fields":[],"x":' + '{"a":' * 480 + "1" + "}" * 480 + "}"},
        {"schema": '{"type":"record","name":"r","fields":[],"doc":"\\u0000"}'}, {"schema": '"string"', "metadata": {"properties": {"a": "\u0000"}}},
        {"schema": '"string"', "metadata": {"properties": {"a": "\ud800"}}},
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "path", ["/subjects/new/versions", "/subjects/orders", "/compatibility/subjects/orders/versions/latest"]
)
def test_what_no_database_can_hold_is_no_schema(maintainer: Caller, path: str, body: dict[str, Any]):
    maintainer.register("orders", RECORD)
    assert maintainer.post(path, body).code == 42201


def test_numbers_beyond_all_are_no_body(maintainer: Caller):
    assert (
        maintainer.ask("POST", "/subjects/a/versions", b'{"schema": "\\"string\\"", "metadata": {"a": 1e999}}').code
        == 400
    )


def test_asking_again_for_a_deletion_keeps_what_was_agreed_to(maintainer: Caller, checkout: Team):
    maintainer.register("orders", RECORD)
    maintainer.register("orders", WIDER)
    sent(policy(changes=["contract.retire"], review="always"))
    assert maintainer.delete("/subjects/orders").status == 409
    first = Change.objects.order_by("pk").first()
    assert first is not None
    revisions = list(Change.objects.values_list("pk", "revision", "content_hash"))
    assert len(revisions) == 2
    assert maintainer.delete("/subjects/orders").status == 409
    assert maintainer.delete("/subjects/orders/versions/1").status == 409
    assert list(Change.objects.values_list("pk", "revision", "content_hash")) == revisions


def test_two_subjects_stay_two_while_the_first_waits(maintainer: Caller, checkout: Team):
    sent(policy(changes=["contract.publish"], review="always"))
    approver = person("approver", checkout)
    maintainer.register("orders-value", RECORD)
    maintainer.register("orders_value", {**RECORD, "doc": "other"})
    assert Contract.objects.count() == 2
    for change in Change.objects.order_by("pk"):
        vote(change, approver, checkout)
    assert maintainer.get("/subjects").body == ["orders-value", "orders_value"]


def test_what_was_withdrawn_may_be_asked_anew(maintainer: Caller, checkout: Team):
    from governance.gate.settling import withdraw

    sent(policy(changes=["contract.publish"], review="always"))
    maintainer.register("orders", RECORD)
    change = Change.objects.get()
    withdraw(change=change, person=change.author, reason="not yet")
    assert maintainer.register("orders", RECORD).status == 409
    assert Change.objects.count() == 2


def test_rules_go_with_the_subject(maintainer: Caller):
    maintainer.register("orders", RECORD)
    maintainer.put("/config/orders", {"compatibility": "NONE"})
    maintainer.delete("/subjects/orders")
    assert maintainer.get("/config/orders").code == 40408
    maintainer.delete("/subjects/orders?permanent=true")
    assert RegistryRule.objects.get().history.count() == 2
    maintainer.register("orders", RECORD)
    assert maintainer.register("orders", BROKEN).status == 409


def test_a_lookup_knows_references_as_registering_does(maintainer: Caller):
    maintainer.register("line", {**RECORD, "name": "Line"})
    cart = {"type": "record", "name": "Cart", "fields": [{"name": "line", "type": "Line"}]}
    body = {"schema": json.dumps(cart), "references": [{"name": "Line", "subject": ":.:line", "version": -1}]}
    number = maintainer.post("/subjects/cart/versions", body).body["id"]
    assert maintainer.post("/subjects/cart", body).body["id"] == number


def test_who_has_no_team_is_told_so(client: Any, db: None):
    alone = Caller(client, token_for(person("admin")))
    refused = alone.register("orders", RECORD)
    assert (refused.status, "maintains no team" in refused.body["message"]) == (403, True)
    assert not ContractVersion.objects.exists()
