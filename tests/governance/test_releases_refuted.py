"""Ways round the gate for workflow versions and endings that were found by looking for them, each closed."""

from __future__ import annotations

import pytest

from governance.models import Change, ContractVersion
from orchestration.errors import Conflict, PlumblineError
from orchestration.models import Port, Workflow
from tests.governance.gatehouse import (
    BREAKING,
    V1,
    WIDER,
    contract,
    manifest,
    people,
    policy,
    sent,
    teams,
    vote,
)
from tests.governance.gatehouse import workflow as user
from tests.governance.test_endings import ask, sunset, two
from tests.governance.test_releases import contracts, live, workflow

__all__ = ["contracts", "people", "teams", "two"]
pytestmark = pytest.mark.django_db


def owned(owner: str, version: str, takes: str) -> str:
    spec = {"input": {"contract": takes}, "steps": {"a": {"value": {"id": "x"}}}}
    return manifest("Workflow", {"name": "ship", "version": version, "owner": owner}, spec)


def test_a_release_that_takes_a_workflow_over_asks_its_owner_and_moves_it_when_it_is_released(contracts, people, teams):
    sent(workflow("1.0.0", "order.placed@^1"))
    sent(owned("logistics", "2.0.0", "order.placed@^2"), people["author"])
    change = Change.objects.get(kind="workflow.release")
    assert {one.team.name for one in change.requests.all()} == {"checkout", "logistics"}
    assert Workflow.objects.get().owner.name == "checkout"
    vote(change, people["owner"], teams[0])
    assert live("2.0.0") == "proposed"
    assert vote(change, people["consumer"], teams[1]).state == "applied"
    assert Workflow.objects.get().owner.name == "logistics"


def test_a_policy_of_the_present_owner_holds_a_release_that_names_another(contracts, people):
    sent(workflow("1.0.0", "order.placed@^1"))
    sent(policy(owners=["checkout"], review="always"))
    assert sent(owned("logistics", "0.9.0", "order.placed@^1"), people["author"]) == ["propose"]


def test_a_release_is_compared_with_a_deprecated_version_too(contracts, people):
    sent(workflow("1.0.0", "order.placed@^1"))
    sent(workflow("0.9.0", "order.placed@^2"))
    asked = {"name": "ship", "noun": "workflow"}
    ask("deprecate", "1.0.0", **asked, sunset_at=sunset(days=31), successor="0.9.0")
    assert sent(workflow("2.0.0", "order.placed@^2", text="y"), people["author"]) == ["propose"]


def test_a_release_is_judged_again_with_the_contract_version_that_it_would_get(teams, people):
    sent(contract("1.0.0", V1, compatibility="NONE"))
    sent(policy(changes=["workflow.release"], review="always"))
    sent(workflow("1.0.0", "order.placed@1.0.0"), people["author"])
    vote(Change.objects.get(), people["owner"], teams[0])
    sent(workflow("1.1.0", "order.placed@^1"), people["author"])
    change = Change.objects.get(number="1.1.0")
    assert change.verdict == "safe"
    sent(contract("1.1.0", BREAKING, compatibility="NONE"))
    assert vote(change, people["owner"], teams[0]).state == "open"
    change.refresh_from_db()
    assert (change.verdict, live("1.1.0")) == ("breaking", "proposed")


def test_a_release_whose_contract_went_meanwhile_is_not_released(contracts, people, teams):
    sent(workflow("1.0.0", "order.placed@^1"))
    sent(workflow("2.0.0", "order.placed@^2"), people["author"])
    for row in ContractVersion.objects.filter(version__startswith="2."):
        row.state = "retired"
        row.save()
    with pytest.raises(Conflict, match="no active version of contract"):
        vote(Change.objects.get(kind="workflow.release"), people["owner"], teams[0])
    assert live("2.0.0") == "proposed"


def test_no_workflow_goes_live_with_a_port_that_resolves_to_nothing(teams):
    sent(contract("1.0.0", V1))
    batch = [contract("1.1.0", WIDER), contract("1.2.0", V1 | {"title": "Order"}), user("logistics", range_="1.2.0")]
    with pytest.raises(PlumblineError, match="no active version"):
        sent("---\n".join(batch))
    assert (Workflow.objects.count(), Port.objects.count()) == (0, 0)
