"""Objectives: what manifests declare is followed, and what people may make and change of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from governance.models import AuditEntry
from orchestration import clock
from orchestration.errors import Conflict, InvalidInput, NotFound
from orchestration.models import Objective, WorkflowVersion
from orchestration.services.objective_sync import follow_workflow
from orchestration.services.objectives import ALERTING, Wanted, change, create, retire
from tests.alerts.counting import manifest, objective, team

pytestmark = pytest.mark.django_db
STEPS = {"charge": {"value": 1, "objectives": {"latency": {"p95": "2s"}}}, "b": {"value": 1}}


def declare(version: str, objectives: dict[str, Any], *, steps: Any = None, **metadata: Any) -> None:
    team()
    spec = {"steps": steps or STEPS, **({"objectives": objectives} if objectives else {})}
    manifest("Workflow", "shop", spec, version=version, owner="checkout", **metadata)


def live() -> dict[str, Objective]:
    return {one.name: one for one in Objective.objects.filter(retired_at=None)}


def wanted(found: Objective, **changed: Any) -> Wanted:
    values = {name: getattr(found, name) for name in Wanted.__dataclass_fields__} | changed
    return Wanted(**values)


def test_a_workflow_manifest_brings_its_objectives_and_those_of_its_steps():
    declare("1.0.0", {"success": "99.5%", "latency": {"p95": "8s"}}, runbook="help")

    found = live()
    assert set(found) == {"shop.success", "shop.latency-p95", "shop.charge.latency-p95"}
    success, latency, step = (found[name] for name in ("shop.success", "shop.latency-p95", "shop.charge.latency-p95"))
    assert (success.indicator, success.target, success.threshold) == ("success", Decimal("0.995"), None)
    assert (latency.indicator, latency.target, latency.threshold) == ("latency", Decimal("0.95"), 8.0)
    assert (step.step, step.threshold, step.owner.name, step.source) == ("charge", 2.0, "checkout", "manifest")
    assert success.page
    assert success.runbook == "help"


def test_without_a_runbook_a_declared_objective_gets_tickets_only():
    declare("1.0.0", {"success": "99.5%"})
    assert not live()["shop.success"].page
    assert live()["shop.success"].ticket
    declare("1.0.1", {"success": "99.5%"}, runbook="help")
    assert live()["shop.success"].page, "it has one now"


def test_alerts_that_can_never_fire_are_not_switched_on():
    declare("1.0.0", {"success": "90%", "latency": {"p50": "1s"}}, runbook="help")
    found = live()
    assert (found["shop.success"].page, found["shop.success"].ticket) == (False, True)
    assert (found["shop.latency-p50"].page, found["shop.latency-p50"].ticket) == (False, False)


def test_objectives_follow_the_highest_version_and_no_lower_one():
    declare("1.1.0", {"success": "99%"})
    declare("1.0.0", {"success": "95%", "latency": {"p99": "1s"}})
    assert live()["shop.success"].target == Decimal("0.99")
    assert "shop.latency-p99" not in live()

    declare("1.2.0", {"latency": {"p99": "3s"}}, steps={"charge": {"value": 1}})
    assert set(live()) == {"shop.latency-p99"}
    assert Objective.objects.get(name="shop.success").retired_at is not None

    WorkflowVersion.objects.get(version="1.2.0")
    version = WorkflowVersion.objects.get(version="1.2.0")
    version.state = "retired"
    version.save()
    follow_workflow(version.workflow, actor=None, reason="a test")
    assert live()["shop.success"].target == Decimal("0.99"), "the one below is the highest again"


def test_another_threshold_counts_anew_and_another_target_does_not():
    declare("1.0.0", {"latency": {"p95": "8s"}, "success": "99%"})
    declare("1.1.0", {"latency": {"p95": "4s"}, "success": "99.9%"})
    assert live()["shop.latency-p95"].recounted_at is not None
    assert live()["shop.success"].recounted_at is None


def test_a_dependency_has_objectives_of_its_calls():
    team()
    manifest("Dependency", "mail", {"base_url": "http://x", "objectives": {"success": "99%"}}, owner="checkout")
    assert live()["mail.per-call.success"].dependency == "mail"
    manifest("Dependency", "mail", {"base_url": "http://x"}, owner="checkout")
    assert live() == {}


def test_applying_again_changes_nothing():
    declare("1.0.0", {"success": "99%"})
    before = Objective.history.count()
    follow_workflow(WorkflowVersion.objects.get().workflow, actor=None, reason="a test")
    assert Objective.history.count() == before


def test_how_a_declared_objective_alerts_is_chosen_in_the_portal_and_stays():
    declare("1.0.0", {"success": "90%"}, runbook="help")
    found = live()["shop.success"]
    change(
        objective=found, wanted=wanted(found, page=True, page_failures=5, page_within=60), actor=None, reason="by failures"
    )  # fmt: skip
    declare("1.1.0", {"success": "91%"}, runbook="help")
    assert live()["shop.success"].page
    assert live()["shop.success"].page_failures == 5


def test_what_a_manifest_says_is_changed_there_alone():
    declare("1.0.0", {"success": "99%"}, runbook="help")
    found = live()["shop.success"]
    with pytest.raises(Conflict, match="declared in a manifest, which says its target"):
        change(objective=found, wanted=wanted(found, target=Decimal("0.9999")), actor=None, reason="r")
    with pytest.raises(Conflict, match="take it out there"):
        retire(objective=found, actor=None, reason="r")
    assert set(ALERTING) < set(Wanted.__dataclass_fields__)


def test_a_name_that_somebody_took_for_something_else_refuses_the_manifest_with_the_remedy():
    objective("shop.success")
    with pytest.raises(Conflict, match=r"rename it, at /objectives/shop\.success/edit/"):
        declare("1.0.0", {"success": "99%"})


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"name": "No Spaces"}, "a name is of a-z"),
        ({"target": "1"}, "no budget to spend"),
        ({"target": "0"}, "more than 0 %"),
        ({"target": "0.9"}, "can never fire; have it at 5 failures in 1 h instead"),
        ({"runbook": ""}, "a page needs a runbook"),
        ({"indicator": "latency"}, "needs a threshold"),
        ({"threshold": 1.0}, "no threshold"),
        ({"dependency": "mail"}, "name one of them"),
        ({"step": "nope"}, "has no step 'nope'"),
        ({"window_days": 400}, "1 to 90 days"),
        ({"page_failures": 3}, "both how many and within"),
        ({"page_failures": 3, "page_within": 10**6}, "within 1 to 4,320 minutes"),
        ({"indicator": "beauty"}, "there are latency, success"),
    ],
)
def test_an_objective_that_can_not_be_is_refused_with_the_remedy(more: dict[str, Any], words: str):
    with pytest.raises(InvalidInput, match=words):
        objective(**{"name": "one", **more})


def test_an_unreachable_page_can_be_had_by_failures_in_a_window():
    made = objective(target="0.9", page_failures=5, page_within=60)
    assert made.page


def test_an_unknown_workflow_and_a_taken_name_are_named():
    made = objective()
    with pytest.raises(NotFound, match="no workflow 'nothing'"):
        create(wanted=wanted(made, name="x", workflow="nothing"), actor=None, reason="r")
    with pytest.raises(Conflict, match="already"):
        objective()


def test_what_is_done_to_an_objective_is_in_the_audit_log():
    made = objective()
    change(objective=made, wanted=wanted(made, target=Decimal("0.995")), actor=None, reason="stricter")
    retire(objective=made, actor=None, reason="gone")
    entries = AuditEntry.objects.filter(object_kind="objective", object_name="demo.success")
    assert [entry.reason for entry in entries.order_by("sequence")] == ["a test", "stricter", "gone"]
    with pytest.raises(Conflict, match="is retired"):
        change(objective=made, wanted=wanted(made), actor=None, reason="r")
    assert clock.now() >= Objective.objects.get().retired_at
