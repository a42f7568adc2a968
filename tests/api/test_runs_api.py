"""Runs over the API: what goes in, what comes out, and what is refused with place and remedy."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from orchestration.models import Run, Team
from tests.api.conftest import Caller
from tests.engine.harness import echo, publish, pump, settle_down, step
from tests.people import person, token_for

pytestmark = pytest.mark.django_db
As = Callable[[str], Caller]


@pytest.fixture(autouse=True)
def _workflow(checkout: Team) -> None:
    publish({"a": echo("${{ input.n }}"), "b": {"python": "test.echo", "with": {"value": "${{ steps.a.output }}"}}})


def test_a_run_is_started_read_and_finished(as_role: As):
    operator = as_role("operator")
    answer = operator("POST", "/runs", {"workflow": "demo", "input": {"n": 7}})
    assert answer.status_code == 201
    assert answer["Location"] == f"/api/v1/runs/{answer.json()['id']}"
    pump()
    run = operator("GET", f"/runs/{answer.json()['id']}").json()
    assert (run["status"], run["result"]) == ("finished", "succeeded")
    assert [(step["name"], step["status"], step["output"]) for step in run["steps"]] == [
        ("a", "succeeded", 7),
        ("b", "succeeded", 7),
    ]
    assert run["sentence"] == "Succeeded: 2 steps done."


def test_one_idempotency_key_starts_one_run(as_role: As):
    operator = as_role("operator")
    body = {"workflow": "demo", "input": {"n": 1}}
    first = operator("POST", "/runs", body, Idempotency_Key="k1")
    again = operator("POST", "/runs", body, Idempotency_Key="k1")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    other = operator("POST", "/runs", {**body, "input": {"n": 2}}, Idempotency_Key="k1")
    assert other.status_code == 409
    assert "use a new key" in other.json()["detail"]
    assert Run.objects.count() == 1


def test_lists_are_keyset_pages_with_filters(as_role: As):
    operator = as_role("operator")
    ids = [operator("POST", "/runs", {"workflow": "demo", "input": {"n": n}}).json()["id"] for n in range(5)]
    pump()
    first = operator("GET", "/runs?limit=2&workflow=demo&result=succeeded").json()
    second = operator("GET", f"/runs?limit=2&cursor={first['next']}").json()
    third = operator("GET", f"/runs?limit=2&cursor={second['next']}").json()
    assert [run["id"] for page in (first, second, third) for run in page["items"]] == ids[::-1]
    assert third["next"] is None
    assert operator("GET", "/runs?result=failed").json() == {"items": [], "next": None}


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("status=done", "status"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("cursor=nonsense", "cursor"),
        ("since=yesterday", "since"),
        ("wrkflow=demo", "unknown parameter 'wrkflow'"),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused_by_name(as_role: As, query: str, says: str):
    answer = as_role("viewer")("GET", f"/runs?{query}")
    assert answer.status_code in {400, 422}
    assert answer["Content-Type"] == "application/problem+json"
    assert says in answer.json()["detail"]


def test_payloads_are_masked_without_the_verb_and_secret_keys_always(as_role: As):
    body = {"workflow": "demo", "input": {"n": 7, "password": "hunter22", "list": [1, {"x": "y"}]}}
    run_id = as_role("operator")("POST", "/runs", body).json()["id"]
    pump()
    seen = as_role("operator")("GET", f"/runs/{run_id}").json()
    assert (seen["masked"], seen["input"]["n"], seen["input"]["password"]) == (False, 7, "•••• masked")
    unseen = as_role("viewer")("GET", f"/runs/{run_id}").json()
    assert unseen["masked"] is True
    assert unseen["input"] == {
        "n": "•••• masked",
        "password": "•••• masked",
        "list": ["•••• masked", {"x": "•••• masked"}],
    }
    assert "7" not in json.dumps([step["output"] for step in unseen["steps"]])


def test_cancel_and_terminate_want_a_reason(as_role: As):
    operator = as_role("operator")
    for action, result in (("cancel", "cancelled"), ("terminate", "terminated")):
        run_id = operator("POST", "/runs", {"workflow": "demo", "input": {"n": 1}}).json()["id"]
        assert operator("POST", f"/runs/{run_id}/{action}", {}).status_code == 400
        assert operator("POST", f"/runs/{run_id}/{action}", {"reason": "  "}).status_code == 400
        assert operator("POST", f"/runs/{run_id}/{action}", {"reason": "a test"}).json()["result"] == result
        assert operator("POST", f"/runs/{run_id}/{action}", {"reason": "again"}).status_code == 409


def test_a_failed_run_is_retried_as_a_linked_one(as_role: As):
    publish({"a": {"python": "test.fail"}}, name="broken")
    operator = as_role("operator")
    first = operator("POST", "/runs", {"workflow": "broken"}).json()["id"]
    assert operator("POST", f"/runs/{first}/retry").status_code == 409
    settle_down(Run.objects.get(pk=first))
    again = operator("POST", f"/runs/{first}/retry")
    assert again.status_code == 201
    assert again.json()["retry_of"] == first
    assert step(Run.objects.get(pk=again.json()["id"]), "a").status == "ready"


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        (b"{", 400, "line 1, column 2"),
        (b'{"workflow": "demo", "workflow": "x"}', 400, "stands twice"),
        (b'{"workflow": "demo", "input": NaN}', 400, "NaN"),
        (b"[" * 100_000, 400, "nested"),
        (b"\xff", 400, "UTF-8"),
        (b"[]", 422, "object"),
        (b'{"workflow": "demo", "inptu": {}}', 422, "inptu"),
        (b'{"workflow": "dmeo"}', 404, "did you mean 'demo'"),
        (b'{"workflow": "demo", "version": "9.9.9"}', 404, "1.0.0"),
        (b'{"workflow": 7, "input": {}}', 404, "7"),
        (b'{"workflow": "demo", "input": {"a": "\\u0000"}}', 422, "U+0000"),
        (b'{"workflow": "demo", "input": {"a": "\\ud800"}}', 422, "surrogate"),
        (b'{"workflow": "demo", "input": {"a": "' + b"x" * 5_000_000 + b'"}}', 413, "4,194,304"),
        (b'{"workflow": "demo", "input": {"a": "' + b"x" * 7_000_000 + b'"}}', 413, "larger than"),
    ],
)
def test_a_bad_body_is_refused_with_place_and_remedy(as_role: As, body: bytes, status: int, says: str):
    answer = as_role("operator")("POST", "/runs", body)
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert says in answer.json()["detail"]
    assert not Run.objects.exists()


def test_an_input_is_checked_against_its_contract_with_every_violation(as_role: As, checkout: Team):
    from orchestration.services.manifests import Document, Signature, apply

    text = """
