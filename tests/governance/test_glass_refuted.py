"""Ways round the gate through broken glass that were found by looking for them, each closed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from governance.gate.glass import ask_to_break, break_glass
from governance.gate.opening import Rollout
from governance.gate.settling import reschedule
from governance.models import BrokenGlass, Change, Contract, ContractVersion
from orchestration import clock
from orchestration.errors import Conflict, Forbidden
from orchestration.models import Team
from portal.models import User
from tests.governance.gatehouse import (
    BREAKING,
    WIDER,
    approver,
    change,
    contract,
    people,
    sent,
    state,
    teams,
    vote,
)
from tests.governance.test_gate_time import later, smash

__all__ = ["change", "people", "teams"]
pytestmark = pytest.mark.django_db


def ask(change: Change, who: User, **more: object) -> BrokenGlass:
    seen = Change.objects.get(pk=change.pk).content_hash
    given = {"expires_at": clock.now() + timedelta(days=2), "seen": seen, "reason": "orders are lost", **more}
    return ask_to_break(change=change, person=who, **given)  # type: ignore[arg-type]


def test_the_review_after_broken_glass_can_not_be_broken_itself(change: Change, teams, people):
    smash(change, people)
    after = Change.objects.get(kind="glass.review")
    with pytest.raises(Conflict, match="made up for"):
        ask(after, people["author"])


def test_the_review_after_broken_glass_is_not_put_off(change: Change, people):
    smash(change, people)
    after = Change.objects.get(kind="glass.review")
    with pytest.raises(Conflict, match="made up for"):
        reschedule(change=after, person=people["author"], reason="x", rollout=Rollout("by_hand"))


def test_no_author_of_an_earlier_revision_reviews_what_the_glass_was_broken_for(change: Change, teams, people):
    early = approver(teams[0], "early")
    sent(contract("2.0.0", BREAKING | {"minProperties": 2}), early)
    sent(contract("2.0.0", BREAKING | {"minProperties": 3}), people["author"])
    smash(change, people)
    with pytest.raises(Forbidden, match="author"):
        vote(Change.objects.get(kind="glass.review"), early, teams[0])


def test_whom_it_hits_by_now_makes_up_for_broken_glass_too(change: Change, people):
    from tests.governance.gatehouse import workflow

    Team.objects.create(name="billing")
    sent(workflow("billing", "invoice"))
    smash(change, people)
    after = Change.objects.get(kind="glass.review")
    assert {one.team.name for one in after.requests.all()} == {"checkout", "logistics", "billing"}


def test_an_asking_to_break_ends_by_its_date_and_can_be_made_anew(change: Change, people):
    ask(change, people["author"], expires_at=clock.now() + timedelta(hours=1))
    later(hours=2)
    seen = Change.objects.get().content_hash
    with pytest.raises(Conflict, match="nobody has asked"):
        break_glass(change=change, person=people["owner"], reason="x", seen=seen)
    ask(change, people["author"])
    assert break_glass(change=change, person=people["owner"], reason="x", seen=seen).state == "applied"


def test_a_takeover_that_the_glass_let_through_is_taken_back_with_it(change: Change, people):
    sent(contract("2.0.0", BREAKING, owner="logistics"), people["author"])
    smash(change, people)
    assert Contract.objects.get().owner.name == "logistics"
    vote(Change.objects.get(kind="glass.review"), people["consumer"], Team.objects.get(name="logistics"), "reject")
    assert (state("2.0.0"), Contract.objects.get().owner.name) == ("rejected", "checkout")


def test_what_was_retired_meanwhile_is_not_revived_by_a_lapse(change: Change, people):
    smash(change, people)
    row = ContractVersion.objects.get(version="2.0.0")
    row.state = "retired"
    row.save()
    later(days=3)
    from governance.gate import rounds

    rounds.tend()
    assert state("2.0.0") == "retired"


def test_the_second_person_is_of_the_team_whose_it_is_by_now(change: Change, people):
    sent(contract("1.1.0", WIDER, owner="logistics"))
    ask(change, people["author"])
    seen = Change.objects.get().content_hash
    with pytest.raises(Forbidden, match="no approver of team logistics"):
        break_glass(change=change, person=people["owner"], reason="x", seen=seen)
    assert break_glass(change=change, person=people["consumer"], reason="x", seen=seen).state == "applied"
