"""What a review found wrong in settings, aliases and look-ups of the registry, each as it went wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest

from governance.contracts.avro_defaults import unfit
from governance.contracts.avro_schemas import read_avro
from governance.models import Change, ContractVersion, RegistryRule
from orchestration.models import Team
from tests.governance.gatehouse import approver, manifest, policy, sent, vote
from tests.registry.conftest import BROKEN, RECORD, WIDER, Caller

pytestmark = pytest.mark.django_db
CART = {"type": "record", "name": "Cart", "fields": [{"name": "order", "type": "Order"}]}
TO_ORDER = {"references": [{"name": "Order", "subject": "orders", "version": 1}]}
ODD = {**RECORD, "namespace": "shop-1"}
WRAPPED = {**RECORD, "fields": [{"name": "id", "type": {"type": "string"}}]}


def test_defaults_that_take_too_long_to_tell_are_refused_whatever_is_set(maintainer: Caller):
    fields = [{"name": f"f{number}", "type": "int", "default": 1} for number in range(600)]
    item = {"type": "record", "name": "Item", "fields": fields}
    many = {**RECORD, "fields": [{"name": "n", "type": {"type": "array", "items": item}, "default": [{}] * 1_000}]}
    assert unfit(read_avro(many, "the")).is_cut
    refused = maintainer.register("orders", many)
    assert (refused.code, "need each other too often" in refused.body["message"]) == (42201, True)
    sent(
        manifest(
            "Contract", {"name": "orders", "version": "1.0.0", "owner": "checkout"}, {"schema": many, "format": "avro"}
        )
    )
    assert maintainer.register("orders", {**RECORD, "name": "Other"}).status == 409, "compared with all the same"


def test_a_default_is_looked_at_before_others_have_to_wait(maintainer: Caller, monkeypatch: pytest.MonkeyPatch):
    from governance.registry import registering

    monkeypatch.setattr(registering, "hold", lambda: pytest.fail("the lock was taken"))
    unfit_one = {**RECORD, "fields": [{"name": "n", "type": "int", "default": "none"}]}
    assert maintainer.post("/subjects/a/versions?normalize=true", {"schema": json.dumps(unfit_one)}).code == 42201


@pytest.mark.parametrize("own", ["BACKWARD", "NONE"])
def test_a_manifests_transitive_level_is_counted_whatever_clients_set(own: str, maintainer: Caller, checkout: Team):
    spec = {"schema": RECORD, "format": "avro", "compatibility": "BACKWARD_TRANSITIVE", "policy": "strict"}
    sent(manifest("Contract", {"name": "ev", "version": "1.0.0", "owner": "checkout"}, spec))
    maintainer.put("/config/ev", {"compatibility": "NONE"})
    assert maintainer.register("ev", BROKEN).status == 409
    vote(Change.objects.get(), approver(checkout, "an-approver"), checkout)
    maintainer.put("/config/ev", {"compatibility": own})
    more = {**BROKEN, "fields": [*BROKEN["fields"], {"name": "note", "type": "string", "default": ""}]}
    held = maintainer.register("ev", more)
    assert held.status == 409, held.body
    assert (Change.objects.latest("pk").number, Change.objects.latest("pk").verdict) == ("3.0.0", "breaking")


def test_versions_that_refer_to_each_other_go_in_their_order_through_the_gate(maintainer: Caller, checkout: Team):
    maintainer.put("/config/orders", {"compatibility": "NONE"})
    maintainer.register("orders", RECORD)
    assert maintainer.register("orders", CART, **TO_ORDER).status == 200
    sent(policy(changes=["contract.retire"], review="always", approvals=1))
    assert maintainer.delete("/subjects/orders").status == 409
    first = Change.objects.get(kind="contract.retire")
    assert first.number == ContractVersion.objects.get(registered__number=2).version, "the one that refers comes first"
    vote(first, approver(checkout, "an-approver"), checkout)
    assert maintainer.get("/subjects/orders/versions").body == [1]
    assert maintainer.delete("/subjects/orders").status == 409
    assert Change.objects.filter(kind="contract.retire").count() == 2


def test_no_door_retires_what_a_live_schema_refers_to(maintainer: Caller, client: Any):
    maintainer.register("orders", RECORD)
    maintainer.register("cart", CART, **TO_ORDER)
    asked = client.post(
        "/api/v1/contracts/orders/versions/1.0.0/retire", {"reason": "old"}, content_type="application/json",
        headers={"Authorization": f"Bearer {maintainer.secret}", "Idempotency-Key": "a-retirement"},
    )  # fmt: skip
    assert asked.status_code == 409, asked.content
    assert "cart version 1, whose schema refers to it" in asked.json()["detail"]
    assert maintainer.get("/subjects/orders/versions").body == [1]


def test_a_reference_of_history_goes_where_it_went(admin: Caller):
    admin.register("orders", WIDER)
    admin.put("/config/common", {"alias": "orders"})
    admin.put("/mode/cart", {"mode": "IMPORT"})
    refers = {"references": [{"name": "Order", "subject": "common", "version": 1}], "id": 70, "version": 1}
    assert admin.register("cart", CART, **refers).code == 42201, "nothing of that name is there yet"
    admin.put("/mode/common", {"mode": "IMPORT"})
    admin.register("common", RECORD, id=60, version=1)
    for _ in range(2):
        assert admin.register("cart", CART, **refers).body["id"] == 70
    assert admin.get("/subjects/cart/versions/1").body["references"][0]["subject"] == "common"


def test_what_is_there_already_is_found_after_settings_have_changed(admin: Caller):
    team = {"metadata": {"properties": {"team": "a"}}}
    assert admin.register("orders", ODD, **team).body["version"] == 1
    admin.put("/config/orders", {"validateNames": True, "overrideMetadata": {"properties": {"stage": "live"}}})
    assert admin.register("orders", ODD, **team).body["version"] == 1
    url = "/compatibility/subjects/orders/versions/latest"
    assert admin.post(url, {"schema": json.dumps(ODD), **team}).body == {"is_compatible": True}
    cart = {**CART, "fields": [{"name": "order", "type": "shop-1.Order"}]}
    refers = {"references": [{"name": "shop-1.Order", "subject": "orders", "version": 1}]}
    admin.put("/config/cart", {"validateNewSchemas": True})
    assert admin.register("cart", cart, **refers).status == 200, "its author can't mend what it refers to"


def test_what_is_normalised_by_the_client_is_found_as_it_was_sent(admin: Caller):
    assert admin.register("orders", WRAPPED).body["version"] == 1
    asked = {"schema": json.dumps(WRAPPED)}
    assert admin.post("/subjects/orders?normalize=true", asked).body["version"] == 1
    assert admin.post("/subjects/orders/versions?normalize=true", asked).body["version"] == 1


def test_a_live_version_is_found_before_a_deleted_one(maintainer: Caller):
    for number in ("1", "2"):
        maintainer.register("orders", RECORD, metadata={"properties": {"a": number}})
    maintainer.delete("/subjects/orders/versions/2")
    asked = {"schema": json.dumps(RECORD)}
    assert maintainer.post("/subjects/orders?deleted=true", asked).body["version"] == 1


def test_aliases_that_nobody_follows_are_not_told(admin: Caller):
    admin.register("orders", RECORD)
    admin.put("/config/others", {"alias": "orders"})
    admin.put("/config", {"alias": "orders"})
    empty = {"references": [{"name": "Order", "subject": ":.:", "version": 1}]}
    assert admin.register("cart", CART, **empty).code == 42201, "that for all is followed nowhere"
    admin.put("/mode/others", {"mode": "IMPORT"})
    admin.register("others", WIDER, id=9, version=1)
    assert all("aliases" not in one for one in admin.get("/schemas?aliases=true").body)


def test_small_refusals_say_what_they_are_about(admin: Caller):
    missing = {"references": [{"name": "Order", "subject": "nothing", "version": -1}]}
    assert admin.register("cart", CART, **missing).code == 42201
    admin.delete("/mode/:.nothing:?recursive=true")
    assert not RegistryRule.objects.exists(), "nothing was set, so nothing is kept"


ALWAYS = {"changes": ["contract.publish"], "review": "always", "approvals": 1}
OWN_RULES = {"domainRules": [{"name": "own", "mode": "READ", "type": "CEL"}]}
SETTINGS: list[dict[str, Any]] = [
    {"overrideMetadata": {"properties": {"stage": "live"}}},
    {"defaultRuleSet": {"domainRules": [{"name": "pii", "mode": "WRITE", "type": "ENCRYPT"}]}},
]
SAID: list[dict[str, Any]] = [
    {}, {"metadata": {"properties": {"a": "1"}}}, {"ruleSet": OWN_RULES},
    {"metadata": {"properties": {"a": "1"}}, "ruleSet": OWN_RULES}, {"metadata": {}}, {"ruleSet": {}},
]  # fmt: skip


@pytest.mark.parametrize("settings", [*SETTINGS, SETTINGS[0] | SETTINGS[1], SETTINGS[0] | {"normalize": True}])
@pytest.mark.parametrize("said", SAID)
def test_the_same_registration_is_one_version_and_one_change(
    settings: dict[str, Any], said: dict[str, Any], maintainer: Caller, checkout: Team
):
    maintainer.put("/config/orders", settings)
    maintainer.register("orders", RECORD, metadata={"properties": {"b": "2"}}, ruleSet=OWN_RULES)
    for _ in range(3):
        assert maintainer.register("orders", WIDER, **said).body["version"] == 2
    assert maintainer.post("/subjects/orders", {"schema": json.dumps(WIDER), **said}).body["version"] == 2
    sent(policy(**ALWAYS))
    again = {**WIDER, "doc": "of another kind"}
    for _ in range(3):
        assert maintainer.register("orders", again, **said).status == 409
    vote(Change.objects.get(state="open"), approver(checkout, "an-approver"), checkout, "reject")
    refused = maintainer.register("orders", again, **said)
    assert "was refused" in refused.body["message"]
    assert not Change.objects.filter(state="open").exists()


def test_a_manifest_that_asks_both_ways_of_all_versions_is_counted(maintainer: Caller, checkout: Team):
    two = {**RECORD, "fields": [*RECORD["fields"], {"name": "x", "type": "string"}]}
    spec = {"schema": two, "format": "avro", "compatibility": "FULL_TRANSITIVE", "policy": "strict"}
    sent(manifest("Contract", {"name": "ev", "version": "1.0.0", "owner": "checkout"}, spec))
    maintainer.put("/config/ev", {"compatibility": "BACKWARD_TRANSITIVE"})
    spare = {**two, "fields": [two["fields"][0], {**two["fields"][1], "default": ""}]}
    assert maintainer.register("ev", spare).status == 200
    held = maintainer.register("ev", RECORD)
    assert (held.status, Change.objects.get().number) == (409, "2.0.0"), held.body


def test_a_subject_whose_older_version_refers_to_a_newer_one_can_be_deleted_whole(admin: Caller):
    admin.put("/mode/orders", {"mode": "IMPORT"})
    admin.register("orders", RECORD, id=2, version=2)
    refers = {"references": [{"name": "Order", "subject": "orders", "version": 2}]}
    assert admin.register("orders", CART, id=1, version=1, **refers).status == 200
    admin.delete("/mode/orders")
    assert admin.delete("/subjects/orders").body == [1, 2]


def test_no_history_leads_back_to_itself(admin: Caller):
    link = {"schemaType": "JSON"}
    admin.register("a", {"type": "object"}, **link)
    to_a, to_b = ({"references": [{"name": f"{one}.json", "subject": one, "version": 1}]} for one in "ab")
    admin.register("b", {"$ref": "a.json"}, **link, **to_a)
    admin.delete("/subjects/b")
    admin.delete("/subjects/a")
    admin.put("/mode/a", {"mode": "IMPORT"})
    refused = admin.register("a", {"$ref": "b.json"}, id=50, version=1, **link, **to_b)
    assert (refused.code, "leads back to version 1 of a itself" in refused.body["message"]) == (42201, True)


def test_what_is_long_is_refused_before_it_is_looked_at(maintainer: Caller):
    rules = [{"name": f"r{number}", "mode": "READ", "type": "CEL"} for number in range(2_000)]
    for more, words in (
        ({"ruleSet": {"domainRules": rules}}, "the limit is 65,536"),
        ({"metadata": {"properties": {"a": "b" * 70_000}}}, "the limit is 65,536"),
        ({"references": [{"name": "A", "subject": "a", "version": 1}] * 101}, "more than 100 other schemas"),
    ):
        refused = maintainer.register("orders", RECORD, **more)
        assert (refused.code, words in refused.body["message"]) == (42201, True), refused.body


@pytest.mark.parametrize("more", [{"ruleSet": {"\ud800": 1}}, {"metadata": {"\ud800": 1}}, {"schemaType": "\ud800"}])
def test_a_reason_is_told_in_what_can_be_written(more: dict[str, Any], reader: Caller):
    asked = {"schema": json.dumps(RECORD), **more}
    told = reader.post("/compatibility/subjects/orders/versions/latest?verbose=true", asked)
    assert (told.status, told.body["is_compatible"]) == (200, False)


def test_a_users_name_that_can_not_be_printed_names_no_team(maintainer: Caller):
    maintainer.name = "a\0b"
    assert maintainer.register("orders", RECORD).status == 200
