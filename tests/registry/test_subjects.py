"""Subjects, versions and ids, as clients of the Confluent API expect them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from governance.models import AuditEntry, Contract, ContractVersion
from governance.registry.rules import LEVELS
from tests.governance.gatehouse import V1, contract, sent
from tests.governance.gatehouse import WIDER as WIDER_JSON
from tests.registry.conftest import BROKEN, RECORD, WIDER, Caller

pytestmark = pytest.mark.django_db


def test_who_does_not_say_that_they_know_more_are_told_what_clients_of_old_know(maintainer: Caller):
    maintainer.knows_more = False
    assert maintainer.register("orders", RECORD).body == {"id": 1}
    text = maintainer.get("/schemas/ids/1").body["schema"]
    assert json.loads(text) == RECORD
    assert maintainer.get("/schemas/ids/1").body == {"schema": text}
    version = {"subject": "orders", "version": 1, "id": 1, "schema": text}
    assert maintainer.get("/subjects/orders/versions/1").body == version
    assert maintainer.post("/subjects/orders", {"schema": text}).body == version
    assert maintainer.get("/schemas").body == [version]


def test_a_registered_schema_is_a_version_of_a_contract_and_comes_back_by_id_and_by_number(maintainer: Caller):
    done = maintainer.register("orders-value", RECORD)
    assert (done.status, done.headers["Content-Type"]) == (200, "application/vnd.schemaregistry.v1+json")
    number = done.body["id"]
    assert json.loads(maintainer.get(f"/schemas/ids/{number}").body["schema"]) == RECORD
    assert maintainer.get(f"/schemas/ids/{number}/schema").body == RECORD
    assert maintainer.get(f"/schemas/ids/{number}/versions").body == [{"subject": "orders-value", "version": 1}]
    assert maintainer.get(f"/schemas/ids/{number}/subjects").body == ["orders-value"]
    whole = maintainer.get("/subjects/orders-value/versions/latest").body
    assert whole == {
        "subject": "orders-value",
        "id": number,
        "version": 1,
        "schema": whole["schema"],
        "guid": done.body["guid"],
    }
    assert maintainer.get("/subjects/orders-value/versions/1/schema").body == RECORD
    assert maintainer.get("/subjects").body == ["orders-value"]
    made = ContractVersion.objects.get(contract__name="orders-value")
    assert (made.version, made.state, made.contract.format, made.contract.owner.name) == (
        "1.0.0", "active", "avro", "checkout",
    )  # fmt: skip
    assert AuditEntry.objects.filter(object_name="orders-value@1.0.0", action="created").exists()


def test_the_semantic_version_says_how_much_changed(maintainer: Caller):
    for schema in (RECORD, WIDER, {**WIDER, "doc": "An order"}):
        assert maintainer.register("orders", schema).status == 200
    maintainer.put("/config/orders", {"compatibility": "NONE"})
    assert maintainer.register("orders", BROKEN).status == 200
    numbers = ContractVersion.objects.order_by("precedence").values_list("version", flat=True)
    assert list(numbers) == ["1.0.0", "1.1.0", "1.1.1", "2.0.0"]
    assert maintainer.get("/subjects/orders/versions").body == [1, 2, 3, 4]


def test_the_same_schema_has_one_id_wherever_and_however_it_is_written(maintainer: Caller):
    first = maintainer.register("a", RECORD).body["id"]
    spaced = {"schema": json.dumps({"fields": RECORD["fields"], "name": "Order", "type": "record"}, indent=3)}
    assert maintainer.post("/subjects/b/versions", spaced).body["id"] == first
    assert maintainer.register("a", RECORD).body["id"] == first
    assert maintainer.get("/subjects/a/versions").body == [1]
    assert maintainer.register("c", {**RECORD, "doc": "another"}).body["id"] != first


@pytest.mark.parametrize(
    ("subject", "name"),
    [
        ("orders-value", "orders-value"), ("com.Acme.Order", "com.acme.order"), ("Größe (alt)", "gr-e-alt"),
        ("1st.2nd", "x1st.x2nd"), ("a/b", "a-b"), (":.:plain", "plain"), ("...", "x.x.x.x"),
        ("x" * 200, f"{'x' * 54}-aa20c23e"),
    ],
)  # fmt: skip
def test_every_subject_has_a_contract_by_a_written_rule(maintainer: Caller, subject: str, name: str):
    from urllib.parse import quote

    assert maintainer.register(quote(subject, safe=""), RECORD).status == 200
    found = Contract.objects.get()
    assert found.subject.name == subject.removeprefix(":.:")
    assert found.name == name
    assert maintainer.get(f"/subjects/{quote(subject, safe='')}/versions/").body == [1]


def test_two_subjects_that_would_have_one_contract_have_two(maintainer: Caller):
    maintainer.register("Orders", RECORD)
    maintainer.register("orders", {**RECORD, "doc": "other"})
    assert Contract.objects.count() == 2
    assert maintainer.get("/subjects").body == ["Orders", "orders"]
    assert maintainer.get("/subjects?subjectPrefix=Or").body == ["Orders"]


def test_a_contract_of_a_manifest_is_a_subject_from_the_start(maintainer: Caller):
    sent(contract("1.0.0", V1))
    sent(contract("1.1.0", V1 | {"properties": V1["properties"] | {"note": {"type": "string"}}}))
    assert maintainer.get("/subjects/order.placed/versions").body == [1, 2]
    found = maintainer.get("/subjects/order.placed/versions/1").body
    assert (found["schemaType"], json.loads(found["schema"])) == ("JSON", V1)
    assert maintainer.register("order.placed", V1, schemaType="JSON").body["id"] == found["id"]
    assert ContractVersion.objects.count() == 2
    assert WIDER_JSON != V1


def test_what_breaks_is_refused_and_opens_nothing(maintainer: Caller):
    maintainer.register("orders", RECORD)
    refused = maintainer.register("orders", BROKEN)
    assert (refused.status, refused.code) == (409, 409)
    assert "qty" in refused.body["message"]
    assert ContractVersion.objects.count() == 1
    asked = maintainer.post(
        "/compatibility/subjects/orders/versions/latest?verbose=true", {"schema": json.dumps(BROKEN)}
    )
    assert asked.body["is_compatible"] is False
    assert "qty" in asked.body["messages"][0]
    for path in ("/compatibility/subjects/orders/versions", "/compatibility/subjects/orders/versions/1"):
        assert maintainer.post(path, {"schema": json.dumps(WIDER)}).body == {"is_compatible": True}


def test_a_transitive_level_asks_every_version(maintainer: Caller):
    maintainer.put("/config/orders", {"compatibility": "BACKWARD"})
    with_default = {**RECORD, "fields": [*RECORD["fields"], {"name": "qty", "type": "int", "default": 1}]}
    without = {**RECORD, "fields": [*RECORD["fields"], {"name": "qty", "type": "int"}]}
    maintainer.register("orders", RECORD)
    maintainer.register("orders", with_default)
    assert maintainer.post("/compatibility/subjects/orders/versions", {"schema": json.dumps(without)}).body[
        "is_compatible"
    ]
    maintainer.put("/config/orders", {"compatibility": "BACKWARD_TRANSITIVE"})
    assert maintainer.register("orders", without).status == 409
    maintainer.put("/config/orders", {"compatibility": "BACKWARD"})
    assert maintainer.register("orders", without).status == 200


def test_json_schema_is_compared_strictly(maintainer: Caller):
    is_open = {"type": "object", "properties": {"id": {"type": "string"}}}
    maintainer.register("orders", is_open, schemaType="JSON")
    more = {**is_open, "properties": {**is_open["properties"], "note": {"type": "string"}}}
    assert maintainer.register("orders", more, schemaType="JSON").status == 409
    maintainer.put("/config/orders", {"compatibility": "FORWARD"})
    assert maintainer.register("orders", more, schemaType="JSON").status == 200


def test_the_format_of_a_subject_changes_only_where_nothing_is_asked(maintainer: Caller):
    maintainer.register("orders", RECORD)
    assert maintainer.register("orders", {"type": "string"}, schemaType="JSON").status == 409
    maintainer.put("/config/orders", {"compatibility": "NONE"})
    assert maintainer.register("orders", {"type": "string"}, schemaType="JSON").status == 200
    assert Contract.objects.get().format == "jsonschema"


def test_a_lookup_finds_the_version_or_says_what_is_missing(maintainer: Caller):
    number = maintainer.register("orders", RECORD).body["id"]
    found = maintainer.post("/subjects/orders", {"schema": json.dumps(RECORD)})
    assert (found.body["version"], found.body["id"]) == (1, number)
    assert maintainer.post("/subjects/orders", {"schema": '"int"'}).code == 40403
    assert maintainer.post("/subjects/nothing", {}).code == 40401
    assert maintainer.post("/subjects/orders", {"schema": '{"type": "invalid"}'}).code == 42201


def test_deletion_is_soft_first_and_then_for_good(maintainer: Caller):
    number = maintainer.register("orders", RECORD).body["id"]
    maintainer.register("orders", WIDER)
    assert maintainer.delete("/subjects/orders/versions/1?permanent=true").code == 40407
    assert maintainer.delete("/subjects/orders/versions/1").body == 1
    assert ContractVersion.objects.get(version="1.0.0").state == "retired"
    assert maintainer.delete("/subjects/orders/versions/1").code == 40406
    assert maintainer.get("/subjects/orders/versions").body == [2]
    assert maintainer.get("/subjects/orders/versions?deleted=true").body == [1, 2]
    assert maintainer.get("/subjects/orders/versions?deletedOnly=true").body == [1]
    assert maintainer.get("/subjects/orders/versions/1").code == 40402
    assert maintainer.get("/subjects/orders/versions/1?deleted=true").body["version"] == 1
    assert maintainer.get(f"/schemas/ids/{number}").status == 200
    assert maintainer.get(f"/schemas/ids/{number}/versions").body == []
    assert maintainer.delete("/subjects/orders?permanent=true").code == 40405
    assert maintainer.delete("/subjects/orders").body == [2]
    assert maintainer.delete("/subjects/orders").code == 40404
    assert maintainer.get("/subjects").body == []
    assert maintainer.get("/subjects?deleted=true").body == ["orders"]
    assert maintainer.get("/subjects/orders/versions/latest").code == 40401
    assert maintainer.register("orders", RECORD).body["id"] == number
    assert maintainer.get("/subjects/orders/versions").body == [3]
    assert maintainer.delete("/subjects/orders").body == [3]
    assert maintainer.delete("/subjects/orders?permanent=true").body == [1, 2, 3]
    assert maintainer.get(f"/schemas/ids/{number}").code == 40403
    assert maintainer.delete("/subjects/orders").code == 40401
    assert maintainer.register("orders", RECORD).body["id"] == number, (
        "messages that were written with it are still there"
    )
    assert maintainer.get("/subjects/orders/versions").body == [1]


def test_what_others_refer_to_is_not_deleted(maintainer: Caller):
    address = {
        "type": "record",
        "name": "Address",
        "namespace": "shop",
        "fields": [{"name": "street", "type": "string"}],
    }
    order = {"type": "record", "name": "Order", "namespace": "shop", "fields": [{"name": "to", "type": "shop.Address"}]}
    maintainer.register("address", address)
    refs = [{"name": "shop.Address", "subject": "address", "version": 1}]
    assert maintainer.register("order", order).code == 42201
    number = maintainer.register("order", order, references=refs).body["id"]
    assert maintainer.get(f"/schemas/ids/{number}").body["references"] == refs
    assert maintainer.get("/subjects/address/versions/1/referencedby").body == [number]
    assert maintainer.delete("/subjects/address/versions/1").code == 42206
    assert maintainer.delete("/subjects/address").code == 42206
    kept = ContractVersion.objects.get(contract__name="order").schema
    assert kept["fields"][0]["type"]["fields"] == address["fields"], "the contract stands alone"
    maintainer.delete("/subjects/order")
    assert maintainer.delete("/subjects/address").body == [1]


def test_a_json_schema_may_refer_to_others_by_their_id(maintainer: Caller):
    """As schemas do that were written for any validator; a registry's name for the reference need not be in them."""
    country = {
        "$id": "https://shop.example/country.json", "type": "object", "required": ["code"],
        "properties": {"code": {"enum": ["DE", "FR"]}},
    }  # fmt: skip
    address = {
        "$id": "https://shop.example/address.json#", "type": "object",
        "properties": {"country": {"$ref": "https://shop.example/country.json"}},
    }  # fmt: skip
    order = {"type": "object", "properties": {"to": {"$ref": "https://shop.example/address.json#/properties/country"}}}
    maintainer.register("country", country, schemaType="JSON")
    refs = [{"name": "country.json", "subject": "country", "version": 1}]
    assert maintainer.register("address", address, schemaType="JSON").code == 42201
    assert maintainer.register("address", address, schemaType="JSON", references=refs).status == 200
    refs = [{"name": "address", "subject": "address", "version": 1}]
    assert maintainer.register("order", order, schemaType="JSON", references=refs).status == 200
    from governance.contracts.validation import compile_check

    check = compile_check(ContractVersion.objects.get(contract__name="order").schema)
    assert not check({"to": {"code": "DE"}})
    assert check({"to": {"code": "XX"}})


