"""Ways round the gate that were found by looking for them, each closed: who counts, and what voids a vote."""

from __future__ import annotations

from datetime import timedelta

import pytest

from governance.gate.settling import apply_now
from governance.gate.waiving import waived_teams
from governance.models import Change
from governance.selectors.changes import votes_open_to
from orchestration import clock
from orchestration.errors import Conflict, Forbidden
from orchestration.models import Membership
from portal.models import User
from tests.governance.gatehouse import (
    BREAKING,
    approver,
    change,
    contract,
    people,
    sent,
    state,
    teams,
    vote,
)
from tests.governance.test_gate_people import accept, lend
from tests.governance.test_gate_time import later
from tests.governance.test_gate_time import plan as roll_out

__all__ = ["change", "people", "teams"]
pytestmark = pytest.mark.django_db


def test_a_vote_that_was_lent_to_two_people_is_cast_once(change: Change, teams, people):
    first, second = User.objects.create(username="first"), User.objects.create(username="second")
    for taker in (first, second):
        lend(teams[1], people["consumer"], taker)
    vote(change, first, teams[1])
    assert votes_open_to(Change.objects.get(), second) == []
    with pytest.raises(Forbidden):
        vote(change, second, teams[1])


def test_a_vote_that_was_lent_for_two_teams_is_cast_for_one(change: Change, teams, people):
    approver(teams[0], people["consumer"].username)
    first, second = User.objects.create(username="first"), User.objects.create(username="second")
    lend(teams[0], people["consumer"], first)
    lend(teams[1], people["consumer"], second)
    vote(change, first, teams[0])
    with pytest.raises(Forbidden):
        vote(change, second, teams[1])
    assert state("2.0.0") == "proposed"


def test_who_is_voted_for_by_a_delegate_does_not_count_for_another_team_by_a_waiver(change: Change, teams):
    both = approver(teams[0], "both")
    approver(teams[1], "both")
    accept(change, both, teams[1])
    lend(teams[0], both, taker := User.objects.create(username="taker"))
    assert vote(change, taker, teams[0]).state == "open"
    assert waived_teams(Change.objects.get()) == set()


def test_a_row_that_was_another_role_before_does_not_count_from_its_making(change: Change, teams):
    late = User.objects.create(username="late")
    made = Membership.objects.create(user=late, team=teams[0], role="viewer")
    made.history.update(history_date=clock.now() - timedelta(days=9))
    made.role = "approver"
    made.save()
    with pytest.raises(Forbidden, match="after the change was opened"):
        vote(change, late, teams[0])


# ---- what voids a vote


def test_an_edit_that_is_taken_back_revives_no_approval(change: Change, teams, people):
    vote(change, people["consumer"], teams[1])
    sent(contract("2.0.0", BREAKING | {"minProperties": 2}), people["author"])
    sent(contract("2.0.0", BREAKING), people["author"])
    assert vote(change, people["owner"], teams[0]).state == "open"
    assert vote(change, people["consumer"], teams[1]).state == "applied"


def test_an_edit_leaves_the_rollout_as_it_was_chosen(change: Change, teams, people):
    roll_out(change, people["author"], way="by_hand")
    sent(contract("2.0.0", BREAKING | {"minProperties": 2}), people["author"])
    vote(change, people["consumer"], teams[1])
    assert vote(change, people["owner"], teams[0]).state == "approved"


def test_an_edit_of_what_has_expired_does_not_go_on_with_it(change: Change, people):
    later(days=31)
    with pytest.raises(Conflict, match="expired"):
        sent(contract("2.0.0", BREAKING | {"minProperties": 2}), people["author"])


def test_approved_by_hand_then_taken_back_and_forth_is_not_applied(change: Change, teams, people):
    roll_out(change, people["author"], way="by_hand")
    vote(change, people["consumer"], teams[1])
    assert vote(change, people["owner"], teams[0]).state == "approved"
    sent(contract("2.0.0", BREAKING | {"minProperties": 2}), people["author"])
    sent(contract("2.0.0", BREAKING), people["author"])
    with pytest.raises(Conflict):
        apply_now(change=change, person=people["author"], reason="now")
    assert [team.name for team, _ in votes_open_to(Change.objects.get(), people["owner"])] == ["checkout"]
