"""What a review found wrong in settings, aliases and look-ups of the registry, each as it went wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest

from governance.contracts.avro_defaults import unfit
from governance.contracts.avro_schemas import read_avro
from governance.contracts.vocabulary import InvalidSchema
from governance.models import Change, ContractVersion, RegistryRule
from orchestration.models import Team
from tests.governance.gatehouse import approver, manifest, policy, sent, vote
from tests.registry.conftest import BROKEN, RECORD, WIDER, Caller

pytestmark = pytest.mark.django_db
CART = {"type": "record", "name": "Cart", "fields": [{"name": "order", "type": "Order"}]}
TO_ORDER = {"references": [{"name": "Order", "subject": "orders", "version": 1}]}
ODD = {**RECORD, "namespace": "shop-1"}
WRAPPED = {**RECORD, "fields": [{"name": "id", "type": {"type": "string"}}]}


def chain(length: int, *, end: dict[str, Any]) -> Any:
    """A record whose default leaves two fields to the defaults of the next, and so on: 2^length ways to the end."""
    made: Any = {"type": "record", "name": f"R{length}", "fields": [{"name": "end", "type": "int", **end}]}
    for number in reversed(range(length)):
        first = {"name": "a", "type": made, "default": {}}
        second = {"name": "b", "type": f"R{number + 1}", "default": {}}
        made = {"type": "record", "name": f"R{number}", "fields": [first, second]}
    return made


def test_defaults_that_share_others_are_looked_at_once():
    assert list(unfit(read_avro(chain(40, end={"default": 1}), "the"))) == []
    wrong = [field.name for _, field in unfit(read_avro(chain(20, end={}), "the"))]
    assert len(wrong) == 40, "each of them needs the one that is missing"


def test_defaults_that_take_too_long_to_tell_are_refused():
    many = {**RECORD, "fields": [{"name": "n", "type": {"type": "array", "items": "int"}, "default": [1] * 600_000}]}
    with pytest.raises(InvalidSchema, match="defaults that need each other too often"):
        list(unfit(read_avro(many, "the")))


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
