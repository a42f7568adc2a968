"""Bulk changes of decisions that wait at the gate or are superseded: what is so already voids no review, a successor stays."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from governance.gate.decisions import submit
from governance.models import AuditEntry, Change, Decision
from governance.services.bulk import Target, plan
from governance.services.bulk_nouns import NOUNS, read_wanted
from governance.services.decisions import create_decision
from orchestration.services.applying import Signature
from tests.governance.gatehouse import approver, policy, sent, vote
from tests.governance.test_bulk import anybody, ask, outcomes
from tests.people import person, token_for

pytestmark = pytest.mark.django_db


def waiting_change(maintainer: Any, team: Any) -> Change:
    """A decision that waits at the gate."""
    sent(policy(changes=["decision.accept"], review="always", approvals=2))
    _, change = submit(
        lambda status, supersedes: create_decision(
            title="One", body="x", status=status, owner=team, date=None, workflows=[], supersedes=supersedes, actor=maintainer,
            reason="first",
        ),
        status="accepted", supersedes=(), signature=Signature(maintainer, "please"),
    )  # fmt: skip
    assert change is not None
    return change


@pytest.mark.parametrize(("field", "value"), [("status", "proposed"), ("owner", "checkout")])
def test_what_is_so_already_takes_no_review_at_the_gate_back(maintainer, team, field, value):
    change = waiting_change(maintainer, team)
    vote(change, approver(team, "first"), team)
    before, logged = Change.objects.values().get(), AuditEntry.objects.count()
    bulk = ask("decision", field, value, [Target("1", 1)], person("maintainer", team))
    assert outcomes(bulk) == ["unchanged"]
    assert Change.objects.values().get() == before
    assert AuditEntry.objects.count() == logged
    vote(change, approver(team, "second"), team)
    assert Decision.objects.get().status == "accepted", "the first approval still counts"


def test_a_put_of_the_same_content_takes_no_review_back_either(maintainer, team):
    change = waiting_change(maintainer, team)
    vote(change, approver(team, "first"), team)
    before = Change.objects.values().get()
    body = {"title": "One", "status": "proposed", "owner": "checkout", "body": "x", "reason": "again", "revision": 1}
    for status in ("proposed", "accepted"):
        answer = Client(headers={"Authorization": f"Bearer {token_for(maintainer)}"}).put(
            "/api/v1/decisions/1", json.dumps({**body, "status": status}), "application/json"
        )
        assert (answer.status_code, answer.json()["status"]) == (200, "proposed"), answer.content
        assert Change.objects.values().get() == before


def test_an_edit_that_changes_something_asks_the_reviewers_anew(maintainer, team, other_team):
    change = waiting_change(maintainer, team)
    vote(change, approver(team, "first"), team)
    assert outcomes(ask("decision", "owner", "payments", [Target("1", 1)], maintainer)) == ["changed"]
    assert Change.objects.get().revision == change.revision + 1


def test_a_superseded_decision_keeps_its_successor(decide, maintainer):
    decide("Old", status="accepted")
    decide("New", status="accepted", supersedes=[1])
    bulk = ask("decision", "status", "deprecated", [Target("1", 2)], maintainer)
    assert outcomes(bulk) == ["refused"]
    assert "another status would forget by which; change it on its own page" in bulk.lines[0]["detail"]
    old = Decision.objects.get(number=1)
    assert (old.status, old.superseded_by.number) == ("superseded", 2)


def test_the_plan_tells_that_a_review_at_the_gate_is_withdrawn(maintainer, team):
    change = waiting_change(maintainer, team)
    noun, targets = NOUNS["decision"], [Target("1", Decision.objects.get().revision)]
    wanted = read_wanted(noun, "status", "draft")
    (line,) = plan(noun=noun, targets=targets, wanted=wanted, require=anybody, actor=maintainer)
    assert (line.outcome, line.detail) == ("changed", f"its review is withdrawn (change {change.pk})")
    change.refresh_from_db()
    assert change.state == "open", "the plan took nothing back"
    ask("decision", "status", "draft", targets, maintainer)
    change.refresh_from_db()
    assert change.state == "withdrawn"