def test_who_looks_for_deleted_versions_is_told_which_they_are(maintainer: Caller):
    maintainer.register("orders", RECORD)
    maintainer.register("orders", WIDER)
    maintainer.delete("/subjects/orders/versions/1")
    told = [maintainer.get(f"/subjects/orders/versions/{number}?deleted=true").body["deleted"] for number in (1, 2)]
    assert told == [True, False]
    assert "deleted" not in maintainer.get("/subjects/orders/versions/2").body


def test_a_json_schema_stands_alone_with_what_it_refers_to(maintainer: Caller):
    money = {
        "definitions": {"code": {"enum": ["EUR", "USD"]}},
        "type": "object",
        "properties": {"code": {"$ref": "#/definitions/code"}},
    }
    order: dict[str, Any] = {
        "type": "object",
        "properties": {"total": {"$ref": "money v1.json"}, "in": {"$ref": "money v1.json#/definitions/code"}},
    }
    maintainer.register("money", money, schemaType="JSON")
    refs = [{"name": "money v1.json", "subject": "money", "version": -1}]
    assert maintainer.register("order", order, schemaType="JSON", references=refs).status == 200
    assert maintainer.get("/subjects/order/versions/1").body["references"][0]["version"] == 1
    kept = ContractVersion.objects.get(contract__name="order").schema
    from governance.contracts.validation import compile_check

    check = compile_check(kept)
    assert not check({"total": {"code": "EUR"}, "in": "USD"})
    assert check({"total": {"code": "GBP"}})
    assert check({"in": "GBP"})


