"""What clients of the first registry rely on beyond its documentation: each was found by running that product's own scenarios."""

from __future__ import annotations

import json
from typing import Any

import pytest

from governance.models import AuditEntry, Change, ContractVersion, SubjectVersion
from governance.registry.texts import fingerprint_of
from orchestration.models import Team
from tests.governance.gatehouse import approver, policy, vote
from tests.governance.gatehouse import sent as applied
from tests.registry.conftest import BROKEN, RECORD, WIDER, Caller

pytestmark = pytest.mark.django_db
LINE = {"type": "record", "name": "Line", "namespace": "shop", "fields": [{"name": "sku", "type": "string"}]}
CART = {
    "type": "record",
    "name": "Cart",
    "fields": [{"name": "line", "type": "shop.Line"}, {"name": "n", "type": "int"}],
}
TO_LINE = {"name": "shop.Line", "subject": "line", "version": 1}


def with_default(kind: Any, default: Any) -> dict[str, Any]:
    return {**RECORD, "fields": [*RECORD["fields"], {"name": "qty", "type": kind, "default": default}]}


def test_an_id_says_where_the_subject_has_it_and_a_guid_is_the_same_schema(maintainer: Caller):
    done = maintainer.register("orders", RECORD).body
    assert done.keys() == {"id", "version", "guid"}
    found = maintainer.get(f"/schemas/ids/{done['id']}?subject=orders").body
    assert (found["subject"], found["version"], found["guid"], found["deleted"]) == ("orders", 1, done["guid"], False)
    assert found["ts"] > 1_700_000_000_000
    assert "subject" not in maintainer.get(f"/schemas/ids/{done['id']}?subject=other").body
    assert maintainer.get(f"/schemas/guids/{done['guid']}").body["schema"] == found["schema"]
    assert maintainer.get(f"/schemas/guids/{done['guid']}/ids").body == [{"context": ".", "id": done["id"]}]
    assert maintainer.get("/subjects/orders/versions/1").body["guid"] == done["guid"]
    for unknown in ("00000000-0000-0000-0000-000000000000", "no-guid", "%00"):
        assert maintainer.get(f"/schemas/guids/{unknown}").code == 40403
    maintainer.delete("/subjects/orders")
    assert maintainer.get(f"/schemas/ids/{done['id']}").body["deleted"] is True


def test_normalised_what_means_the_same_is_one_version(maintainer: Caller):
    maintainer.register("line", LINE)
    maintainer.register("other", {**LINE, "name": "Other"})
    refs = [TO_LINE, {"name": "shop.Other", "subject": "other", "version": 1}]
    assert maintainer.post("/subjects/cart/versions?normalize=true", sent(CART, refs)).status == 200
    wrapped = {**CART, "fields": [CART["fields"][0], {"name": "n", "type": {"type": "int"}}]}
    found = maintainer.post("/subjects/cart?normalize=true", sent(wrapped, refs[::-1]))
    assert (found.status, found.body["version"]) == (200, 1)
    maintainer.post("/subjects/cart/versions?normalize=true", sent(wrapped, refs[::-1]))
    assert maintainer.get("/subjects/cart/versions").body == [1]
    assert maintainer.post("/subjects/cart/versions?normalize=true", {"schema": "{"}).code == 42201


def test_a_schema_is_found_with_what_it_refers_to_written_out(maintainer: Caller):
    maintainer.register("line", LINE)
    maintainer.register("cart", CART, references=[TO_LINE])
    whole = {**CART, "fields": [{"name": "line", "type": LINE}, CART["fields"][1]]}
    assert maintainer.post("/subjects/cart", sent(whole)).body["version"] == 1
    longer = {**whole, "fields": [*whole["fields"], {"name": "x", "type": "int"}]}
    assert maintainer.post("/subjects/cart", sent(longer)).code == 40403


