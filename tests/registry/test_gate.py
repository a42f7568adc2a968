"""One registry, two faces: what a client registers is held where the portal would hold it, and approved there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from governance.models import Change, ContractVersion, SubjectVersion
from orchestration.models import Team
from tests.governance.gatehouse import V1, contract, policy, sent, vote, workflow
from tests.people import person
from tests.registry.conftest import BROKEN, RECORD, WIDER, Caller

pytestmark = pytest.mark.django_db
STRING = {"type": "string"}
#: Neither validator nor search can tell what this pattern takes, so nothing is proved.
UNCLEAR = {"type": "string", "pattern": "^(?=a)a$"}


def test_what_a_policy_wants_to_see_waits_and_the_client_is_told_where(maintainer: Caller, checkout: Team):
    sent(policy(changes=["contract.publish"], review="always"))
    approver = person("approver", checkout)
    held = maintainer.register("orders", RECORD)
    change = Change.objects.get()
    assert (held.status, held.code) == (409, 409)
    assert f"/changes/{change.pk}/" in held.body["message"]
    assert held.headers["Location"].endswith(f"/changes/{change.pk}/")
    assert maintainer.get("/subjects").body == []
    assert maintainer.register("orders", RECORD).status == 409
    assert Change.objects.count() == 1, "asking again asks nobody anew"
    vote(change, approver, checkout)
    done = maintainer.register("orders", RECORD)
    assert done.status == 200
    assert maintainer.get("/subjects/orders/versions/1").body["id"] == done.body["id"]


def test_what_was_refused_at_the_gate_stays_refused(maintainer: Caller, checkout: Team):
    sent(policy(changes=["contract.publish"], review="always"))
    approver = person("approver", checkout)
    maintainer.register("orders", RECORD)
    vote(Change.objects.get(), approver, checkout, "reject")
    again = maintainer.register("orders", RECORD)
    assert again.status == 409
    assert "was refused" in again.body["message"]
    assert Change.objects.count() == 1


def test_what_nobody_can_decide_waits_for_a_person(maintainer: Caller, checkout: Team):
    assert maintainer.register("names", STRING, schemaType="JSON").status == 200
    held = maintainer.register("names", UNCLEAR, schemaType="JSON")
    assert held.status == 409
    assert Change.objects.get().verdict == "undecided"
    asked = maintainer.post(
        "/compatibility/subjects/names/versions/latest", {"schema": json.dumps(UNCLEAR), "schemaType": "JSON"}
    )
    assert asked.body == {"is_compatible": False}


def test_a_level_that_lets_everything_through_does_not_get_around_those_who_use_the_contract(
    maintainer: Caller, checkout: Team
):
    sent(contract("1.0.0", V1))
    sent(workflow("checkout", range_="^1"))
    maintainer.put("/config/order.placed", {"compatibility": "NONE"})
    breaking = V1 | {"required": ["id", "qty"]}
    held = maintainer.register("order.placed", breaking, schemaType="JSON")
    assert held.status == 409
    assert Change.objects.get().verdict == "breaking"
    assert maintainer.get("/subjects/order.placed/versions").body == [1]


def test_what_those_who_read_an_output_would_miss_waits_as_a_major_version(maintainer: Caller):
    sent(contract("1.0.0", V1))
    text = (
        workflow("checkout")
        .replace("input:", "output:")
        .replace("contract: order.placed@^1", "contract: order.placed@^1\n    value: {id: a}")
    )
    sent(text)
    wider = V1 | {"properties": V1["properties"] | {"qty": {"type": "number"}}}
    held = maintainer.register("order.placed", wider, schemaType="JSON")
    assert held.status == 409, held
    change = Change.objects.get()
    assert (change.number, change.verdict) == ("2.0.0", "breaking")


def test_what_a_workflow_uses_is_not_deleted(maintainer: Caller):
    sent(contract("1.0.0", V1))
    sent(workflow("checkout"))
    refused = maintainer.delete("/subjects/order.placed")
    assert (refused.status, refused.code) == (422, 42206)
    assert "ship@1.0.0" in refused.body["message"]
    assert ContractVersion.objects.get().state == "active"


def test_a_version_in_avro_is_no_contract_of_a_step(maintainer: Caller):
    from orchestration.errors import InvalidManifest

    maintainer.register("order.placed", RECORD)
    with pytest.raises(InvalidManifest) as refused:
        sent(workflow("checkout"))
    assert "in Avro" in str(refused.value.problems[0])


def test_a_manifest_in_avro_is_compared_as_avro(checkout: Team):
    from orchestration.errors import InvalidManifest

    sent(contract("1.0.0", RECORD, format="avro"))
    with pytest.raises(InvalidManifest) as refused:
        sent(contract("1.0.1", WIDER, format="avro"))
    assert "1.1.0 or higher" in str(refused.value.problems[0])
    sent(contract("1.1.0", WIDER, format="avro"))
    sent(contract("2.0.0", BROKEN, format="avro"))
    assert Change.objects.get().verdict == "breaking"
    assert list(SubjectVersion.objects.values_list("number", flat=True)) == [1, 2]
    with pytest.raises(InvalidManifest) as refused:
        sent(contract("3.0.0", {"type": "record"}, format="avro"))
    assert "no Avro schema" in str(refused.value.problems[0])


def test_the_pages_show_a_contract_in_avro(maintainer: Caller, client: Any):
    for schema in (RECORD, WIDER):
        maintainer.register("orders", schema)
    client.force_login(person("viewer", Team.objects.get(name="checkout")))
    shown = client.get("/contracts/orders/").content.decode()
    assert "Avro" in shown
    assert "1.0.0 to 1.1.0" in shown
    assert "Order" in shown


def test_a_pair_is_compared_once_and_before_others_have_to_wait(maintainer: Caller, monkeypatch: pytest.MonkeyPatch):
    from governance.contracts import formats, kept
    from governance.registry import registering

    maintainer.register("orders", RECORD)
    told: list[str] = []
    compare, hold = formats._compared, registering.hold
    monkeypatch.setattr(formats, "_compared", lambda *asked: told.append("compared") or compare(*asked))
    monkeypatch.setattr(registering, "hold", lambda: told.append("held") or hold())
    assert maintainer.register("orders", WIDER).status == 200
    assert told == ["compared", "held"]
    told.clear()
    kept.forget()
    assert maintainer.register("orders", RECORD).status == 200
    assert told == [], "what is registered already is neither compared nor waits for others"
