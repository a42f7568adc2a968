"""Exercises that alerts start by themselves: where the runbook allows it, so often an hour, once an alert."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from governance.models import Change, Exercise, ExerciseAction, GatePolicy, Runbook
from governance.playbooks import automatic
from governance.services.runbooks import edit_runbook
from orchestration import clock
from orchestration.models import Alert, Breaker, Objective, Run, Team
from tests.engine.harness import begin, publish, pump

pytestmark = pytest.mark.django_db
AUTOMATIC = """1. Retry.
   **Action** retry-failed-runs workflow=demo automatic=yes
2. Start one.
   **Action** run-workflow workflow=demo automatic=yes
3. Look.
4. Start another.
   **Action** run-workflow workflow=demo automatic=yes
"""


@pytest.fixture
def allowed(book: Any) -> Runbook:
    return book(body=AUTOMATIC, auto_start=2)


def fire(team: Team, number: int = 0, **more: Any) -> Alert:
    now = clock.now()
    objective, _ = Objective.objects.get_or_create(
        name=f"demo.success.{number}",
        defaults={
            "owner": team, "workflow": "demo", "indicator": "success", "target": Decimal("0.99"), "since": now,
            "runbook": "payments-slow",
        },
    )  # fmt: skip
    facts = {"opened_at": now, "told_at": now, **more}
    return Alert.objects.create(
        kind="burn", severity="page", subject=objective.name, team=team, escalation=team, objective=objective, **facts
    )


def test_an_alert_starts_its_runbook_and_the_leading_actions_run_as_the_system(allowed, team):
    version = publish({"a": {"python": "test.fail"}})
    begin(version)
    pump()
    alert = fire(team)
    for _ in range(3):
        automatic.tend()
    exercise = Exercise.objects.get()
    assert (exercise.alert, exercise.by_alert, exercise.started_by, exercise.holder) == (alert, True, None, None)
    assert [(one.position, one.state, one.person) for one in ExerciseAction.objects.all()] == [
        (1, "done", None), (2, "done", None),
    ]  # fmt: skip
    assert Run.objects.count() == 3, "one that failed, its retry, and one more; step 4 stands behind a step for people"


def test_at_most_so_many_an_hour_and_the_next_hour_more(allowed, team):
    publish({"a": {"python": "test.fail"}})
    for number in range(4):
        fire(team, number)
    automatic.tend()
    assert Exercise.objects.count() == 2
    clock.advance(timedelta(minutes=61))
    fire(team, 5)
    automatic.tend()
    assert Exercise.objects.count() == 3


@pytest.mark.parametrize("fields", [{"told_at": None}, {"resolved_at": datetime(2026, 1, 1, tzinfo=UTC)}])
def test_what_nobody_is_told_of_starts_nothing(allowed, team, fields):
    publish({"a": {"python": "test.fail"}})
    fire(team, **fields)
    automatic.tend()
    assert not Exercise.objects.exists()


def test_by_default_nothing_starts_by_itself(book, team):
    book(body=AUTOMATIC)
    fire(team)
    automatic.tend()
    assert not Exercise.objects.exists()


def test_what_belongs_to_another_team_is_left_to_people(allowed, team):
    publish({"a": {"python": "test.fail"}})
    other = Team.objects.create(name="other")
    edit_runbook(
        runbook=allowed, revision=1, title="T", body=AUTOMATIC, status="active", owner=other, review_by=None, workflows=[],
        dependencies=[], auto_start=1, actor=None, reason="handed on",
    )  # fmt: skip
    fire(team)
    automatic.tend()
    assert Exercise.objects.count() == 1
    assert not ExerciseAction.objects.exists()
    assert not Run.objects.exists()


def test_after_an_action_that_failed_the_next_does_not_run(allowed, team, monkeypatch):
    version = publish({"a": {"python": "test.fail"}})
    begin(version)
    pump()
    monkeypatch.setattr("governance.playbooks.of_runs.retry_run", lambda **_: 1 / 0)
    fire(team)
    automatic.tend()
    automatic.tend()
    assert [one.outcome for one in ExerciseAction.objects.all()] == [
        "It failed with ZeroDivisionError; the log has more.", "Not run: the one before it failed.",
    ]  # fmt: skip
    assert Run.objects.count() == 1


def test_a_workflow_that_is_not_there_leaves_the_step_to_people(allowed, team):
    fire(team)
    automatic.tend()
    assert Exercise.objects.count() == 1
    assert not ExerciseAction.objects.exists()


def test_a_breaker_is_forced_as_the_system_and_waits_where_reviews_are_wanted(book, team):
    body = "1. x\n   **Action** force-breaker dependency=payments state=metrics_only for=1h automatic=yes\n"
    book(body=body, auto_start=5)
    fire(team)
    automatic.tend()
    assert (Breaker.objects.get().state, Change.objects.get().author) == ("metrics_only", None)
    spec = {"changes": ["breaker.force"], "review": "always"}
    GatePolicy.objects.create(name="strict", document={"spec": spec}, content_hash="0")
    fire(team, 1)
    automatic.tend()
    assert [one.state for one in ExerciseAction.objects.all()] == ["done", "done"]
    assert "waits for its reviews" in ExerciseAction.objects.latest("pk").outcome