def test_a_type_may_be_wrapped_in_another_for_nothing(maintainer: Caller):
    maintainer.register("line", LINE)
    wrapped = {**CART, "fields": [{"name": "line", "type": {"type": "shop.Line"}}]}
    assert maintainer.register("cart", wrapped, references=[TO_LINE]).status == 200
    told = maintainer.register("bad", {**RECORD, "fields": [{"name": "id", "type": "strng"}]})
    assert (told.code, "Undefined schema: strng," in told.body["message"]) == (42201, True)


@pytest.mark.parametrize(("kind", "default"), [("int", None), ("string", 1), (["null", "string"], 7)])
def test_a_default_that_no_reader_could_use_counts_as_none(maintainer: Caller, kind: Any, default: Any):
    maintainer.register("orders", RECORD)
    bad = with_default(kind, default)
    assert maintainer.register("orders", bad).code == 409
    asked = "/compatibility/subjects/orders/versions/latest"
    assert maintainer.post(asked, sent(bad)).body == {"is_compatible": False}
    assert maintainer.register("carts", bad).status == 200, "producers that are out there have such"


@pytest.mark.parametrize(("kind", "default"), [("int", None), ("string", 1), (["null", "string"], 7)])
def test_a_default_that_no_reader_could_use_is_refused_in_what_is_normalised(
    maintainer: Caller, kind: Any, default: Any
):
    bad = sent(with_default(kind, default))
    refused = maintainer.post("/subjects/orders/versions?normalize=true", bad)
    assert (refused.code, "the default of field qty" in refused.body["message"]) == (42201, True)
    asked = "/compatibility/subjects/orders/versions?normalize=true"
    assert maintainer.post(asked, bad).code == 42201
    told = maintainer.post(f"{asked}&verbose=true", bad).body
    assert told["is_compatible"] is False
    assert told["messages"][0].startswith("Invalid schema:")


def test_words_that_are_not_avros_come_by_name_in_what_is_normalised(maintainer: Caller):
    field = {"type": "string", "zebra": 1, "name": "id", "ape": {"b": 1, "a": 2}}
    odd = {"zoo": True, "type": "record", "name": "Order", "fields": [field], "air": 1}
    maintainer.post("/subjects/orders/versions?normalize=true", sent(odd))
    text = maintainer.get("/subjects/orders/versions/1").body["schema"]
    assert text == (
        '{"type":"record","name":"Order","fields":[{"name":"id","type":"string","ape":{"b":1,"a":2},"zebra":1}],"air":1,"zoo":true}'
    )


def test_who_asks_for_them_is_told_of_referrers_that_are_deleted_softly(maintainer: Caller):
    maintainer.register("line", LINE)
    cart = maintainer.register("cart", CART, references=[TO_LINE]).body["id"]
    maintainer.delete("/subjects/cart")
    asked = "/subjects/line/versions/1/referencedby"
    assert (maintainer.get(asked).body, maintainer.get(f"{asked}?deleted=true").body) == ([], [cart])


def test_a_subject_whose_versions_refer_to_each_other_can_be_deleted_whole(maintainer: Caller):
    maintainer.put("/config/line", {"compatibility": "NONE"})
    maintainer.register("line", LINE)
    assert maintainer.register("line", CART, references=[TO_LINE]).body["version"] == 2
    assert maintainer.delete("/subjects/line/versions/1").code == 42206, "alone it can't"
    assert maintainer.delete("/subjects/line").body == [1, 2]
    assert maintainer.delete("/subjects/line?permanent=true").body == [1, 2]


def test_modes_of_a_context_are_cleared_together_by_an_admin(admin: Caller, maintainer: Caller):
    names = [":.shop:orders", ":.shop:carts", ":.other:orders", "orders"]
    for name in names:
        admin.put(f"/mode/{name}", {"mode": "READONLY"})
    assert maintainer.delete("/mode/:.shop:?recursive=true").status == 403
    assert admin.delete("/mode/:.shop:").code == 40401, "alone it has none"
    assert admin.delete("/mode/:.shop:?recursive=true").body == {"mode": None}
    assert [admin.get(f"/mode/{name}").status for name in names] == [404, 404, 200, 200]
    assert admin.delete("/mode/orders?recursive=true").body == {"mode": "READONLY"}
    assert admin.get("/mode/:.other:orders").status == 200


