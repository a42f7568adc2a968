"""Exercises through the API: begun, ticked with evidence, handed over and ended, by whoever may on the pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from governance.models import Exercise, Runbook
from governance.services.runbooks import create_runbook
from orchestration import clock
from orchestration.models import Alert, Objective, Team
from tests.api.conftest import Caller
from tests.people import person, token_for

BODY = """## Mitigation

1. **Do** Look at payments.
   **Expect** It is well.
2. **Do** Retry what failed.
   **Action** retry-failed-runs workflow=demo
"""


@pytest.fixture
def book(checkout: Team) -> Runbook:
    return create_runbook(
        slug="payments-slow", title="Payments is slow", body=BODY, status="active", owner=checkout, review_by=None, workflows=[],
        dependencies=[], actor=None, reason="first text",
    )  # fmt: skip


@pytest.fixture
def operator(as_role: Callable[[str], Caller]) -> Caller:
    return as_role("operator")


def begun(call: Caller) -> int:
    answer = call("POST", "/runbooks/payments-slow/exercises", {})
    assert answer.status_code == 201, answer.content
    number: int = answer.json()["number"]
    assert answer["Location"] == f"/api/v1/exercises/{number}"
    return number


def test_one_is_gone_through_to_its_end(operator: Caller, book: Runbook, checkout: Team):
    number = begun(operator)
    found = operator("GET", f"/exercises/{number}").json()
    assert (found["state"], found["runbook"], found["revision"]) == ("running", "payments-slow", 1)
    first, second = found["steps"]
    assert (first["do"], first["expect"], first["stands"], first["seen"]) == (
        "Look at payments.",
        "It is well.",
        None,
        None,
    )
    assert second["action"]["kind"] == "retry-failed-runs"
    ticked = operator("POST", f"/exercises/{number}/steps/1", {"what": "done", "evidence": "depth 3 at 14:02"}).json()
    assert ticked["steps"][0]["stands"] == "done"
    assert (
        ticked["entries"][-1] | {"what": "done", "position": 1, "evidence": "depth 3 at 14:02"} == ticked["entries"][-1]
    )
    skipped = operator("POST", f"/exercises/{number}/steps/2", {"what": "skipped"})
    assert skipped.status_code == 422
    assert skipped.json()["violations"][0]["pointer"] == "/note"
    assert (
        operator("POST", f"/exercises/{number}/steps/2", {"what": "skipped", "note": "none failed"}).status_code == 200
    )
    ended = operator("POST", f"/exercises/{number}/end", {"state": "completed", "summary": "well"}).json()
    assert (ended["state"], ended["summary"], ended["ended_at"] is not None) == ("completed", "well", True)
    late = operator("POST", f"/exercises/{number}/steps/1", {"what": "done", "seen": ticked["steps"][0]["seen"]})
    assert late.status_code == 409
    listed = operator("GET", "/exercises?state=completed&runbook=payments-slow").json()["items"]
    assert [row["number"] for row in listed] == [number]
    assert operator("GET", "/exercises?state=running").json()["items"] == []


def test_of_two_at_one_step_the_second_is_told_what_the_first_said(operator: Caller, as_role: Any, book: Runbook):
    number, other = begun(operator), as_role("maintainer")
    operator("POST", f"/exercises/{number}/steps/1", {"what": "done"})
    answer = other("POST", f"/exercises/{number}/steps/1", {"what": "not_as_expected", "note": "it was not"})
    assert answer.status_code == 409
    assert "meanwhile" in answer.json()["detail"]
    seen = other("GET", f"/exercises/{number}").json()["steps"][0]["seen"]
    body = {"what": "not_as_expected", "note": "it was not", "seen": seen}
    assert other("POST", f"/exercises/{number}/steps/1", body).json()["steps"][0]["stands"] == "not_as_expected"


def test_it_is_handed_over_to_somebody_who_may_go_on_with_it(operator: Caller, book: Runbook, checkout: Team):
    number = begun(operator)
    second, viewer = person("operator", checkout), person("viewer", checkout)
    place = f"/exercises/{number}/hand-over"
    assert operator("POST", place, {"to": second.username, "note": "my shift ends"}).json()["holder"] == second.username
    refused = operator("POST", place, {"to": viewer.username})
    assert refused.status_code == 422
    assert "choose one of operator-" in refused.json()["detail"], "it names those who may"
    for name in ("nobody", "a\x00b", "\ud800"):
        assert operator("POST", place, {"to": name}).status_code in {400, 422}


def test_an_action_runs_once_a_try(operator: Caller, book: Runbook):
    from tests.engine.harness import echo, publish

    publish({"a": echo(1)}, name="demo")
    number = begun(operator)
    place = f"/exercises/{number}/steps/2/action"
    answers = [operator("POST", place, {"attempt": 1}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    step = answers[1].json()["steps"][1]
    assert len(step["tries"]) == 1
    assert (step["tries"][0]["state"], step["attempt"]) == ("done", 2)
    assert operator("POST", place, {"attempt": 9}).status_code == 409
    assert operator("POST", f"/exercises/{number}/steps/1/action", {"attempt": 1}).status_code == 422


def test_for_an_alert_the_one_under_way_is_given_and_another_runbook_refused(
    operator: Caller, book: Runbook, checkout: Team
):
    now = clock.now()
    objective = Objective.objects.create(
        name="demo.success", owner=checkout, workflow="demo", indicator="success", target="0.99", page=False, runbook=book.slug,
        since=now,
    )  # fmt: skip
    alert = Alert.objects.create(
        kind="burn", severity="ticket", subject="demo.success", team=checkout, escalation=checkout, objective=objective, opened_at=now,
    )  # fmt: skip
    answers = [operator("POST", "/runbooks/payments-slow/exercises", {"alert": alert.pk}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[0].json()["number"] == answers[1].json()["number"]
    create_runbook(
        slug="other", title="Other", body=BODY, status="active", owner=Team.objects.create(name="payments"), review_by=None,
        workflows=[], dependencies=[], actor=None, reason="first text",
    )  # fmt: skip
    refused = operator("POST", "/runbooks/other/exercises", {"alert": alert.pk})
    assert (refused.status_code, refused.json()["violations"][0]["pointer"]) == (422, "/alert")
    assert operator("POST", "/runbooks/other/exercises", {}).status_code == 403, "it is another team's"


@pytest.mark.parametrize("role", ["viewer", "approver", "stranger"])
def test_who_may_not_operate_reads_only(role: str, as_role: Any, operator: Caller, book: Runbook):
    number, reader = begun(operator), as_role(role)
    assert reader("GET", f"/exercises/{number}").status_code == 200
    for path, body in (
        ("/runbooks/payments-slow/exercises", {}),
        (f"/exercises/{number}/steps/1", {"what": "done"}),
        (f"/exercises/{number}/steps/2/action", {"attempt": 1}),
        (f"/exercises/{number}/hand-over", {"to": "x"}),
        (f"/exercises/{number}/end", {"state": "completed", "summary": "x"}),
    ):
        assert reader("POST", path, body).status_code == 403, path
    assert Exercise.objects.get().state == "running"


def test_a_token_without_the_verb_may_not_either(book: Runbook, checkout: Team):
    weak = Caller(token_for(person("operator", checkout), verbs=["see-payloads"]))
    assert weak("POST", "/runbooks/payments-slow/exercises", {}).status_code == 403


def test_reading_one_costs_as_much_with_many_entries(
    operator: Caller, book: Runbook, django_assert_max_num_queries: Any
):
    number = begun(operator)
    seen = None
    for _ in range(5):
        answer = operator("POST", f"/exercises/{number}/steps/1", {"what": "done", "seen": seen}).json()
        seen = answer["steps"][0]["seen"]
    with django_assert_max_num_queries(9):
        operator("GET", f"/exercises/{number}")
