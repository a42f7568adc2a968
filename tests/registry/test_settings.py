"""What clients set beside level and mode: normalize, metadata of all schemas, and groups of versions that are compared."""

from __future__ import annotations

import json

import pytest

from governance.models import Change, ContractVersion, RegistryRule
from orchestration.models import Team
from tests.governance.gatehouse import V1, contract, sent, workflow
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
    assert maintainer.put("/config/orders", {"compatibility": "backward"}).body == {"compatibility": "BACKWARD"}
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
        ({"alias": "other"}, 422, "alias is not kept here; leave it out"),
        ({"validateFields": True}, 422, "validateFields is not kept here; leave it out"),
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