def test_a_refusal_says_what_was_compared_with_what(maintainer: Caller):
    maintainer.register("orders", RECORD)
    message = maintainer.register("orders", BROKEN).body["message"]
    for part in (
        "READER_FIELD_MISSING_DEFAULT_VALUE: /: ",
        "; oldSchemaVersion: 1; oldSchema: {",
        "; compatibility: BACKWARD]",
    ):
        assert part in message
    told = maintainer.post("/compatibility/subjects/orders/versions?verbose=true", sent(BROKEN)).body["messages"]
    assert [one.split(":")[0] for one in told] == ["version 1", "oldSchemaVersion", "oldSchema", "compatibility"]


def test_a_schema_that_is_deleted_softly_is_not_referred_to_anew(maintainer: Caller):
    maintainer.register("line", LINE)
    maintainer.register("cart", CART, references=[TO_LINE])
    maintainer.delete("/subjects/cart")
    maintainer.delete("/subjects/line")
    refused = maintainer.register("cart", CART, references=[TO_LINE])
    assert (refused.code, '"line" and version 1, which is deleted' in refused.body["message"]) == (42201, True)
    gone = maintainer.register("cart", CART, references=[{**TO_LINE, "subject": "nobody"}])
    assert 'No schema reference found for subject "nobody" and version 1' in gone.body["message"]


def test_the_newest_version_that_it_breaks_is_told_alone(maintainer: Caller):
    maintainer.put("/config/orders", {"compatibility": "NONE"})
    maintainer.register("orders", RECORD)
    maintainer.register("orders", WIDER)
    maintainer.put("/config/orders", {"compatibility": "BACKWARD_TRANSITIVE"})
    told = maintainer.post("/compatibility/subjects/orders/versions?verbose=true", sent(BROKEN)).body["messages"]
    assert told[0].startswith("version 2: ")
    assert told[1:] == ["oldSchemaVersion: 2", f"oldSchema: {json.dumps(WIDER, separators=(',', ':'))}", told[-1]]


def test_what_is_set_for_a_subject_goes_with_its_last_version(maintainer: Caller):
    maintainer.register("orders", RECORD)
    maintainer.register("orders", WIDER)
    maintainer.put("/config/orders", {"compatibility": "FULL"})
    maintainer.put("/mode/orders", {"mode": "READWRITE"})
    maintainer.delete("/subjects/orders/versions/1")
    assert maintainer.get("/config/orders").body == {"compatibilityLevel": "FULL"}
    maintainer.delete("/subjects/orders/versions/2")
    assert (maintainer.get("/config/orders").code, maintainer.get("/mode/orders").code) == (40408, 40409)


def test_no_level_is_set_where_nothing_may_be_written(admin: Caller):
    admin.put("/mode/orders", {"mode": "READONLY"})
    assert admin.put("/config/orders", {"compatibility": "NONE"}).code == 42205
    assert admin.put("/config", {"compatibility": "NONE"}).status == 200
    admin.put("/mode", {"mode": "READONLY"})
    assert admin.put("/config", {"compatibility": "FULL"}).code == 42205
    assert admin.delete("/config").code == 42205
    assert admin.get("/config").body == {"compatibilityLevel": "NONE"}


@pytest.mark.parametrize("name", ["__GLOBAL", "__EMPTY"])
def test_no_subject_has_a_name_that_stands_for_something_else(admin: Caller, name: str):
    assert admin.register(name, RECORD).code == 42208
    assert admin.put(f"/config/{name}", {"compatibility": "NONE"}).code == 42208
    assert admin.put(f"/mode/{name}", {"mode": "READONLY"}).code == 42208


def test_who_says_nothing_of_metadata_means_that_of_the_newest_version(maintainer: Caller):
    owned = {"properties": {"owner": "checkout"}}
    plain = maintainer.register("orders", RECORD).body
    first = maintainer.register("orders", RECORD, metadata=owned).body
    assert (first["version"], first["metadata"], "metadata" in plain) == (2, owned, False)
    assert maintainer.register("orders", RECORD, metadata=None).body == plain, "it is there without any"
    assert maintainer.register("orders", WIDER).body["metadata"] == owned
    assert maintainer.register("orders", WIDER, metadata=owned).body["version"] == 3
    assert maintainer.get("/subjects/orders/versions").body == [1, 2, 3]


