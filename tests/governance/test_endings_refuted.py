"""Faults of endings and of rounds that were found by looking for them, each mended."""

from __future__ import annotations

from datetime import timedelta

import pytest

from governance.gate import rounds
from governance.models import Change
from orchestration import clock
from orchestration.errors import PlumblineError
from orchestration.models import Team
from tests.governance.gatehouse import (
    BREAKING,
    WIDER,
    approver,
    contract,
    people,
    policy,
    sent,
    state,
    teams,
    vote,
)
from tests.governance.test_endings import ask, find, sunset, two
from tests.governance.test_gate_time import later
from tests.governance.test_releases import contracts

__all__ = ["contracts", "people", "teams", "two"]
pytestmark = pytest.mark.django_db


def test_the_notice_counts_from_when_it_is_deprecated_not_from_when_that_was_asked(two, people, teams):
    sent(policy(changes=["contract.deprecate"], review="always"))
    change = ask("deprecate", "1.0.0", people["author"], sunset_at=sunset(days=31), successor="1.1.0")
    later(days=20)
    vote(change, people["consumer"], teams[1])
    with pytest.raises(PlumblineError, match="30 days' notice"):
        vote(change, people["owner"], teams[0])
    assert find("1.0.0").state == "active"


def test_no_policy_shortens_the_notice(two, people):
    sent(policy(notice="1d"))
    with pytest.raises(PlumblineError, match="30 days' notice"):
        ask("deprecate", "1.0.0", people["author"], sunset_at=sunset(days=29), successor="1.1.0")


def test_asking_again_with_the_same_dates_asks_everybody_anew(two, people, teams):
    dates = {"sunset_at": sunset(days=40), "successor": "1.1.0"}
    ask("deprecate", "1.0.0", sunset_at=sunset(days=90), successor="1.1.0")
    change = ask("deprecate", "1.0.0", people["author"], **dates)
    vote(change, people["consumer"], teams[1], "request_changes")
    ask("deprecate", "1.0.0", people["author"], **dates)
    vote(change, people["consumer"], teams[1])
    assert vote(change, people["owner"], teams[0]).state == "applied"


# ---- rounds


def test_one_row_that_fails_keeps_no_other_from_its_turn(two, people, teams, monkeypatch):
    Team.objects.create(name="billing")
    for number in ("2.0.0", "3.0.0"):
        sent(contract(number, BREAKING | {"title": number}), people["author"])
    first, second = Change.objects.order_by("pk")
    later(days=31)
    from governance.gate import settling

    locked = settling.locked

    def breaks(change: Change) -> Change:
        if change.pk == first.pk:
            raise KeyError("a fault of ours")
        return locked(change)

    monkeypatch.setattr(settling, "locked", breaks)
    rounds.tend()
    second.refresh_from_db()
    assert (second.state, state("3.0.0")) == ("expired", "rejected")


def test_only_who_can_still_speak_is_reminded(two, people, teams):
    from tests.governance.test_gate_people import accept

    sent(policy(approvals=2))
    sent(contract("2.0.0", WIDER | {"required": ["id", "qty"]}), people["author"])
    change = Change.objects.get()
    accept(change, people["consumer"], teams[1])
    accept(change, approver(teams[1], "second"), teams[1])
    vote(change, people["owner"], teams[0])
    later(days=2, minutes=1)
    rounds.remind()
    assert dict(change.requests.values_list("team__name", "reminders")) == {"checkout": 1, "logistics": 0}
    assert clock.now() - change.opened_at > timedelta(days=2)
