"""Whether a workflow version may be deployed: what is unknown blocks like what failed, and says what is missing."""

from __future__ import annotations

import pytest

from governance.models import ContractVersion
from governance.services.verifying import deployability, latest, report
from orchestration.errors import InvalidInput
from orchestration.models import WorkflowVersion
from tests.governance.gatehouse import V1, contract, people, policy, sent, teams, workflow

__all__ = ["people", "teams"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def shipping(teams, people) -> WorkflowVersion:
    sent(contract("1.0.0", V1))
    sent(workflow("logistics"))
    return WorkflowVersion.objects.get()


def outcome(participant: str, role: str, passed: bool = True) -> None:
    version = ContractVersion.objects.get()
    report(version=version, role=role, participant=participant, commit="c0ffee", passed=passed, url="", actor=None)


def blocked(version: WorkflowVersion) -> list[str]:
    return [check.text for check in deployability(version).checks if check.state != "passed"]


def test_without_a_policy_live_versions_are_enough(shipping):
    assert deployability(shipping).may


def test_each_side_that_a_policy_names_must_have_passed_last(shipping):
    sides = [{"role": "provider", "participant": "shop"}, {"role": "consumer", "participant": "depot"}]
    sent(policy(names=["order.*"], changes=["workflow.release"], verifications=sides))
    assert blocked(shipping) == [
        "no result of shop as provider; its pipeline posts one after its contract tests",
        "no result of depot as consumer; its pipeline posts one after its contract tests",
    ]
    outcome("shop", "provider")
    outcome("depot", "consumer", passed=False)
    outcome("shop", "consumer")
    assert blocked(shipping) == ["depot as consumer failed at commit c0ffee"]
    outcome("depot", "consumer")
    assert deployability(shipping).may
    outcome("shop", "provider", passed=False)
    assert blocked(shipping) == ["shop as provider failed at commit c0ffee"]
    assert len(latest(ContractVersion.objects.get())) == 3


def test_a_version_that_is_not_live_is_not_deployed(shipping):
    for row in (shipping, ContractVersion.objects.get()):
        row.state = "retired"
        row.save()
    assert len(blocked(shipping)) == 2


def test_a_retired_version_is_not_verified(shipping):
    row = ContractVersion.objects.get()
    row.state = "rejected"
    row.save()
    with pytest.raises(InvalidInput, match="is rejected"):
        outcome("shop", "provider")