def test_a_producer_that_says_nothing_of_metadata_finds_its_schema_whatever_others_have_said_since(maintainer: Caller):
    one, two = {"properties": {"by": "one"}}, {"properties": {"by": "two"}}
    mine = maintainer.register("orders", RECORD, metadata=one).body
    maintainer.register("orders", WIDER)
    maintainer.register("orders", WIDER, metadata=two)
    found = maintainer.register("orders", RECORD).body
    assert found == {**mine, "schema": found["schema"]}, "whole, for it has metadata that was not sent"
    assert maintainer.get("/subjects/orders/versions").body == [1, 2, 3]


@pytest.mark.parametrize("refused", [False, True])
def test_what_the_gate_has_is_not_asked_anew_because_others_said_more_of_metadata(
    admin: Caller, checkout: Team, refused: bool
):
    admin.register("orders", RECORD, metadata={"properties": {"by": "one"}})
    applied(policy(changes=["contract.publish"], review="always"))
    assert admin.register("orders", WIDER).status == 409
    held = Change.objects.get(state="open")
    newest = SubjectVersion.objects.get().schema
    newest.metadata = {"properties": {"by": "two"}}
    newest.fingerprint = fingerprint_of("AVRO", newest.text, (), newest.metadata)
    newest.save()
    if refused:
        vote(held, approver(checkout, "ada"), checkout, "reject")
    assert admin.register("orders", WIDER).status == 409
    assert Change.objects.count() == 1


def test_an_import_that_is_repeated_adds_nothing(admin: Caller):
    admin.put("/mode", {"mode": "IMPORT"})
    for _ in range(3):
        assert admin.register("orders", RECORD, id=40).body["version"] == 1
        assert admin.register("orders", RECORD, id=41).body["version"] == 2


def test_what_is_set_for_a_subject_goes_when_the_gate_lets_its_last_version_go(admin: Caller, checkout: Team):
    admin.register("orders", RECORD)
    admin.put("/config/orders", {"compatibility": "NONE"})
    applied(policy(changes=["contract.retire"], review="always"))
    assert admin.delete("/subjects/orders").status == 409
    assert admin.get("/config/orders").body == {"compatibilityLevel": "NONE"}
    vote(Change.objects.get(kind="contract.retire"), approver(checkout, "ada"), checkout)
    assert admin.get("/config/orders").code == 40408


@pytest.mark.parametrize(
    "bad",
    [
        {"properties": ""}, {"properties": 0}, {"properties": False}, {"tags": 3}, {"tags": {"a": "b"}}, {"tags": {"a": [1]}},
        {"sensitive": "a"}, {"sensitive": [1]}, {"other": "a"},
    ],
)  # fmt: skip
def test_metadata_that_no_client_could_read_is_refused(maintainer: Caller, bad: dict[str, Any]):
    assert maintainer.register("orders", RECORD, metadata=bad).code == 42201


def test_metadata_that_says_nothing_is_none(maintainer: Caller):
    first = maintainer.register("orders", RECORD).body
    for empty in ({}, None, {"properties": {}}, {"properties": None, "tags": {}, "sensitive": []}):
        assert maintainer.register("orders", RECORD, metadata=empty).body == first


def test_whoever_sends_metadata_alone_means_the_newest_schema(maintainer: Caller):
    owned = {"properties": {"by": "one"}}
    assert maintainer.post("/subjects/orders/versions", {"metadata": owned}).code == 42201
    maintainer.register("orders", RECORD)
    for _ in range(2):
        assert maintainer.post("/subjects/orders/versions", {"metadata": owned}).body["version"] == 2
    assert json.loads(maintainer.get("/subjects/orders/versions/2").body["schema"]) == RECORD
    assert maintainer.post("/subjects/orders/versions", {"schema": " "}).body["message"] == "Empty schema"
    assert maintainer.post("/subjects/orders", {"metadata": owned}).code == 42201, "to look up is to show"


