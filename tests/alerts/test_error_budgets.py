"""Error-budget policies at the gate: a spent budget asks for review or freezes, and broken glass still works."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from governance.gate.glass import ask_to_break, break_glass
from governance.gate.settling import apply_now
from governance.models import Change
from orchestration import clock
from orchestration.errors import Conflict
from orchestration.models import RollupDay, RollupHour, RollupMinute, Team, WorkflowVersion
from tests.alerts.counting import count, objective, team
from tests.engine.harness import publish
from tests.governance.gatehouse import vote
from tests.people import person

pytestmark = pytest.mark.django_db
FREEZE = [{"when": "spent", "then": "freeze"}]


def release(version: str) -> WorkflowVersion:
    return publish({"a": {"value": version}}, version=version)


def spend(*, total: int = 1_000, bad: int = 20) -> None:
    """Of a budget of 10."""
    count(objective(page=False, runbook=""), clock.now(), total, bad)


def recover() -> None:
    for model in (RollupMinute, RollupHour, RollupDay):
        model.objects.update(slo_bad=0)


def page_of(change: Change, team: Team) -> str:
    client = Client()
    client.force_login(person("viewer", team))
    return client.get(f"/changes/{change.pk}/").content.decode()


def the_change() -> Change:
    return Change.objects.get(kind="workflow.release")


def test_without_a_rule_or_with_budget_left_a_release_is_free():
    spend()
    assert release("1.1.0").state == "active"
    recover()
    team(error_budget=FREEZE)
    assert release("1.2.0").state == "active"


def test_a_spent_budget_asks_for_review_and_the_page_says_which_and_how_much():
    checkout = team(error_budget=[{"when": "below 25%", "then": "review"}])
    spend(bad=8)
    approver = person("approver", checkout)
    assert release("1.1.0").state == "proposed"
    answer = page_of(the_change(), checkout)
    assert "An error budget asks for the review" in answer
    assert "is at 20 %: 8 of 1,000 events" in answer
    vote(the_change(), approver, checkout)
    assert the_change().state == "applied"
    assert WorkflowVersion.objects.get(version="1.1.0").state == "active"


def test_a_rule_for_other_changes_asks_nothing_of_a_release():
    team(error_budget=[{"when": "spent", "then": "freeze", "changes": ["workflow.retire"]}])
    spend()
    assert release("1.1.0").state == "active"


def frozen_change() -> tuple[Change, Team]:
    checkout = team(error_budget=FREEZE)
    spend()
    approver = person("approver", checkout)
    release("1.1.0")
    vote(the_change(), approver, checkout)
    return the_change(), checkout


def test_a_frozen_release_waits_approved_until_there_is_budget_again():
    change, _ = frozen_change()
    assert change.state == "approved"
    with pytest.raises(Conflict, match=r"demo\.success is spent, 100 % over .team checkout freezes"):
        apply_now(change=change, person=None, reason="please")
    recover()
    assert apply_now(change=the_change(), person=None, reason="there is budget").state == "applied"


def test_the_page_of_a_frozen_change_says_so():
    change, checkout = frozen_change()
    answer = page_of(change, checkout)
    assert "Frozen by an error budget" in answer
    assert "is spent, 100 % over" in answer


def test_two_people_break_the_glass_of_a_frozen_release():
    second = person("approver", team(error_budget=FREEZE))
    change, checkout = frozen_change()
    facts: dict[str, Any] = {"change": change, "reason": "it is the fix", "seen": change.content_hash}
    ask_to_break(person=person("maintainer", checkout), expires_at=clock.now() + timedelta(days=1), **facts)
    break_glass(person=second, **facts)
    assert WorkflowVersion.objects.get(version="1.1.0").state == "active"


def test_a_budget_that_is_spent_while_an_approved_release_waits_freezes_it():
    checkout = team(error_budget=[{"when": "below 50%", "then": "review"}, {"when": "spent", "then": "freeze"}])
    spend(bad=6)
    approver = person("approver", checkout)
    release("1.1.0")
    count(objective("other", page=False, runbook=""), clock.now(), 100, 90)
    vote(the_change(), approver, checkout)
    assert the_change().state == "approved"