def test_levels_and_modes_are_set_read_and_cleared(admin: Caller):
    assert admin.get("/config").body == {"compatibilityLevel": "BACKWARD"}
    assert admin.get("/config/orders").code == 40408
    assert admin.get("/config/orders?defaultToGlobal=true").body == {"compatibilityLevel": "BACKWARD"}
    assert admin.put("/config/orders", {"compatibility": "full"}).body == {"compatibility": "FULL"}
    assert admin.get("/config/orders").body == {"compatibilityLevel": "FULL"}
    assert admin.put("/config", {"compatibility": "NONE"}).body == {"compatibility": "NONE"}
    assert admin.put("/config", {"compatibility": "whatever"}).code == 42203
    assert admin.delete("/config/orders").body == {"compatibilityLevel": "FULL"}
    assert admin.delete("/config/orders").code == 40401
    assert admin.delete("/config").body == {"compatibilityLevel": "NONE"}
    assert admin.get("/mode").body == {"mode": "READWRITE"}
    assert admin.get("/mode/orders").code == 40409
    assert admin.put("/mode/orders", {"mode": "READONLY"}).body == {"mode": "READONLY"}
    assert admin.register("orders", RECORD).code == 42205
    assert admin.put("/mode/orders", {"mode": "SIDEWAYS"}).code == 42204
    assert admin.delete("/mode/orders").body == {"mode": "READONLY"}
    assert admin.register("orders", RECORD).status == 200
    assert admin.put("/mode/orders", {"mode": "IMPORT"}).code == 42205
    assert admin.put("/mode/orders?force=true", {"mode": "IMPORT"}).body == {"mode": "IMPORT"}