def test_a_list_of_schemas_says_when_each_came_and_whether_it_is_deleted(maintainer: Caller):
    maintainer.register("orders", RECORD)
    maintainer.register("orders", WIDER)
    maintainer.delete("/subjects/orders/versions/1")
    found = maintainer.get("/schemas?deleted=true").body
    assert [(one["version"], one["deleted"]) for one in found] == [(1, True), (2, False)]
    assert all(one["ts"] > 1_700_000_000_000 for one in found)
    assert [one["version"] for one in maintainer.get("/schemas").body] == [2]


def test_properties_of_metadata_are_texts(maintainer: Caller):
    given = {"properties": {"zero": 0, "half": 0.5, "off": False, "text": "t", "none": None}}
    told = maintainer.register("orders", RECORD, metadata=given).body["metadata"]["properties"]
    assert told == {"zero": "0", "half": "0.5", "off": "false", "text": "t", "none": None}
    for bad in ({"properties": ["a"]}, {"properties": {"a": {}}}, {"properties": "text"}):
        assert maintainer.register("orders", WIDER, metadata=bad).code == 42201


def test_what_is_imported_without_a_number_takes_the_next(admin: Caller):
    admin.put("/mode/orders", {"mode": "IMPORT"})
    assert admin.register("orders", RECORD, id=40).body["version"] == 1
    assert admin.register("orders", RECORD, id=40).body["version"] == 1
    assert admin.register("orders", WIDER, id=40).code == 42205, "the id is another schema's"
    assert admin.register("orders", WIDER, id=41).body["version"] == 2


def test_words_come_in_the_order_in_which_everybody_writes_them(maintainer: Caller):
    mixed = {
        "fields": [{"type": {"items": "int", "type": "array"}, "name": "n"}],
        "x": 1,
        "name": "R",
        "type": "record",
    }
    maintainer.register("orders", mixed)
    text = maintainer.get("/subjects/orders/versions/1").body["schema"]
    assert text == '{"type":"record","name":"R","fields":[{"name":"n","type":{"type":"array","items":"int"}}],"x":1}'
    body = {"schema": '{"type": "object", "properties": {"b": {}, "a": {"minimum": 0.5}}}', "schemaType": "JSON"}
    maintainer.post("/subjects/names/versions?normalize=true", body)
    text = maintainer.get("/subjects/names/versions/1").body["schema"]
    assert text == '{"properties":{"a":{"minimum":0.5},"b":{}},"type":"object"}'


def test_a_version_that_is_told_must_be_the_next(maintainer: Caller):
    assert maintainer.register("orders", RECORD, version=2).code == 42201
    maintainer.register("orders", RECORD, version=1)
    assert maintainer.register("orders", WIDER, version=3).code == 42201
    assert maintainer.register("orders", WIDER, version=2).status == 200
    assert maintainer.register("orders", {**WIDER, "doc": "more"}, version=2).code == 42201


def test_null_clears_a_mode_and_all_of_them_go_at_once(admin: Caller):
    for path in ("/mode", "/mode/a", "/mode/b"):
        admin.put(path, {"mode": "READONLY"})
    assert admin.put("/mode/a", {"mode": None}).body == {"mode": None}
    assert admin.get("/mode/a").code == 40409
    assert admin.put("/mode/a", {}).code == 42204
    assert admin.delete("/mode?recursive=true").body == {"mode": "READONLY"}
    assert admin.get("/mode").body == {"mode": "READWRITE"}
    assert admin.get("/mode/b").code == 40409
    admin.put("/mode", {"mode": "READONLY_OVERRIDE"})
    assert admin.get("/mode/b").body == {"mode": "READONLY_OVERRIDE"}


def test_nothing_is_imported_over_what_is_there_unless_it_is_forced(admin: Caller):
    assert admin.put("/mode", {"mode": "IMPORT"}).status == 200
    admin.delete("/mode")
    admin.register("orders", RECORD)
    assert admin.put("/mode", {"mode": "IMPORT"}).code == 42205
    assert admin.put("/mode?force=true", {"mode": "IMPORT"}).status == 200


