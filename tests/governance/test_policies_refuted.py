"""Ways round gate policies, by naming another owner or a lower version, that were found by looking for them; each closed."""

from __future__ import annotations

import pytest

from governance.models import Change, Contract
from orchestration.services.manifests import Document, plan
from tests.governance.gatehouse import (
    V1,
    change,
    contract,
    people,
    policy,
    sent,
    teams,
)

__all__ = ["change", "people", "teams"]
pytestmark = pytest.mark.django_db


def test_a_policy_of_the_present_owner_holds_a_version_that_names_another(teams, people):
    sent(contract("1.0.0", V1))
    sent(policy(owners=["checkout"], review="always"))
    assert sent(contract("0.9.0", V1, owner="logistics"), people["author"]) == ["propose"]
    assert {one.team.name for one in Change.objects.get().requests.all()} == {"checkout", "logistics"}


def test_a_policy_of_the_owner_to_be_holds_a_takeover(teams, people):
    sent(contract("1.0.0", V1))
    sent(policy(owners=["logistics"], review="always"))
    assert sent(contract("1.1.0", V1, owner="logistics"), people["author"]) == ["propose"]


def test_a_version_below_all_others_brings_no_laxer_judge(teams, people):
    sent(contract("1.0.0", V1, policy="strict"))
    assert sent(contract("0.9.0", V1, compatibility="NONE"), people["author"]) == ["propose"]


def test_what_a_policy_keeps_waiting_is_planned_so_and_changes_nothing_yet(teams, people):
    sent(policy(review="always"))
    sent(contract("1.0.0", {"type": "object"}), people["author"])
    sent(policy(review="breaking"))
    edit = contract("1.0.0", {"type": "object", "title": "Order"}, owner="logistics")
    assert [one.action for one in plan([Document(edit, "m.yaml")])] == ["propose"]
    sent(edit, people["author"])
    assert (Change.objects.get().state, Contract.objects.get().owner.name) == ("open", "checkout")
