"""Scorecards: each check passes, fails and is waived as its rule says, and levels follow from them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from governance.models import ContractVersion, Exercise
from governance.scorecards.rules import CHECKS, KEYS, Facts, Level, Outcome, score
from governance.selectors.scorecards import scores, waivers
from governance.services.exercises import start_exercise
from governance.services.scorecards import LONGEST, end_waiver, waive
from orchestration import clock
from orchestration.engine import plans
from orchestration.errors import Conflict, InvalidInput
from orchestration.models import Objective, RollupDay, Series, Workflow, WorkflowVersion
from orchestration.selectors.series import Grain
from orchestration.services.governed import save
from orchestration.services.manifests import Document, Signature, apply
from tests.alerts.counting import count
from tests.people import person

NOW = datetime(2026, 6, 1, tzinfo=UTC)
GOOD = Facts(
    team="checkout", maintainers=1, runbook="stuck", exercised_at=NOW - timedelta(days=90), writes=2, objectives=1,
    calls=("payments",), contracts=1, retried=3,
)  # fmt: skip


def outcome(facts: Facts, key: str, waived: dict[str, datetime] | None = None) -> Outcome:
    return next(one.outcome for one in score("w", facts, waived or {}, NOW).checks if one.key == key)


def test_a_workflow_that_has_all_is_gold():
    found = score("w", GOOD, {}, NOW)
    assert (found.level, found.good, found.failed) == (Level.GOLD, len(KEYS), [])


@pytest.mark.parametrize(
    ("key", "changes", "level"),
    [
        ("owner", {"maintainers": 0}, Level.NONE),
        ("undo", {"for_good": ("ship",)}, Level.NONE),
        ("runbook", {"runbook": ""}, Level.BRONZE),
        ("runbook", {"exercised_at": None}, Level.BRONZE),
        ("runbook", {"exercised_at": NOW - timedelta(days=90, seconds=1)}, Level.BRONZE),
        ("budgets", {"objectives": 0}, Level.BRONZE),
        ("budgets", {"spent": ("w.success",)}, Level.BRONZE),
        ("contracts", {"ended": ("order@1.0.0",)}, Level.BRONZE),
        ("reviews", {"overdue": ("security of payments",)}, Level.SILVER),
        ("reviews", {"unasked": ("payments",)}, Level.SILVER),
        ("retries", {"retried": 0}, Level.SILVER),
    ],
)
def test_each_check_fails_for_its_own_reason_and_holds_the_level_down(key: str, changes: dict[str, Any], level: Level):
    found = score("w", replace(GOOD, **changes), {}, NOW)
    assert [one.key for one in found.failed] == [key]
    assert found.level == level
    assert found.failed[0].remedy, "what fails says what to do"


def test_what_does_not_apply_does_not_count_against_it():
    quiet = replace(GOOD, writes=0, calls=(), contracts=0, retried=0)
    found = score("w", quiet, {}, NOW)
    assert found.level == Level.GOLD
    assert {one.key for one in found.checks if one.outcome == Outcome.NOT_APPLICABLE} == {
        "undo", "contracts", "reviews", "retries",
    }  # fmt: skip


def test_a_waiver_holds_until_its_moment_and_not_after():
    bad = replace(GOOD, runbook="")
    assert outcome(bad, "runbook", {"runbook": NOW + timedelta(seconds=1)}) == Outcome.WAIVED
    assert outcome(bad, "runbook", {"runbook": NOW}) == Outcome.FAILED
    assert outcome(GOOD, "runbook", {"runbook": NOW + timedelta(days=1)}) == Outcome.PASSED
    assert score("w", bad, {"runbook": NOW + timedelta(days=1)}, NOW).level == Level.GOLD


def test_every_level_has_a_check():
    assert {level for _, _, level, _ in CHECKS} == {Level.BRONZE, Level.SILVER, Level.GOLD}


MANIFEST = """apiVersion: plumbline/v1
kind: Contract
metadata: {name: order.placed, version: 1.0.0, owner: checkout}
spec: {schema: {type: object}}
---
apiVersion: plumbline/v1
kind: Dependency
metadata: {name: shop, owner: checkout}
spec: {base_url: "http://x.example", review: {every: 90d, areas: [security]}}
---
apiVersion: plumbline/v1
kind: Workflow
metadata: {name: orders, version: 1.0.0, owner: checkout, runbook: orders-stuck}
spec:
  input: {contract: order.placed@^1}
  objectives: {success: 99%}
  steps:
    pay: {http: {method: POST, path: /a}, dependency: shop, effect: write, compensate: {none: it is a test}}
    tell: {http: {method: POST, path: /b}, dependency: shop, effect: write, needs: [pay], compensate: {none: also a test}}