def test_an_import_takes_the_place_of_what_was_deleted_softly(admin: Caller):
    first = admin.register("orders", RECORD).body["id"]
    admin.put("/mode/orders?force=true", {"mode": "IMPORT"})
    assert admin.register("orders", RECORD, id=first + 1, version=1).code == 42205, "it is not deleted"
    for _ in range(2):
        admin.delete("/subjects/orders")
        admin.put("/mode/orders", {"mode": "IMPORT"})
        assert admin.register("orders", RECORD, id=first + 1, version=1).body["id"] == first + 1
    assert admin.get("/subjects/orders/versions").body == [1]
    assert SubjectVersion.objects.count() == 1
    assert admin.get(f"/schemas/guids/{admin.get('/subjects/orders/versions/1').body['guid']}/ids").body == [
        {"context": ".", "id": first + 1}
    ], "the first id is no version's any more"
    assert ContractVersion.objects.count() == 3, "the contract keeps its history"
    assert AuditEntry.objects.filter(object_kind="subject version", reason__startswith="replaced").count() == 2


def test_what_was_deleted_softly_stays_until_what_is_imported_is_published(admin: Caller, checkout: Team):
    admin.put("/mode", {"mode": "IMPORT"})
    admin.register("orders", RECORD, id=11, version=1)
    admin.delete("/subjects/orders")
    applied(policy(changes=["contract.publish"], review="always"))
    assert admin.register("orders", {**RECORD, "doc": "other"}, id=12, version=1).code == 409
    assert admin.get("/subjects/orders/versions?deleted=true").body == [1]
    assert json.loads(admin.get("/schemas/ids/11").body["schema"]) == RECORD
    vote(Change.objects.get(state="open"), approver(checkout, "ada"), checkout)
    assert admin.get("/subjects/orders/versions/1").body["id"] == 12
    assert SubjectVersion.objects.count() == 1


def test_what_others_refer_to_is_replaced_by_itself_alone(admin: Caller):
    admin.put("/mode", {"mode": "IMPORT"})
    admin.register("line", LINE, id=601, version=1)
    admin.delete("/subjects/line")
    admin.register("cart", CART, id=602, version=1, references=[TO_LINE])
    other = {**LINE, "fields": [{"name": "sku", "type": "long"}]}
    assert admin.register("line", other, id=603, version=1).code == 42206
    assert admin.register("line", LINE, id=601, version=1).status == 200


def test_a_schema_is_found_by_its_metadata_too(maintainer: Caller):
    maintainer.register("line", LINE)
    maintainer.register("cart", CART, references=[TO_LINE], metadata={"properties": {"o": "A"}})
    asked = sent(CART, [TO_LINE])
    for metadata in ({"properties": {"o": "A"}}, None):
        assert maintainer.post("/subjects/cart", {**asked, "metadata": metadata}).body["version"] == 1
    assert maintainer.post("/subjects/cart", {**asked, "metadata": {"properties": {"o": "B"}}}).code == 40403


@pytest.mark.parametrize("depth", [60, 140, 160, 400])
def test_a_default_nested_deep_is_refused_and_breaks_nothing(maintainer: Caller, depth: int):
    deep: Any = {"c": []}
    for _ in range(depth):
        deep = {"c": [deep]}
    fields = [
        {"name": "c", "type": {"type": "array", "items": "R"}, "default": []},
        {"name": "q", "type": ["null", "R"], "default": deep},
    ]
    answer = maintainer.register("deep", {"type": "record", "name": "R", "fields": fields})
    assert answer.status in (200, 422)
    assert (
        maintainer.post(
            "/compatibility/subjects/deep/versions/latest?verbose=true",
            sent({"type": "record", "name": "R", "fields": fields}),
        ).status
        == 200
    )


def sent(schema: Any, references: Any = ()) -> dict[str, Any]:
    return {"schema": json.dumps(schema), "references": list(references)}