apiVersion: plumbline/v1
kind: Contract
metadata: {name: order.placed, version: 1.2.0, owner: checkout}
spec:
  schema: {type: object, required: [id, total], properties: {id: {type: string}, total: {type: number, minimum: 0}}}
---
apiVersion: plumbline/v1
kind: Workflow
metadata: {name: typed, version: 1.0.0, owner: checkout}
spec:
  input: {contract: order.placed@^1.2}
  steps: {a: {value: "${{ input.id }}"}}
"""
    apply([Document(text, "typed.yaml")], Signature(None, "a test"))
    operator = as_role("operator")
    assert operator("POST", "/runs", {"workflow": "typed", "input": {"id": "1", "total": 3}}).status_code == 201
    answer = operator("POST", "/runs", {"workflow": "typed", "input": {"id": 1, "total": -3}})
    assert answer.status_code == 422
    assert {item["pointer"] for item in answer.json()["violations"]} == {"/id", "/total"}
    assert "order.placed@1.2.0" in answer.json()["detail"]


def test_a_token_without_the_verb_is_refused_and_says_so(checkout: Team):
    user = person("operator", checkout)
    reader = Caller(token_for(user, verbs=[]))
    answer = reader("POST", "/runs", {"workflow": "demo", "input": {}})
    assert answer.status_code == 403
    assert "may not start, cancel and retry runs for team checkout" in answer.json()["detail"]
    assert reader("GET", "/runs").status_code == 200


def test_a_token_for_another_team_an_expired_and_an_unknown_one_are_refused(checkout: Team):
    user = person("operator", checkout)
    other = Team.objects.create(name="other")
    assert Caller(token_for(user, team=other))("POST", "/runs", {"workflow": "demo"}).status_code == 403
    assert Caller(token_for(user, days=-1))("GET", "/runs").status_code == 401
    answer = Caller("plb_unknown")("GET", "/runs")
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_an_unknown_endpoint_and_method_answer_problem_json(as_role: As):
    viewer = as_role("viewer")
    for method, path, status in (("GET", "/nothing", 404), ("DELETE", "/runs", 405), ("GET", "/runs/not-a-uuid", 404)):
        answer = viewer(method, path)
        assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
