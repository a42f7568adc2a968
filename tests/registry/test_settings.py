"""What clients set beside level and mode: normalize, metadata of all schemas, and groups of versions that are compared."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from governance.models import Change, ContractVersion, RegistryRule
from orchestration.models import Team
from portal.presentation.change_words import sentence
from tests.governance.gatehouse import V1, approver, contract, policy, sent, vote, workflow
from tests.people import person, token_for
from tests.registry.conftest import BROKEN, RECORD, WIDER, Caller

pytestmark = pytest.mark.django_db

WRAPPED = {**RECORD, "fields": [{"name": "id", "type": {"type": "string"}}]}
GROUP = {"compatibilityGroup": "major"}


def major(number: str) -> dict[str, object]:
    return {"metadata": {"properties": {"major": number}}}


def labels_of(caller: Caller, number: int) -> object:
    return caller.get(f"/subjects/orders/versions/{number}").body.get("metadata")


def test_settings_are_told_as_they_were_set_and_each_falls_back_by_itself(admin: Caller, maintainer: Caller):
    everywhere = {"compatibility": "FULL", "normalize": True, "overrideMetadata": {"properties": {"a": "1"}}}
    assert admin.put("/config", everywhere).body == everywhere
    assert maintainer.put("/config/orders", {**GROUP, "normalize": False}).body == {**GROUP, "normalize": False}
    assert maintainer.get("/config/orders").body == {**GROUP, "normalize": False}
    assert maintainer.get("/config/orders?defaultToGlobal=true").body == {
        "compatibilityLevel": "FULL", **GROUP, "normalize": False, "overrideMetadata": {"properties": {"a": "1"}},
    }  # fmt: skip
    set_now = {"compatibility": "BACKWARD", **GROUP, "normalize": False}
    assert maintainer.put("/config/orders", {"compatibility": "backward"}).body == set_now, "all that is set now"
    assert maintainer.get("/config/orders").body == {"compatibilityLevel": "BACKWARD", **GROUP, "normalize": False}
    maintainer.put("/config/orders", {"compatibilityGroup": None})
    assert maintainer.get("/config/orders").body == {"compatibilityLevel": "BACKWARD", "normalize": False}
    assert maintainer.delete("/config/orders").body == {"compatibilityLevel": "BACKWARD", "normalize": False}
    assert maintainer.get("/config/orders").code == 40408
    assert admin.delete("/config").body == {
        "compatibilityLevel": "FULL",
        **{k: everywhere[k] for k in list(everywhere)[1:]},
    }
    assert admin.get("/config").body == {"compatibilityLevel": "BACKWARD"}


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ({}, 42203, "Invalid compatibility level"),
        ({"compatibility": "SIDEWAYS", **GROUP}, 42203, "Invalid compatibility level"),
        ({"compatibilityPolicy": "LENIENT"}, 422, "compatibilityPolicy is STRICT here"),
        ({"validateRules": True}, 422, "validateRules is not kept here; leave it out"),
        ({"compatibilityGroup": "a\0"}, 422, "compatibilityGroup can't be kept: it has the character U+0000"),
        ({"compatibilityGroup": "\ud800"}, 422, "compatibilityGroup can't be kept: it has half of a surrogate pair"),
        (
            {"overrideMetadata": {"tags": {"a": ["\0"]}}},
            422,
            "overrideMetadata can't be kept: it has the character U+0000",
        ),
        ({"defaultMetadata": {"properties": {"\ud800": "b"}}}, 422, "defaultMetadata can't be kept: it has half of a"),
        ({"defaultMetadata": {"properties": {"a": "b" * 20_000}}}, 422, "characters; the limit is 16,384"),
        ({"alias": "__GLOBAL"}, 42208, "__GLOBAL is no subject's name"),
        ({"normalize": "yes"}, 422, "Wrong type of field: normalize"),
        ({"defaultMetadata": {"properties": [1]}}, 42201, "defaultMetadata.properties is an object of texts"),
        ({"overrideMetadata": {"colour": "red"}}, 42201, "overrideMetadata.colour is not kept here"),
    ],
)
def test_what_can_not_be_set_is_refused_with_its_name_and_sets_nothing(
    body: dict[str, object], code: int, words: str, maintainer: Caller
):
    refused = maintainer.put("/config/orders", body)
    assert refused.code == code
    assert words in refused.body["message"]
    assert not RegistryRule.objects.exists()


def test_where_it_is_set_schemas_are_normalised_without_being_asked(maintainer: Caller):
    maintainer.put("/config/orders", {"normalize": True, "compatibilityPolicy": "STRICT"})
    first = maintainer.register("orders", RECORD).body
    assert maintainer.register("orders", WRAPPED).body == first
    found = maintainer.post("/subjects/orders", {"schema": json.dumps(WRAPPED)})
    assert found.body["version"] == 1
    other = maintainer.register("others", WRAPPED).body
    assert other["id"] != first["id"], "elsewhere it is kept as it was sent"
    unfit = {**RECORD, "fields": [*RECORD["fields"], {"name": "n", "type": "int", "default": "none"}]}
    assert maintainer.register("orders", unfit).code == 42201


def test_metadata_for_all_is_laid_under_and_over_that_of_a_schema(maintainer: Caller):
    below = {"properties": {"team": "checkout", "stage": "test"}, "sensitive": ["team"]}
    above = {"properties": {"stage": "live"}, "tags": {"id": ["PII"]}}
    maintainer.put("/config/orders", {"defaultMetadata": below, "overrideMetadata": above})
    sent = {"metadata": {"properties": {"team": "support", "own": "1"}, "sensitive": ["own"]}}
    whole = {
        "properties": {"team": "support", "stage": "live", "own": "1"}, "tags": {"id": ["PII"]},
        "sensitive": ["team", "own"],
    }  # fmt: skip
    assert maintainer.register("orders", RECORD, **sent).body["metadata"] == whole
    assert maintainer.register("orders", RECORD, **sent).body["version"] == 1, "the same again is the same"
    assert maintainer.register("orders", RECORD).body["version"] == 1
    maintainer.register("orders", WIDER)
    assert labels_of(maintainer, 2) == whole, "whoever says nothing means that of the newest"
    maintainer.delete("/config/orders")
    assert labels_of(maintainer, 2) == whole, "what is registered stays as it is"


def test_what_nobody_can_decide_within_a_group_waits_for_a_person(maintainer: Caller):
    maintainer.put("/config/names", GROUP)
    kind = {"schemaType": "JSON"}
    assert maintainer.register("names", {"type": "string"}, **kind, **major("1")).status == 200
    assert maintainer.register("names", {"type": "integer"}, **kind, **major("2")).status == 200
    unclear = {"type": "string", "pattern": "^(?=a)a$"}
    assert maintainer.register("names", unclear, **kind, **major("1")).status == 409
    assert Change.objects.get().verdict == "undecided"


def test_a_group_does_not_get_around_the_level_that_a_manifest_says(maintainer: Caller, checkout: Team):
    sent(contract("1.0.0", V1, compatibility="BACKWARD"))
    maintainer.put("/config/order.placed", GROUP)
    breaking = V1 | {"required": ["id", "qty"]}
    assert maintainer.register("order.placed", breaking, schemaType="JSON", **major("2")).status == 409
    assert Change.objects.get().verdict == "breaking"


def test_metadata_that_is_said_to_be_none_is_none(maintainer: Caller):
    maintainer.register("orders", RECORD, **major("1"))
    assert maintainer.register("orders", RECORD).body["version"] == 1, "nothing said: that of the newest"
    assert maintainer.register("orders", RECORD, metadata={"properties": {}}).body["version"] == 2
    assert labels_of(maintainer, 2) is None
    maintainer.put("/config/orders", {"defaultMetadata": {"properties": {"a": "1"}}})
    assert maintainer.register("orders", WIDER, metadata={}).body["metadata"] == {"properties": {"a": "1"}}


@pytest.mark.parametrize("level", ["BACKWARD_TRANSITIVE", "FORWARD_TRANSITIVE", "FORWARD", "FULL"])
def test_what_fits_its_group_is_registered_at_each_level(level: str, maintainer: Caller):
    maintainer.put("/config/orders", {"compatibility": level, **GROUP})
    assert maintainer.register("orders", RECORD, **major("1")).body["version"] == 1
    other = {**RECORD, "fields": [{"name": "id", "type": "int"}]}
    assert maintainer.register("orders", other, **major("2")).body["version"] == 2
    wider = {**other, "fields": [*other["fields"], {"name": "note", "type": "string", "default": ""}]}
    found = maintainer.register("orders", wider, **major("2"))
    assert found.status == 200, found.body
    assert not Change.objects.filter(state="open").exists()


def test_what_is_imported_is_neither_labelled_nor_rewritten_and_is_found_as_it_was(admin: Caller):
    admin.put("/config", {"normalize": True, "overrideMetadata": {"properties": {"a": "1"}}})
    admin.put("/mode/orders", {"mode": "IMPORT"})
    assert admin.register("orders", WRAPPED, id=7, version=1).body["id"] == 7
    assert json.loads(admin.get("/schemas/ids/7").body["schema"]) == WRAPPED
    admin.put("/mode/others", {"mode": "IMPORT"})
    assert admin.register("others", WRAPPED, id=7, version=3).body["id"] == 7
    admin.delete("/mode/orders")
    assert admin.post("/subjects/orders", {"schema": json.dumps(WRAPPED)}).body["version"] == 1
    assert admin.register("orders", WRAPPED).body["version"] == 1, "it is there already"


def test_a_schema_is_found_by_the_metadata_that_was_sent_with_it(maintainer: Caller):
    maintainer.put("/config/orders", {"overrideMetadata": {"properties": {"stage": "live"}}})
    sent = {"schema": json.dumps(RECORD), "metadata": {"properties": {"stage": "test"}}}
    assert maintainer.post("/subjects/orders/versions", sent).body["version"] == 1
    assert maintainer.post("/subjects/orders", sent).body["version"] == 1
    maintainer.delete("/config/orders")
    assert maintainer.post("/subjects/orders", sent).code == 40403
    kept = {**sent, "metadata": {"properties": {"stage": "live"}}}
    assert maintainer.post("/subjects/orders", kept).body["version"] == 1


def test_who_says_nothing_of_metadata_gets_the_version_of_the_group_that_is_meant(maintainer: Caller):
    maintainer.put("/config/orders", GROUP)
    maintainer.register("orders", RECORD, **major("2"))
    maintainer.register("orders", RECORD, **major("1"))
    maintainer.register("orders", BROKEN, metadata={})
    maintainer.register("orders", WIDER, **major("2"))
    assert maintainer.register("orders", RECORD).body["version"] == 1, "the newest is of group 2"
    assert maintainer.register("orders", BROKEN).body["version"] == 3, "there is no other"


def test_a_schema_that_waits_is_not_taken_for_the_same_of_another_group(maintainer: Caller):
    maintainer.put("/config/names", GROUP)
    kind = {"schemaType": "JSON"}
    unclear = {"type": "string", "pattern": "^(?=a)a$"}
    maintainer.register("names", {"type": "string"}, **kind, **major("1"))
    assert maintainer.register("names", unclear, **kind, **major("1")).status == 409
    maintainer.register("names", {"type": "integer"}, **kind, **major("2"))
    assert maintainer.register("names", unclear, **kind).status == 409
    assert Change.objects.filter(state="open").count() == 1, "of group 2 it breaks, and nothing waits"
    again = maintainer.register("names", unclear, **kind, **major("1"))
    assert f"change {Change.objects.get().pk} " in again.body["message"]


def test_a_change_says_that_its_version_is_the_first_of_its_group(maintainer: Caller, checkout: Team):
    sent(policy(changes=["contract.publish"], review="always", approvals=1))
    maintainer.put("/config/names", GROUP)
    kind = {"schemaType": "JSON"}
    told = []
    for number, schema in (("1", {"type": "string"}), ("2", {"type": "integer"})):
        assert maintainer.register("names", schema, **kind, **major(number)).status == 409
        change = Change.objects.get(state="open")
        told.append(sentence(change, "", change.number))
        vote(change, approver(checkout, f"approver-{number}"), checkout)
    assert told[0] == "It is the first version: nobody relies on it yet."
    assert told[1].startswith("It was compared with none: "), told[1]
    assert told[1].endswith("it is the first of its group. 1.0.0, just below it, is of another.")


def test_names_that_metadata_reserves_are_kept_free_where_that_is_set(maintainer: Caller):
    taken = {"metadata": {"properties": {"confluent:reserved": "note, id"}}}
    assert maintainer.register("others", RECORD, **taken).status == 200, "elsewhere nobody looks"
    maintainer.put("/config/orders", {"validateFields": True})
    refused = maintainer.register("orders", RECORD, **taken)
    assert refused.code == 42201
    assert "field id has a name that its metadata reserves" in refused.body["message"]
    kept = {"metadata": {"properties": {"confluent:reserved": "note"}}}
    assert maintainer.register("orders", RECORD, **kept).status == 200
    url = "/compatibility/subjects/orders/versions/latest"
    assert maintainer.post(url, {"schema": json.dumps(WIDER), **kept}).code == 42201
    maintainer.put("/config/orders", {"overrideMetadata": {"properties": {"confluent:reserved": "note"}}})
    asked = {"schema": json.dumps(WIDER)}
    assert maintainer.post(url, asked).code == 42201, "judged with the metadata that registering would give it"
    assert maintainer.post(url, {**asked, **major("1")}).code == 42201
    assert maintainer.post(url, {"schema": json.dumps(RECORD), **major("1")}).body == {"is_compatible": True}
    maintainer.put("/config/orders", {"overrideMetadata": None})
    freed = maintainer.register("orders", WIDER, **major("1"))
    assert "reserves note, and this one does not; keep it" in freed.body["message"]
    flat = {"type": "object", "properties": {"note": {"type": "string"}, "in": {"properties": {"own": {}}}}}
    maintainer.put("/config/flat", {"validateFields": True})
    reserving = {"schemaType": "JSON", "metadata": {"properties": {"confluent:reserved": "note"}}}
    assert maintainer.register("flat", flat, **reserving).code == 42201
    reserving["metadata"] = {"properties": {"confluent:reserved": "own"}}
    assert maintainer.register("flat", flat, **reserving).status == 200, "what lies in it is not its own"


def test_a_default_that_no_reader_could_use_is_refused_where_that_is_set(maintainer: Caller):
    unfit = {**RECORD, "fields": [*RECORD["fields"], {"name": "n", "type": "int", "default": "none"}]}
    url, asked = "/compatibility/subjects/others/versions/latest", {"schema": json.dumps(unfit)}
    assert maintainer.post(url, asked).status == 200
    assert maintainer.register("orders", unfit).status == 200
    maintainer.put("/config/others", {"validateNewSchemas": True})
    assert maintainer.post(url, asked).code == 42201
    assert maintainer.register("others", unfit).code == 42201
    maintainer.put("/config/orders", {"validateNewSchemas": True})
    assert maintainer.register("orders", unfit).status == 200, "what is there already is not new"


@pytest.mark.parametrize("setting", ["validateNames", "validateNewSchemas"])
@pytest.mark.parametrize("where", [{"namespace": "shop-1.orders"}, {"name": "shop-1.Order"}])
def test_a_namespace_that_is_none_is_refused_where_that_is_set(setting: str, where: dict[str, str], maintainer: Caller):
    assert maintainer.register("others", {**RECORD, **where}).status == 200
    maintainer.put("/config/orders", {setting: True})
    refused = maintainer.register("orders", {**RECORD, **where})
    assert refused.code == 42201
    assert f"namespace {'shop-1.orders' if 'namespace' in where else 'shop-1'} is none" in refused.body["message"]
    within = {**RECORD, "fields": [{"name": "inner", "type": {**RECORD, "name": "Inner", **where}}]}
    assert maintainer.register("orders", within).code == 42201
    maintainer.put("/config/orders", {"validateNames": False})
    assert maintainer.register("orders", {**RECORD, **where}).status == 200


def test_an_alias_stands_for_a_subject_wherever_one_is_named(admin: Caller, maintainer: Caller, reader: Caller):
    first = maintainer.register("orders", RECORD).body
    assert maintainer.put("/config/old%2Fname", {"alias": "orders"}).body == {"alias": "orders"}
    assert reader.get("/subjects/old%2Fname/versions/1").body["subject"] == "orders"
    assert maintainer.register("old%2Fname", RECORD).body == first
    assert maintainer.register("old%2Fname", WIDER).body["version"] == 2
    asked = {"schema": json.dumps(BROKEN)}
    assert maintainer.post("/compatibility/subjects/old%2Fname/versions/latest", asked).body == {"is_compatible": False}
    assert admin.get("/subjects").body == ["orders"]
    found = admin.get("/schemas?subjectPrefix=old&aliases=true&latestOnly=true").body
    assert [(one["subject"], one["version"], one["aliases"]) for one in found] == [("orders", 2, ["old/name"])]
    assert admin.get("/schemas?subjectPrefix=old").body == []
    assert "aliases" not in admin.get("/schemas?subjectPrefix=:*:").body[0]
    assert maintainer.put("/config/older", {"alias": "old/name"}).status == 200
    assert reader.get("/subjects/older/versions").code == 40401, "an alias of an alias is not followed"
    hiding = maintainer.put("/config/orders", {"alias": "others"})
    assert (hiding.code, "versions of its own" in hiding.body["message"]) == (422, True)
    schema = reader.get("/schemas/ids/1?subject=old%2Fname").body
    assert (schema["subject"], schema["version"]) == ("orders", 1)
    refers = {"references": [{"name": "Order", "subject": "old/name", "version": -1}]}
    cart = {"type": "record", "name": "Cart", "fields": [{"name": "order", "type": "Order"}]}
    assert maintainer.register("carts", cart, **refers).status == 200
    kept = reader.get("/subjects/carts/versions/1").body["references"]
    assert kept == [{"name": "Order", "subject": "orders", "version": 2}], (
        "what the alias stood for, whatever it does later"
    )
    assert maintainer.post("/subjects/carts", {"schema": json.dumps(cart), **refers}).body["version"] == 1
    maintainer.put("/config/old%2Fname", {"alias": None})
    assert reader.get("/subjects/old%2Fname/versions/1").code == 40401


def test_an_alias_opens_nothing_that_the_subject_keeps_closed(
    admin: Caller, maintainer: Caller, client: Client, checkout: Team
):
    admin.register("orders", RECORD)
    stranger = Caller(client, token_for(person("maintainer", Team.objects.create(name="strangers"))))
    assert stranger.put("/config/mine", {"alias": "orders"}).status == 403, "else what others register would go astray"
    assert maintainer.put("/config/mine", {"alias": "orders"}).status == 200
    assert stranger.register("mine", WIDER).status == 403
    assert stranger.put("/config/mine", {"compatibility": "NONE"}).status == 200, "of that name alone"
    assert stranger.register("mine", BROKEN).status in (403, 409)
    assert admin.get("/subjects/orders/versions").body == [1]
    assert admin.delete("/subjects/mine").code == 40401, "what is deleted is named itself"
    assert admin.delete("/subjects/mine/versions/1").code == 40401
    sent(policy(changes=["contract.publish"], review="always", approvals=1))
    assert maintainer.register("waiting", RECORD).status == 409
    refused = maintainer.put("/config/waiting", {"alias": "orders"})
    assert (refused.code, "waits at the gate" in refused.body["message"]) == (422, True)


def test_an_alias_hides_nothing_that_a_manifest_brings_later(maintainer: Caller, checkout: Team):
    maintainer.register("orders", RECORD)
    assert maintainer.put("/config/order.placed", {"alias": "orders"}).status == 200
    assert maintainer.get("/subjects/order.placed/versions/1").body["subject"] == "orders"
    sent(contract("1.0.0", V1))
    assert maintainer.get("/subjects/order.placed/versions/1").body["subject"] == "order.placed"


def test_an_alias_hides_nothing_that_is_deleted_softly(maintainer: Caller):
    maintainer.register("orders", RECORD)
    maintainer.register("others", WIDER)
    maintainer.delete("/subjects/others")
    refused = maintainer.put("/config/others", {"alias": "orders"})
    assert (refused.code, "soft-deleted" in refused.body["message"]) == (422, True)
    assert maintainer.get("/subjects/others/versions?deleted=true").body == [1]
    maintainer.delete("/subjects/others?permanent=true")
    assert maintainer.put("/config/others", {"alias": "orders"}).status == 200


def test_history_that_is_brought_under_an_alias_stays_its_own(admin: Caller):
    admin.register("orders", RECORD)
    admin.put("/config/others", {"alias": "orders"})
    admin.put("/mode/others", {"mode": "IMPORT"})
    assert admin.register("others", WIDER, id=9, version=4).body["id"] == 9
    assert admin.get("/subjects/others/versions").body == [4]
    assert admin.get("/subjects/orders/versions").body == [1]


def test_an_alias_for_all_is_followed_nowhere(admin: Caller):
    admin.register("orders", RECORD)
    assert admin.put("/config", {"alias": "others", "validateRules": False}).body == {"alias": "others"}
    assert admin.get("/subjects/orders/versions/1").body["subject"] == "orders"
    assert admin.get("/subjects/nothing/versions").code == 40401
    assert admin.get("/config/orders?defaultToGlobal=true").body == {"compatibilityLevel": "BACKWARD"}


@pytest.mark.parametrize("context", [":.:", ":.__GLOBAL:"])
def test_what_is_set_for_the_default_context_is_set_for_all(context: str, admin: Caller, maintainer: Caller):
    assert maintainer.put(f"/config/{context}", {"compatibility": "NONE"}).status == 403
    assert admin.put(f"/config/{context}", {"compatibility": "NONE"}).body == {"compatibility": "NONE"}
    assert admin.get("/config").body == {"compatibilityLevel": "NONE"}
    assert admin.put(f"/mode/{context}", {"mode": "READONLY"}).body == {"mode": "READONLY"}
    assert admin.get("/mode").body == {"mode": "READONLY"}
    assert admin.delete(f"/mode/{context}").body == {"mode": "READONLY"}
    assert admin.get("/mode").body == {"mode": "READWRITE"}


def test_versions_are_compared_with_those_of_their_group_alone(maintainer: Caller):
    maintainer.put("/config/orders", GROUP)
    assert maintainer.register("orders", RECORD, **major("1")).body["version"] == 1
    asked = {"schema": json.dumps(BROKEN)}
    for path in ("versions", "versions/1"):
        url = f"/compatibility/subjects/orders/{path}"
        assert maintainer.post(url, {**asked, **major("1")}).body == {"is_compatible": False}
        assert maintainer.post(url, asked).body == {"is_compatible": False}, "nothing said means the newest one's"
        assert maintainer.post(url, {**asked, **major("2")}).body == {"is_compatible": True}
    assert maintainer.register("orders", BROKEN, **major("1")).status == 409
    found = maintainer.register("orders", BROKEN, **major("2"))
    assert found.body["version"] == 2
    assert maintainer.register("orders", WIDER, **major("1")).body["version"] == 3, "compared with version 1"
    assert maintainer.register("orders", BROKEN, **major("1")).status == 409
    numbers = ContractVersion.objects.filter(contract__name="orders").order_by("pk").values_list("version", flat=True)
    assert list(numbers) == ["1.0.0", "2.0.0", "2.1.0"], "what can't read the newest is a major version all the same"
    assert not Change.objects.filter(state="open").exists()


def test_a_group_protects_no_less_what_workflows_use(maintainer: Caller, checkout: Team):
    sent(contract("1.0.0", V1))
    sent(workflow("checkout", range_="^1"))
    maintainer.put("/config/order.placed", GROUP)
    breaking = V1 | {"required": ["id", "qty"]}
    held = maintainer.register("order.placed", breaking, schemaType="JSON", **major("2"))
    assert held.status == 409
    assert Change.objects.get().verdict == "breaking"