"""


def published_before_it_was_asked(step: str) -> None:
    """The version says nothing of undoing that step: such ones were published by earlier releases."""
    for version in WorkflowVersion.objects.filter(workflow__name="orders"):
        del version.canonical["spec"]["steps"][step]["compensate"]
        WorkflowVersion._base_manager.filter(pk=version.pk).update(canonical=version.canonical)
    plans.forget()


@pytest.fixture
def orders(team: Any, maintainer: Any) -> Workflow:
    apply([Document(MANIFEST, "m.yaml")], Signature(None, "a test"))
    published_before_it_was_asked("tell")
    return Workflow.objects.get(name="orders")


@pytest.mark.django_db
def test_the_facts_are_read_from_what_is_there(orders: Workflow, write_runbook: Any):
    now = clock.now()
    assert {one.key: one.why for one in scores(now)[0].failed} == {
        "undo": "no way back from tell", "runbook": "no runbook is about it", "reviews": "overdue: security of shop",
        "retries": "no try was repeated in 90 days",
    }  # fmt: skip
    runbook = write_runbook("orders-stuck")
    assert {one.key for one in scores(now, ["orders"])[0].failed} >= {"runbook"}, "nobody went through it"
    exercise, _ = start_exercise(runbook=runbook, actor=None)
    exercise.state, exercise.ended_at = Exercise.State.COMPLETED, now
    save(exercise, actor=None, reason="gone through")
    series = Series.objects.create(kind="retry", workflow="orders", step="pay", label="timeout")
    RollupDay.objects.create(series=series, ts=Grain.DAY.floor(now), n=2, error=2)
    ContractVersion.objects.update_or_create(version="1.0.0", defaults={"state": "deprecated"})
    objective = Objective.objects.get(workflow="orders")
    count(objective, now - timedelta(hours=3), 10, 9)
    found = {one.key: (one.outcome, one.why) for one in scores(now, ["orders"])[0].checks}
    assert found["retries"] == (Outcome.PASSED, "a try was repeated 2 times in 90 days")
    assert found["runbook"][0] == Outcome.PASSED
    assert found["contracts"] == (Outcome.FAILED, "deprecated or past its end: order.placed@1.0.0")
    assert found["budgets"] == (Outcome.FAILED, "spent: orders.success")


@pytest.mark.django_db
def test_it_takes_as_many_queries_for_many_workflows(orders: Workflow, django_assert_max_num_queries: Any):
    for number in range(5):
        apply(
            [Document(MANIFEST.replace("name: orders", f"name: orders-{number}"), "m.yaml")], Signature(None, "a test")
        )
    scores(clock.now())  # plans are compiled once
    with django_assert_max_num_queries(20):
        assert len(scores(clock.now())) == 6


@pytest.mark.django_db
def test_a_newer_waiver_takes_the_place_of_the_older_and_ends_before_its_time(orders: Workflow, team: Any):
    who, now = person("approver", team), clock.now()
    waive(workflow=orders, check="undo", until=now + timedelta(days=5), person=who, reason="it moves")
    newer = waive(workflow=orders, check="undo", until=now + timedelta(days=9), person=who, reason="it moves later")
    assert waivers(clock.now(), ["orders"]) == {"orders": [newer]}
    assert "undo" not in {one.key for one in scores(clock.now())[0].failed}
    end_waiver(waiver=newer, person=who, reason="moved")
    assert "undo" in {one.key for one in scores(clock.now())[0].failed}
    with pytest.raises(Conflict):
        end_waiver(waiver=newer, person=who, reason="again")
    for check, until in (("odd", now + timedelta(days=1)), ("undo", now), ("undo", now + LONGEST + timedelta(days=1))):
        with pytest.raises(InvalidInput):
            waive(workflow=orders, check=check, until=until, person=who, reason="x")


@pytest.mark.django_db
def test_the_pages_say_what_is_missing_and_let_approvers_waive(orders: Workflow, team: Any, signed_in: Any):
    approver, viewer = signed_in(person("approver", team)), signed_in(person("viewer", team))
    assert "no way back from tell" in approver.get("/scorecards/").content.decode()
    assert "orders" not in approver.get("/scorecards/?level=gold").content.decode().split("<tbody")[-1]
    page = approver.get("/workflows/orders/scorecard/").content.decode()
    assert "/workflows/orders/scorecard/waive/?check=undo" in page
    assert "check=undo" not in viewer.get("/workflows/orders/scorecard/").content.decode()
    until = (clock.now() + timedelta(days=3)).date().isoformat()
    answer = approver.post("/workflows/orders/scorecard/waive/?check=undo", {"until": until, "reason": "soon"})
    assert answer.status_code == 302
    assert "Waived" in approver.get("/workflows/orders/scorecard/").content.decode()
    assert "No level" not in approver.get("/workflows/orders/scorecard/line/").content.decode()
    answer = approver.post("/workflows/orders/scorecard/waive/?check=undo", {"until": "2020-01-01", "reason": "x"})
    assert answer.status_code == 422
    assert "scorecard/line/" in viewer.get("/workflows/orders/").content.decode()
