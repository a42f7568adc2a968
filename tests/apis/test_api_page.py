"""The page of an API: each operation with who calls it, and the calls that ask for what it does not offer."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from orchestration.models import Team, WorkflowVersion
from orchestration.services.runs import start_run
from tests.apis.shop import PAYMENTS, api, changed, charging, dependency
from tests.governance.gatehouse import contract, sent
from tests.people import person

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader(client: Client) -> Client:
    for name in ("payments", "checkout"):
        Team.objects.create(name=name)
    sent("\n---\n".join([api("1.0.0", PAYMENTS), dependency()]))
    sent(charging())
    client.force_login(person("viewer", Team.objects.get(name="checkout")))
    return client


def text_of(client: Client, query: str = "", name: str = "payments-api") -> str:
    answer = client.get(f"/contracts/{name}/{query}")
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_an_operation_is_shown_with_who_calls_it_and_how_often(reader: Client):
    for _ in range(3):
        start_run(version=WorkflowVersion.objects.get(), input={})
    text = text_of(reader)
    assert "Offered by payments" in text
    assert "6 in 1.0.0 of Payments API, 1 called by workflows" in text
    assert "POST /charges Charge a card ship charge 3 " in text
    assert "5 that no workflow calls" in text
    assert "GET /charges/latest deprecated" in text


def test_a_call_of_what_the_shown_version_does_not_offer_is_told_first(reader: Client):
    sent(api("2.0.0", changed(**{"/charges": None})))
    text = text_of(reader, "?to=2.0.0")
    assert "1 call asks for what 2.0.0 does not offer. ship , charge: POST /charges" in text
    assert "No workflow calls it yet" in text


def test_what_only_a_run_can_place_is_told_as_that(reader: Client):
    sent(charging({"any": {"http": {"method": "GET", "path": "/${{ input.where }}/latest"}}}, version="1.1.0"))
    assert "only a run can tell: ship , any ( GET /${{ input.where }}/latest )." in text_of(reader)


def test_operations_are_filtered_by_path_and_summary(reader: Client):
    text = text_of(reader, "?q=refund")
    assert "1 that no workflow calls" in text
    assert "/imports" not in text.partition("Document of")[0]
    assert "No call matches" in text


def test_a_large_document_is_downloaded_and_compared_when_somebody_asks(reader: Client):
    many = {f"/things/{number}": PAYMENTS["paths"]["/charges/latest"] for number in range(1_500)}
    sent(api("1.1.0", PAYMENTS | {"paths": PAYMENTS["paths"] | many}))
    text = text_of(reader)
    assert "It is too long to be shown here." in text
    assert "1505 that no workflow calls" in text
    assert "1,305 more; the filter finds them" in text
    assert "1.0.0 to 1.1.0" not in text
    assert "1.0.0 to 1.1.0 Safe" in text_of(reader, "?from=1.0.0&to=1.1.0")
    answer = reader.get("/contracts/payments-api/1.1.0/document/")
    assert (answer["Content-Type"], answer["Content-Disposition"]) == (
        "application/json",
        'attachment; filename="payments-api-1.1.0.json"',
    )
    assert b"/things/1499" in answer.content


def test_an_api_is_no_data_contract(reader: Client):
    assert "As a data contract" not in text_of(reader)
    answer = reader.get("/contracts/payments-api/1.0.0/odcs/")
    assert answer.status_code == 409
    assert "describes an API, and a data contract describes data" in answer.content.decode()


def test_its_dependency_leads_to_it(reader: Client):
    text = re.sub(r"\s+", " ", reader.get("/dependencies/payments/").content.decode())
    assert '<dt>API</dt><dd><a href="/contracts/payments-api/">payments-api</a> ^1</dd>' in text


def test_the_api_tells_the_same(reader: Client):
    undone = {
        "charge": {
            "http": {"method": "POST", "path": "/charges", "json": {"order": "o", "amount": 1}},
            "compensate": {"http": {"method": "POST", "path": "/charges/7/refund"}},
        },
        "any": {"http": {"method": "GET", "path": "/${{ input.where }}/latest"}},
    }
    sent(charging(undone, version="1.1.0"))
    sent(api("2.0.0", changed(**{"/charges/{id}/refund": None})))
    answer = reader.get("/api/v1/contracts/payments-api/versions/2.0.0/operations").json()
    called = {(one["method"], one["path"]): one for one in answer["operations"]}
    assert len(called) == 5
    charge = called["POST", "/charges"]
    assert (charge["summary"], charge["deprecated"], charge["runs"], charge["at_least"]) == (
        "Charge a card",
        False,
        0,
        False,
    )
    assert [(one["workflow"], one["version"], one["step"], one["direction"]) for one in charge["calls"]] == [
        ("ship", "1.1.0", "charge", "call")
    ]
    (astray,) = answer["astray"]
    assert (astray["step"], astray["direction"], astray["method"], astray["path"]) == (
        "charge", "undo", "POST", "/charges/7/refund",
    )  # fmt: skip
    assert "has no operation POST /charges/7/refund" in astray["why"]
    assert [one["step"] for one in answer["unsure"]] == ["any"]
    sent(contract("1.0.0", True))
    assert reader.get("/api/v1/contracts/order.placed/versions/1.0.0/operations").status_code == 409


def test_a_workflow_whose_newest_version_calls_it_no_more_is_not_shown(reader: Client):
    sent(charging({"a": {"python": "test.echo", "with": {"value": 1}, "dependency": None}}, version="1.1.0"))
    assert "0 called by workflows" in text_of(reader)
