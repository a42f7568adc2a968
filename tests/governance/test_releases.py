"""Workflow versions go through the gate where they break who starts them, or where a policy says so."""

from __future__ import annotations

from typing import Any

import pytest

from governance.models import Change
from orchestration.errors import Conflict, InvalidManifest
from orchestration.models import Port, WorkflowVersion
from orchestration.services.runs import version_to_run
from tests.governance.gatehouse import BREAKING, V1, WIDER, contract, manifest, people, policy, sent, teams, vote

__all__ = ["people", "teams"]
pytestmark = pytest.mark.django_db


def workflow(version: str, takes: str | None = None, gives: str | None = None, text: str = "x") -> str:
    spec: dict[str, Any] = {"steps": {"a": {"value": {"id": text}}}}
    if takes:
        spec["input"] = {"contract": takes}
    if gives:
        spec["output"] = {"contract": gives, "value": "${{ steps.a.output }}"}
    return manifest("Workflow", {"name": "ship", "version": version, "owner": "checkout"}, spec)


def live(version: str) -> str:
    return WorkflowVersion.objects.get(version=version).state


@pytest.fixture
def contracts(teams, people) -> None:
    sent(contract("1.0.0", V1))
    sent(contract("2.0.0", BREAKING), people["author"])
    vote(Change.objects.get(), people["owner"], teams[0])
    sent(contract("2.1.0", WIDER | {"required": ["id", "qty"]}))


def test_a_version_that_takes_all_that_the_one_before_took_is_released_at_once(contracts):
    sent(workflow("1.0.0", "order.placed@2.0.0"))
    assert sent(workflow("1.1.0", "order.placed@2.1.0", text="y")) == ["publish"]
    assert live("1.1.0") == "active"


def test_a_version_that_refuses_inputs_of_the_one_before_waits_and_is_not_run(contracts, people, teams):
    sent(workflow("1.0.0", "order.placed@^1"))
    assert sent(workflow("2.0.0", "order.placed@^2"), people["author"]) == ["propose"]
    change = Change.objects.get(kind="workflow.release")
    assert (change.verdict, change.report["has_witness"], live("2.0.0")) == ("breaking", True, "proposed")
    assert version_to_run(workflow="ship").version == "1.0.0"
    with pytest.raises(Conflict, match="is proposed; only an active"):
        version_to_run(workflow="ship", version="2.0.0")
    assert vote(change, people["owner"], teams[0]).state == "applied"
    assert version_to_run(workflow="ship").version == "2.0.0"


def test_taking_less_than_anything_breaks_and_giving_a_promise_does_not(contracts, people):
    sent(workflow("1.0.0"))
    assert sent(workflow("1.1.0", gives="order.placed@^1"), people["author"]) == ["publish"]
    assert sent(workflow("2.0.0", takes="order.placed@^1", gives="order.placed@^1"), people["author"]) == ["propose"]


def test_its_ports_resolve_anew_when_it_is_released(contracts, people, teams):
    sent(workflow("1.0.0", "order.placed@^1"))
    sent(workflow("2.0.0", "order.placed@^2"), people["author"])
    assert Port.objects.get(version__version="2.0.0").resolved == "2.1.0"
    sent(contract("2.1.1", WIDER | {"required": ["id", "qty"], "title": "Order"}))
    vote(Change.objects.get(kind="workflow.release"), people["owner"], teams[0])
    assert Port.objects.get(version__version="2.0.0").resolved == "2.1.1"


def test_a_policy_can_hold_every_release(teams, people):
    sent(policy(changes=["workflow.release"], review="always"))
    assert sent(workflow("1.0.0"), people["author"]) == ["propose"]
    vote(Change.objects.get(), people["owner"], teams[0])
    assert live("1.0.0") == "active"


def test_a_release_that_waits_can_be_edited_and_one_that_was_refused_can_not(contracts, people, teams):
    sent(workflow("1.0.0", "order.placed@^1"))
    sent(workflow("2.0.0", "order.placed@^2"), people["author"])
    assert sent(workflow("2.0.0", "order.placed@^2", text="y"), people["author"]) == ["propose"]
    change = Change.objects.get(kind="workflow.release")
    vote(change, people["owner"], teams[0], "reject")
    assert live("2.0.0") == "rejected"
    with pytest.raises(InvalidManifest, match="refused at the gate"):
        sent(workflow("2.0.0", "order.placed@^2", text="y"), people["author"])


def test_an_edit_that_breaks_nothing_any_more_is_released(contracts, people):
    sent(workflow("1.0.0", "order.placed@^1"))
    sent(workflow("2.0.0", "order.placed@^2"), people["author"])
    sent(workflow("2.0.0", "order.placed@^1", text="y"), people["author"])
    assert (live("2.0.0"), Change.objects.get(kind="workflow.release").state) == ("active", "applied")
