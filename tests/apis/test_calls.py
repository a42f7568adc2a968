"""http steps are held against the API of the service that they call when their workflow is applied."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from orchestration.errors import InvalidManifest
from orchestration.models import Team, WorkflowVersion
from tests.apis.shop import PAYMENTS, api, charging, dependency
from tests.governance.gatehouse import contract, sent

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def offered(db: None) -> None:
    for name in ("payments", "checkout"):
        Team.objects.create(name=name)
    sent("\n---\n".join([api("1.0.0", PAYMENTS), dependency()]))


def refused(steps: dict[str, Any]) -> list[str]:
    """What the workflow is told; nothing where it is taken."""
    try:
        sent(charging(steps))
    except InvalidManifest as error:
        assert not WorkflowVersion.objects.exists()
        return [f"{one.path}: {one.message}" for one in error.problems]
    return []


def step(method: str, path: str, **request: Any) -> dict[str, Any]:
    return {"http": {"method": method, "path": path, **request}}


GOOD = {"order": "o-1", "amount": "${{ input.total }}"}


@pytest.mark.parametrize(("call", "says"), [
    (step("POST", "/charges", json=GOOD), []),
    (step("GET", "/charges/${{ input.id }}"), []),
    (step("GET", "/charges/latest"), []),
    (step("POST", "/charges/by-key-${{ input.id }}/refund"), []),
    (step("GET", "/charges", query={"order": "o-1"}, headers={"x-tenant": "t"}), []),
    (step("POST", "/charge", json=GOOD), [
        "steps.a.http.path: payments-api@1.0.0 has no operation POST /charge; did you mean 'POST /charges'?"]),
    (step("DELETE", "/charges/7"), ["steps.a.http.path: payments-api@1.0.0 has no DELETE at /charges/7; it has GET"]),
    (step("GET", "/charges"), [
        "steps.a.http: GET /charges of payments-api@1.0.0 requires the query parameter order; give it in `query`",
        "steps.a.http: GET /charges of payments-api@1.0.0 requires the header X-Tenant; give it in `headers`"]),
    (step("POST", "/charges"), ["steps.a.http: POST /charges of payments-api@1.0.0 requires a body; give it in `json`"]),
    (step("POST", "/imports", json={"a": 1}), [
        "steps.a.http.json: POST /imports of payments-api@1.0.0 takes text/csv, and a step sends JSON"]),
    (step("POST", "/charges", json={"order": "o-1"}), [
        "steps.a.http.json: does not give 'amount', which POST /charges of payments-api@1.0.0 requires"]),
    (step("POST", "/charges", json={"order": 7, "amount": 5}), [
        "steps.a.http.json.order: gives an integer; POST /charges of payments-api@1.0.0 wants string at /order"]),
])  # fmt: skip
def test_a_call_is_refused_for_what_the_api_is_sure_to_refuse_and_for_nothing_else(
    call: dict[str, Any], says: list[str]
):
    assert refused({"a": call}) == says


def test_what_may_be_right_in_a_run_is_let_pass(offered: None):
    paths = PAYMENTS["paths"] | {"/users/me": {"post": {"responses": {"204": {"description": "done"}}}}}
    sent(api("1.1.0", PAYMENTS | {"paths": paths}))
    assert refused({"a": step("POST", "/users/${{ input.who }}")}) == [], "it may be `me`"


def test_a_step_reads_only_what_the_operation_answers():
    reading = {
        "python": "test.echo",
        "with": {"value": "${{ steps.a.output.state }}"},
        "needs": ["a"],
        "dependency": None,
    }
    assert refused({"a": step("POST", "/charges", json=GOOD), "b": reading}) == [
        "steps.b.with.value: 'state' is no field of POST /charges of payments-api@1.0.0; did you mean 'status'?"
    ]


def test_a_contract_that_the_step_names_is_asked_instead_and_a_fallback_may_answer_otherwise():
    reading = {
        "python": "test.echo",
        "with": {"value": "${{ steps.a.output.state }}"},
        "needs": ["a"],
        "dependency": None,
    }
    fallen = step("POST", "/charges", json=GOOD) | {"fallback": {"value": {"state": "later"}}}
    assert refused({"a": fallen, "b": reading}) == []
    sent(contract("1.0.0", {"type": "object", "properties": {"state": {"type": "string"}}}, owner="checkout"))
    own = step("POST", "/charges", json=GOOD) | {"contract": {"output": "order.placed@^1"}}
    sent(charging({"a": own, "b": reading}, name="own"))


def test_the_call_of_a_compensation_is_held_against_it_too():
    undone = step("POST", "/charges", json=GOOD) | {"compensate": step("DELETE", "/charges/7")}
    assert refused({"a": undone}) == [
        "steps.a.compensate.http.path: payments-api@1.0.0 has no DELETE at /charges/7; it has GET"
    ]


def test_a_service_that_describes_nothing_is_called_as_before():
    sent(dependency(api=None))
    assert refused({"a": step("POST", "/coffee")}) == []


@pytest.mark.parametrize(("named", "says"), [
    ("stock-api@^1", "no active version of API stock-api@^1; apply it first, with `format: openapi`"),
    ("payments-api@^2", "no active version of API payments-api@^2; apply it first, with `format: openapi`"),
    ("order.placed@^1", "no active version of API order.placed@^1; its versions are in JSON Schema, and an API is described"
                        " in OpenAPI"),
])  # fmt: skip
def test_a_dependency_offers_an_api_that_there_is(named: str, says: str):
    sent(contract("1.0.0", True, owner="checkout"))
    with pytest.raises(InvalidManifest) as caught:
        sent(dependency(named))
    assert [(one.path, one.message) for one in caught.value.problems] == [("api", says)]


def test_no_step_can_have_an_api_at_its_port():
    with pytest.raises(InvalidManifest) as caught:
        sent(charging({"a": step("POST", "/charges", json=GOOD) | {"contract": {"output": "payments-api@^1"}}}))
    assert "its versions are in OpenAPI, and payloads of steps are JSON" in caught.value.problems[0].message


@pytest.mark.parametrize(("document", "says"), [
    ({"swagger": "2.0"}, "/openapi: swagger '2.0' is not read; convert the document to OpenAPI 3.0 or 3.1"),
    ({"openapi": "3.1.0", "paths": []}, "/paths: wants a mapping; this is list"),
    ({"openapi": "3.1.0", "paths": {"/a": {"get": 7}}}, "/paths/~1a/get: wants a mapping; this is int"),
    (PAYMENTS | {"components": {"schemas": {"Charge": True}}},
     "/paths/~1charges/post/requestBody/content/application~1json/schema: '#/components/schemas/NewCharge' leads nowhere"),
    (PAYMENTS | {"components": {"schemas": {"Charge": {"items": {"$ref": "#/$defs/x"}}, "NewCharge": True}}},
     "/components/schemas/Charge: '#/$defs/x' leads nowhere; correct it or add the part"),
])  # fmt: skip
def test_a_document_that_is_no_api_is_refused_with_its_place(document: dict[str, Any], says: str):
    with pytest.raises(InvalidManifest) as caught:
        sent(api("2.0.0", document))
    (problem,) = caught.value.problems
    assert says in problem.message


def offering(**paths: Any) -> None:
    """payments-api as of 1.1.0, with these paths besides."""
    sent(api("1.1.0", PAYMENTS | {"paths": PAYMENTS["paths"] | paths}))


DONE = {"responses": {"204": {"description": "done"}}}


@pytest.mark.parametrize(("path", "call"), [
    ("/a b", step("POST", "/a%20b")),
    ("/a%20b", step("POST", "/a b")),
    ("/files/{name}.json", step("POST", "/files/report.json")),
    ("/files/{name}.json", step("POST", "/files/${{ input.name }}.json")),
    ("/v1/{a}:{verb}", step("POST", "/v1/x:cancel")),
])  # fmt: skip
def test_a_path_is_the_same_however_it_is_written(path: str, call: dict[str, Any]):
    offering(**{path: {"post": DONE}})
    assert refused({"a": call}) == []


def test_head_is_answered_where_get_is_and_options_anywhere():
    assert refused({"a": step("HEAD", "/charges/latest"), "b": step("OPTIONS", "/charges/latest")}) == []


def test_a_query_parameter_whose_parts_are_written_as_parameters_is_not_missed():
    filtered = {
        "name": "filter",
        "in": "query",
        "required": True,
        "schema": {"type": "object", "properties": {"z": {}}},
    }
    length = {"name": "Content-Length", "in": "header", "required": True, "schema": {"type": "integer"}}
    offering(**{"/list": {"get": {**DONE, "parameters": [filtered, length]}}})
    assert refused({"a": step("GET", "/list", query={"z": 1})}) == []


def test_a_part_that_is_called_payload_is_nothing_special():
    document = PAYMENTS | {"components": {"schemas": PAYMENTS["components"]["schemas"] | {
        "payload": {"type": "object", "required": ["k"], "properties": {"k": {}}},
    }}}  # fmt: skip
    document["components"]["schemas"]["NewCharge"] = {
        "type": "object", "required": ["order", "amount"],
        "properties": {"order": {}, "amount": {}, "payload": {"$ref": "#/components/schemas/payload"}},
    }  # fmt: skip
    sent(api("1.1.0", document))
    assert refused({"a": step("POST", "/charges", json=GOOD)}) == []


def test_a_path_made_to_be_slow_is_matched_at_once():
    offering(**{"/" + "{a}" * 40 + "b": {"post": DONE}})
    assert "has no operation POST" in refused({"a": step("POST", "/" + "a" * 200)})[0]


@pytest.mark.parametrize("schema", [
    {"type": [{"a": 1}]}, {"properties": [1]}, {"$ref": "#/x/" + "9" * 5000}, {"type": 7, "allOf": 3, "items": "x"},
])  # fmt: skip
@pytest.mark.parametrize("place", ["query", ["query"], None])
def test_a_hostile_parameter_ends_in_an_answer(schema: Any, place: Any):
    bad = {"name": "p", "in": place, "schema": schema}
    document = PAYMENTS | {"paths": PAYMENTS["paths"] | {"/x": {"post": {**DONE, "parameters": [bad]}}}}
    told = []
    with suppress(InvalidManifest):
        told = sent(api("1.1.0", document)) and refused({"a": step("POST", "/x")})
    assert told == []


def test_a_schema_nested_deep_is_asked_about_its_first_parts():
    deep: Any = {"type": "string"}
    for _ in range(20):
        deep = {"type": "object", "properties": {"a": deep}}
    offering(**{"/deep": {"post": {**DONE, "requestBody": {"content": {"application/json": {"schema": deep}}}}}})
    found = refused({"a": step("POST", "/deep", json={"a": 1})})
    assert found == ["steps.a.http.json.a: gives an integer; POST /deep of payments-api@1.1.0 wants object at /a"]
