"""Deprecated versions have a date, a sunset and a successor; promises are kept; what is in use is not retired."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from governance.gate.opening import propose
from governance.gate.subjects import Object
from governance.models import Change, ContractVersion
from orchestration import clock
from orchestration.errors import Conflict, InvalidInput
from orchestration.models import Team, WorkflowVersion
from orchestration.services.applying import Signature
from tests.governance.gatehouse import V1, WIDER, contract, people, policy, sent, teams, vote, workflow
from tests.governance.test_gate_time import later

__all__ = ["people", "teams"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def two(teams, people) -> None:
    """Versions 1.0.0, which logistics uses, and 1.1.0."""
    sent(contract("1.0.0", V1))
    sent(workflow("logistics"))
    sent(contract("1.1.0", WIDER))


def ask(
    verb: str, number: str, who: Any = None, name: str = "order.placed", noun: str = "contract", **proposal: Any
) -> Change:
    version = ContractVersion.objects.filter(contract__name=name, version=number).first()
    thing = Object(f"{noun}.{verb}", name, number, Team.objects.get(name="checkout"), version, proposal)
    return propose(thing, Signature(who, "it has to go"))


def sunset(**span: float) -> str:
    return (clock.now() + timedelta(**span)).isoformat()


def find(number: str) -> ContractVersion:
    return ContractVersion.objects.get(version=number)


def test_a_version_is_deprecated_at_once_when_the_notice_is_kept(two):
    assert ask("deprecate", "1.0.0", sunset_at=sunset(days=31), successor="1.1.0").state == "applied"
    version = find("1.0.0")
    assert (version.state, version.successor, version.deprecated_at is not None) == ("deprecated", "1.1.0", True)


def test_a_sunset_too_soon_is_refused_and_the_policy_s_notice_counts(two):
    with pytest.raises(InvalidInput, match="30 days' notice"):
        ask("deprecate", "1.0.0", sunset_at=sunset(days=29), successor="1.1.0")
    sent(policy(notice="90d"))
    with pytest.raises(InvalidInput, match="90 days' notice"):
        ask("deprecate", "1.0.0", sunset_at=sunset(days=89), successor="1.1.0")
    assert find("1.0.0").state == "active"


@pytest.mark.parametrize("successor", ["1.0.0", "9.0.0", ""])
def test_a_successor_is_another_active_version(two, successor: str):
    with pytest.raises(InvalidInput, match="successor"):
        ask("deprecate", "1.0.0", sunset_at=sunset(days=31), successor=successor)


@pytest.mark.parametrize("text", ["soon", "2027-01-01", None])
def test_a_sunset_is_a_time_with_a_zone(two, text: Any):
    with pytest.raises(InvalidInput, match=r"time|zone"):
        ask("deprecate", "1.0.0", sunset_at=text, successor="1.1.0")


def test_a_sunset_moved_earlier_breaks_a_promise_and_asks_those_who_use_it(two, people, teams):
    ask("deprecate", "1.0.0", sunset_at=sunset(days=90), successor="1.1.0")
    change = ask("deprecate", "1.0.0", people["author"], sunset_at=sunset(days=40), successor="1.1.0")
    assert (change.state, change.verdict) == ("open", "breaking")
    assert {team.name for team in change.teams.all()} == {"checkout", "logistics"}
    vote(change, people["owner"], teams[0])
    assert (find("1.0.0").sunset_at - clock.now()).days == 89
    vote(change, people["consumer"], teams[1])
    assert (find("1.0.0").sunset_at - clock.now()).days == 39


def test_a_sunset_moved_later_is_free(two):
    ask("deprecate", "1.0.0", sunset_at=sunset(days=40), successor="1.1.0")
    assert ask("deprecate", "1.0.0", sunset_at=sunset(days=80), successor="1.1.0").state == "applied"


def test_a_version_in_use_is_not_retired_and_the_refusal_names_who(two):
    with pytest.raises(Conflict, match=r"still used by ship@1\.0\.0 of team logistics \(never run\)"):
        ask("retire", "1.0.0")
    row = WorkflowVersion.objects.get()
    row.state = "deprecated"
    row.save()
    with pytest.raises(Conflict, match="still used"):
        ask("retire", "1.0.0")


def test_a_version_is_retired_after_its_sunset_when_nobody_uses_it(two):
    ask("deprecate", "1.0.0", sunset_at=sunset(days=31), successor="1.1.0")
    row = WorkflowVersion.objects.get()
    row.state = "retired"
    row.save()
    with pytest.raises(Conflict, match="retire it then"):
        ask("retire", "1.0.0")
    later(days=32)
    assert ask("retire", "1.0.0").state == "applied"
    assert find("1.0.0").state == "retired"
    with pytest.raises(Conflict, match="only a live version"):
        ask("deprecate", "1.0.0", sunset_at=sunset(days=31), successor="1.1.0")


def test_a_workflow_version_ends_the_same_way(two, teams):
    sent(workflow("logistics", version="1.1.0"))
    asked = {"name": "ship", "noun": "workflow"}
    assert ask("deprecate", "1.0.0", **asked, sunset_at=sunset(days=31), successor="1.1.0").state == "applied"
    later(days=32)
    assert ask("retire", "1.0.0", **asked).state == "applied"
    assert WorkflowVersion.objects.get(version="1.0.0").state == "retired"
