"""The gate and the clock: rollouts, expiry, reminders, and broken glass with the review that makes up for it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from governance.gate import rounds
from governance.gate.glass import ask_to_break, break_glass
from governance.gate.opening import Rollout
from governance.gate.settling import apply_now, reschedule
from governance.models import BrokenGlass, Change
from orchestration import clock
from orchestration.errors import Conflict, Forbidden, InvalidInput
from orchestration.models import Team
from tests.governance.gatehouse import (
    BREAKING,
    V1,
    approver,
    change,
    contract,
    people,
    policy,
    sent,
    state,
    teams,
    vote,
    workflow,
)

__all__ = ["change", "people", "teams"]
pytestmark = pytest.mark.django_db


def later(**span: float) -> None:
    """The clock goes forward by this much."""
    clock.advance(timedelta(**span))


def plan(change: Change, who, **rollout) -> Change:
    return reschedule(change=change, person=who, reason="at night", rollout=Rollout(**rollout))


def approve(change: Change, people, teams) -> Change:
    vote(change, people["consumer"], teams[1])
    return vote(change, people["owner"], teams[0])


def smash(change: Change, people, second=None) -> Change:
    seen = Change.objects.get(pk=change.pk).content_hash
    ask_to_break(
        change=change,
        person=people["author"],
        reason="orders are lost",
        expires_at=clock.now() + timedelta(days=2),
        seen=seen,
    )
    return break_glass(change=change, person=second or people["owner"], reason="I see it too", seen=seen)


# ---- rollouts


def test_a_scheduled_change_waits_for_its_time_and_a_doubled_round_does_it_once(change: Change, people, teams):
    plan(change, people["author"], way="scheduled", at=clock.now() + timedelta(days=1))
    assert approve(change, people, teams).state == "scheduled"
    rounds.tend()
    assert state("2.0.0") == "proposed"
    later(days=1, minutes=1)
    rounds.tend()
    rounds.tend()
    assert (Change.objects.get().state, state("2.0.0")) == ("applied", "active")
    assert Change.objects.get().history.filter(state="applied").count() == 1


def test_a_scheduled_change_is_judged_again_at_its_time(change: Change, people, teams):
    plan(change, people["author"], way="scheduled", at=clock.now() + timedelta(days=1))
    approve(change, people, teams)
    Team.objects.create(name="billing")
    sent(workflow("billing", "invoice"))
    later(days=1, minutes=1)
    rounds.tend()
    assert (Change.objects.get().state, state("2.0.0")) == ("open", "proposed")


def test_nothing_is_scheduled_for_the_past_or_beyond_the_expiry_nor_done_after_it(change: Change, people, teams):
    with pytest.raises(InvalidInput, match="past"):
        plan(change, people["author"], way="scheduled", at=clock.now() - timedelta(seconds=1))
    with pytest.raises(InvalidInput, match="expires"):
        plan(change, people["author"], way="scheduled", at=clock.now() + timedelta(days=31))
    plan(change, people["author"], way="scheduled", at=clock.now() + timedelta(days=29))
    approve(change, people, teams)
    later(days=31)  # nobody ran a round for two days
    rounds.tend()
    assert (Change.objects.get().state, state("2.0.0")) == ("expired", "rejected")


def test_a_change_by_hand_waits_for_one(change: Change, people, teams):
    with pytest.raises(Conflict, match="only an approved one"):
        apply_now(change=change, person=people["author"], reason="now")
    plan(change, people["author"], way="by_hand")
    assert approve(change, people, teams).state == "approved"
    rounds.tend()
    assert state("2.0.0") == "proposed"
    assert apply_now(change=change, person=people["author"], reason="now").state == "applied"
    assert state("2.0.0") == "active"


def test_an_edit_of_an_approved_change_asks_anew(change: Change, people, teams):
    plan(change, people["author"], way="by_hand")
    approve(change, people, teams)
    sent(contract("2.0.0", BREAKING | {"minProperties": 2}), people["author"])
    assert Change.objects.get().state == "open"
    with pytest.raises(Conflict):
        apply_now(change=change, person=people["author"], reason="now")


# ---- expiry and reminders


def test_what_nobody_answers_expires_by_itself(change: Change):
    later(days=31)
    rounds.tend()
    assert (Change.objects.get().state, state("2.0.0")) == ("expired", "rejected")


def test_a_policy_shortens_the_time_to_answer(teams, people):
    sent(policy(expires="3d"))
    sent(contract("1.0.0", {"type": "object"}))
    sent(contract("2.0.0", {"type": "string"}), people["author"])
    change = Change.objects.get()
    assert change.expires_at - change.opened_at == timedelta(days=3)


def test_only_who_has_said_nothing_is_reminded_and_each_time_after_as_long(change: Change, people, teams):
    vote(change, people["consumer"], teams[1])
    rounds.remind()
    later(days=2, minutes=1)
    rounds.remind()
    rounds.remind()
    told = dict(change.requests.values_list("team__name", "reminders"))
    assert told == {"checkout": 1, "logistics": 0}


# ---- broken glass


def test_two_people_break_the_glass_and_a_review_makes_up_for_it(change: Change, people, teams):
    assert smash(change, people).state == "applied"
    assert state("2.0.0") == "active"
    after = Change.objects.get(kind="glass.review")
    assert {one.team.name for one in after.requests.all()} == {"checkout", "logistics"}
    vote(after, people["consumer"], teams[1])
    assert vote(after, approver(teams[0], "second"), teams[0]).state == "applied"
    assert BrokenGlass.objects.get().state == "reviewed"
    later(days=3)
    rounds.tend()
    assert state("2.0.0") == "active"


def test_nobody_breaks_the_glass_alone_and_no_author_is_the_second(change: Change, people, teams):
    seen, ends = change.content_hash, clock.now() + timedelta(days=1)
    with pytest.raises(Conflict, match="nobody has asked"):
        break_glass(change=change, person=people["owner"], reason="x", seen=seen)
    ask_to_break(change=change, person=people["owner"], reason="x", expires_at=ends, seen=seen)
    for who, words in (("owner", "two people"), ("author", "author"), ("stranger", "no approver")):
        with pytest.raises(Forbidden, match=words):
            break_glass(change=change, person=people[who], reason="x", seen=seen)
    assert state("2.0.0") == "proposed"


def test_an_edit_voids_the_asking_to_break(change: Change, people):
    ask_to_break(
        change=change,
        person=people["author"],
        reason="x",
        expires_at=clock.now() + timedelta(days=1),
        seen=change.content_hash,
    )
    sent(contract("2.0.0", BREAKING | {"minProperties": 2}), people["author"])
    now = Change.objects.get()
    with pytest.raises(Conflict, match="for what it says now"):
        break_glass(change=now, person=people["owner"], reason="x", seen=now.content_hash)


def test_who_broke_the_glass_does_not_review_it_afterwards(change: Change, people, teams):
    smash(change, people)
    after = Change.objects.get(kind="glass.review")
    with pytest.raises(Forbidden, match="author"):
        vote(after, people["owner"], teams[0])


@pytest.mark.parametrize("how", ["rejected", "expired"])
def test_what_the_glass_let_through_is_taken_back_when_nobody_agrees(change: Change, people, teams, how: str):
    smash(change, people)
    if how == "rejected":
        vote(Change.objects.get(kind="glass.review"), people["consumer"], teams[1], "reject")
    else:
        later(days=2, minutes=1)
        rounds.tend()
    assert (BrokenGlass.objects.get().state, state("2.0.0")) == ("lapsed", "rejected")
    assert Change.objects.get(kind="glass.review").state == how
    rounds.tend()


def test_glass_is_broken_for_days_not_for_months(change: Change, people):
    with pytest.raises(InvalidInput, match="within 14 days"):
        ask_to_break(
            change=change, person=people["author"], reason="x", expires_at=clock.now() + timedelta(days=60),
            seen=change.content_hash,
        )  # fmt: skip


def test_a_transitive_level_asks_about_every_live_version_below(teams, people):
    sent(
        contract(
            "1.0.0", V1 | {"properties": {"id": {"type": ["string", "integer"]}}}, compatibility="BACKWARD_TRANSITIVE"
        )
    )
    sent(contract("2.0.0", V1, compatibility="BACKWARD_TRANSITIVE"), people["author"])
    vote(Change.objects.get(), people["owner"], teams[0])
    assert state("2.0.0") == "active"
    assert sent(
        contract("3.0.0", V1 | {"minProperties": 0}, compatibility="BACKWARD_TRANSITIVE"), people["author"]
    ) == ["propose"]
    assert Change.objects.get(number="3.0.0").base.version == "1.0.0"