def test_in_import_mode_ids_and_numbers_are_kept_and_nothing_is_compared(admin: Caller):
    assert admin.register("orders", RECORD, id=700, version=4).code == 42205
    admin.put("/mode/orders", {"mode": "IMPORT"})
    assert admin.register("orders", RECORD, id=700, version=4).body["id"] == 700
    assert admin.register("orders", BROKEN, id=712, version=9).body["id"] == 712
    assert admin.register("orders", WIDER, id=712, version=10).code == 42205
    assert admin.register("orders", WIDER, id=713, version=9).code == 42205
    assert admin.get("/subjects/orders/versions").body == [4, 9]
    admin.delete("/mode/orders")
    assert admin.register("orders", {**BROKEN, "doc": "next"}).body["id"] == 713
    assert admin.get("/subjects/orders/versions").body == [4, 9, 10]


def test_every_schema_is_listed(maintainer: Caller):
    maintainer.register("a", RECORD)
    maintainer.register("a", WIDER)
    maintainer.register("b", {"type": "string"}, schemaType="JSON")
    assert [(one["subject"], one["version"]) for one in maintainer.get("/schemas").body] == [
        ("a", 1),
        ("a", 2),
        ("b", 1),
    ]
    assert [one["version"] for one in maintainer.get("/schemas?latestOnly=true").body] == [2, 1]
    assert len(maintainer.get("/schemas?offset=1&limit=1").body) == 1
    assert len(maintainer.get("/schemas?subjectPrefix=b").body) == 1
    assert maintainer.get("/schemas/types").body == ["JSON", "AVRO"]
    assert maintainer.get("/contexts").body == ["."]
    assert maintainer.get("/").body == {}


def test_what_is_no_level_is_refused_with_the_levels_there_are(maintainer: Caller):
    maintainer.register("orders", RECORD)
    refused = maintainer.put("/config/orders", {"compatibility": "SIDEWAYS"})
    assert (refused.status, refused.code) == (422, 42203)
    for level in LEVELS:
        assert f" {level.lower()}" in refused.body["message"]
        assert maintainer.put("/config/orders", {"compatibility": level}).status == 200


def test_an_id_that_two_schemas_claim_refers_to_neither(maintainer: Caller):
    shared = "https://shop.example/code.json"
    for name, letter in (("one", "A"), ("two", "B")):
        maintainer.register(name, {"$id": shared, "enum": [letter]}, schemaType="JSON")
    refs = [{"name": name, "subject": name, "version": 1} for name in ("one", "two")]
    by_id = {"type": "object", "properties": {"code": {"$ref": shared}}}
    assert maintainer.register("order", by_id, schemaType="JSON", references=refs).code == 42201
    by_name = {"type": "object", "properties": {"code": {"$ref": "one"}, "other": {"$ref": "two"}}}
    assert maintainer.register("order", by_name, schemaType="JSON", references=refs).status == 200
