"""Rules that come with a schema: kept with it, for the clients that run them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from governance.models import ContractVersion, RegisteredSchema
from orchestration.models import Team
from tests.people import person
from tests.registry.conftest import BROKEN, RECORD, WIDER, Caller

pytestmark = pytest.mark.django_db


def rule(name: str, mode: str = "WRITE", type: str = "ENCRYPT", **more: Any) -> dict[str, Any]:
    return {"name": name, "kind": "TRANSFORM", "mode": mode, "type": type, **more}


ENCRYPTED = {"domainRules": [rule("pii", tags=["PII"], params={"encrypt.kek.name": "k"}, onFailure="ERROR,NONE")]}


def names_of(caller: Caller, number: int, phase: str = "domainRules") -> list[str]:
    rules = caller.get(f"/subjects/orders/versions/{number}").body.get("ruleSet", {})
    return [one["name"] for one in rules.get(phase, [])]


def test_rules_are_kept_with_a_schema_and_told_wherever_it_is(maintainer: Caller):
    done = maintainer.register("orders", RECORD, ruleSet=ENCRYPTED).body
    assert done["ruleSet"] == ENCRYPTED
    assert maintainer.get(f"/schemas/ids/{done['id']}").body["ruleSet"] == ENCRYPTED
    assert maintainer.get("/subjects/orders/versions/latest").body["ruleSet"] == ENCRYPTED
    sent = {"schema": json.dumps(RECORD), "ruleSet": ENCRYPTED}
    assert maintainer.post("/subjects/orders", sent).body["version"] == 1
    assert maintainer.post("/subjects/orders", {"schema": json.dumps(RECORD)}).body["version"] == 1
    other = {"schema": json.dumps(RECORD), "ruleSet": {"domainRules": [rule("other")]}}
    assert maintainer.post("/subjects/orders", other).code == 40403
    found = maintainer.get("/schemas?ruleType=ENCRYPT").body
    assert [(one["subject"], one["ruleSet"]) for one in found] == [("orders", ENCRYPTED)]
    assert maintainer.get("/schemas?ruleType=CEL").body == []


def test_other_rules_are_another_schema_of_the_same_shape(maintainer: Caller):
    first = maintainer.register("orders", RECORD, ruleSet=ENCRYPTED).body
    assert maintainer.register("orders", RECORD).body["version"] == 1, "nothing said: as it is"
    assert maintainer.register("orders", WIDER).body["version"] == 2
    assert names_of(maintainer, 2) == ["pii"], "nothing said: those of the newest"
    second = maintainer.post("/subjects/orders/versions", {"ruleSet": {"domainRules": [rule("other")]}}).body
    assert (second["version"], names_of(maintainer, 3)) == (3, ["other"])
    assert json.loads(maintainer.get("/subjects/orders/versions/3").body["schema"]) == WIDER
    assert maintainer.register("orders", WIDER, ruleSet={}).body["version"] == 4, "said to be none"
    assert names_of(maintainer, 4) == []
    assert maintainer.register("orders", BROKEN, ruleSet=ENCRYPTED).status == 409, "they make nothing compatible"
    assert RegisteredSchema.objects.get(pk=first["id"]).rules == ENCRYPTED
    numbers = ContractVersion.objects.order_by("pk").values_list("version", flat=True)
    assert list(numbers) == ["1.0.0", "1.1.0", "1.1.1", "1.1.2"]


def test_rules_for_all_schemas_are_laid_under_and_over_those_of_one(maintainer: Caller):
    default = {"domainRules": [rule("pii"), rule("check", type="CEL")]}
    override = {"migrationRules": [rule("up", "UPGRADE", "JSONATA")]}
    told = maintainer.put("/config/orders", {"defaultRuleSet": default, "overrideRuleSet": override}).body
    assert told == {"defaultRuleSet": default, "overrideRuleSet": override}
    own = {"domainRules": [rule("check", type="CEL", expr="true")]}
    kept = maintainer.register("orders", RECORD, ruleSet=own).body["ruleSet"]
    assert kept == {"domainRules": [rule("pii"), *own["domainRules"]], **override}
    assert maintainer.register("orders", RECORD, ruleSet=own).body["version"] == 1, "the same again is the same"
    sent = {"schema": json.dumps(RECORD), "ruleSet": own}
    assert maintainer.post("/subjects/orders", sent).body["version"] == 1
    maintainer.put("/mode/copied", {"mode": "IMPORT"})
    maintainer.put("/config/copied", {"defaultRuleSet": default})
    assert "ruleSet" not in maintainer.register("copied", RECORD, id=77, version=1).body, "history stays as it was"


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({"otherRules": [rule("a")]}, "ruleSet.otherRules is not kept here"),
        ({"domainRules": {"a": 1}}, "ruleSet.domainRules is a list of rules"),
        ({"domainRules": ["a"]}, "ruleSet.domainRules[0] is no object"),
        ({"domainRules": [rule("a"), rule("a")]}, "ruleSet.domainRules has two rules that are called a"),
        ({"domainRules": [rule("a", "UPGRADE")]}, "ruleSet.domainRules[0].mode is one of READ, WRITE, WRITEREAD"),
        ({"migrationRules": [rule("a")]}, "ruleSet.migrationRules[0].mode is one of UPGRADE, DOWNGRADE, UPDOWN"),
        ({"domainRules": [rule("", type="x")]}, "ruleSet.domainRules[0] has no name"),
        ({"domainRules": [{"name": "a", "mode": "READ"}]}, "ruleSet.domainRules[0] has no type"),
        ({"domainRules": [rule("a", kind="MAGIC")]}, "ruleSet.domainRules[0].kind is one of CONDITION, TRANSFORM"),
        ({"domainRules": [rule("a", tags=[1])]}, "ruleSet.domainRules[0].tags is a list of texts"),
        ({"domainRules": [rule("a", params={"b": 1})]}, "ruleSet.domainRules[0].params is an object of texts"),
        ({"domainRules": [rule("a", disabled="no")]}, "ruleSet.domainRules[0].disabled has the wrong type"),
        ({"domainRules": [rule("a", colour="red")]}, "ruleSet.domainRules[0].colour is not kept here"),
        ({"enableAt": 5}, "ruleSet.enableAt is a text"),
        ({"domainRules": [rule("a\0")]}, "it has the character U+0000"),
        ({"domainRules": [rule("\ud800")]}, "it has half of a surrogate pair"),
    ],
)
def test_rules_that_are_none_are_refused_with_their_place(rules: dict[str, Any], words: str, maintainer: Caller):
    refused = maintainer.register("orders", RECORD, ruleSet=rules)
    assert refused.code == 42201, refused.body
    assert words in refused.body["message"]
    assert not ContractVersion.objects.exists()
    refused = maintainer.put("/config/orders", {"defaultRuleSet": rules})
    assert (refused.status, words.removeprefix("ruleSet") in refused.body["message"]) == (422, True), refused.body


def test_the_contracts_page_shows_what_came_with_a_version_and_hides_what_is_sensitive(maintainer: Caller, client: Any):
    metadata = {
        "properties": {"owner": "checkout", "key": "s3cret"},
        "tags": {"Order.id": ["PII"]},
        "sensitive": ["key"],
    }
    encrypt = rule("pii", "WRITEREAD", tags=["PII"], params={"token": "hush"}, doc="Encrypts who ordered")
    turned_off = rule("up", "UPGRADE", "JSONATA", disabled=True)
    rules = {"domainRules": [encrypt], "migrationRules": [turned_off]}
    maintainer.register("orders", RECORD, ruleSet=rules, metadata=metadata)
    maintainer.register("orders", WIDER, ruleSet={}, metadata={})
    client.force_login(person("viewer", Team.objects.get(name="checkout")))
    page = client.get("/contracts/orders/?to=1.0.0").content.decode()
    for words in (
        "Registered with 1.0.0", "pii", "in a message, written and read", "Encrypts who ordered", "switched off",
        "between versions, to a newer one", "checkout", "Tagged PII", "hidden, for it is marked as sensitive",
    ):  # fmt: skip
        assert words in page, words
    assert "s3cret" not in page
    assert "hush" not in page
    assert "Registered with" not in client.get("/contracts/orders/").content.decode(), "nothing came with 1.1.0"
