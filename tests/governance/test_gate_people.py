"""Who counts at the gate beside a team's own approvers: quorum, delegates, stand-ins and waivers, and no way round by them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from governance.gate.delegating import delegate, end_delegation
from governance.gate.waiving import breaking_findings, revoke, waive, waived_teams
from governance.models import Change, Review, Waiver
from governance.selectors.changes import votes_open_to, waiting_for
from orchestration import clock
from orchestration.errors import Conflict, Forbidden, InvalidInput, InvalidManifest
from orchestration.models import Membership, Team
from portal.models import User
from tests.governance.gatehouse import (
    BREAKING,
    approver,
    change,
    contract,
    manifest,
    people,
    policy,
    sent,
    state,
    teams,
    vote,
)

__all__ = ["change", "people", "teams"]
pytestmark = pytest.mark.django_db
SOON = timedelta(days=7)


def lend(team: Team, giver: User, taker: User, **more: object) -> object:
    return delegate(team=team, giver=giver, taker=taker, reason="on holiday", ends_at=clock.now() + SOON, **more)  # type: ignore[arg-type]


def accept(change: Change, who: User, team: Team, **more: object) -> Waiver:
    now = Change.objects.get(pk=change.pk)
    given = {
        "fingerprint": breaking_findings(now)[0]["fingerprint"],
        "expires_at": clock.now() + SOON,
        "seen": now.content_hash,
    }
    return waive(change=change, person=who, team=team, reason="we read neither", **{**given, **more})  # type: ignore[arg-type]


# ---- quorum and policies


def test_a_policy_can_ask_for_more_people_and_more_teams(teams, people):
    Team.objects.create(name="security")
    sent(policy(changes=["contract.publish"], names=["order.*"], approvals=2, teams=["security"]))
    sent(contract("1.0.0", {"type": "object"}))
    sent(contract("2.0.0", {"type": "string"}), people["author"])
    change = Change.objects.get(number="2.0.0")
    assert {(one.team.name, one.needed) for one in change.requests.all()} == {("checkout", 2), ("security", 2)}
    vote(change, people["owner"], teams[0])
    assert vote(change, approver(teams[0], "second"), teams[0]).state == "open"


def test_a_policy_can_hold_what_is_safe_and_even_the_first_version(teams, people):
    sent(policy(review="always"))
    assert sent(contract("1.0.0", {}), people["author"]) == ["propose"]
    assert (state("1.0.0"), Change.objects.get().verdict) == ("proposed", "safe")
    assert vote(Change.objects.get(), people["owner"], teams[0]).state == "applied"
    assert state("1.0.0") == "active"


def test_a_policy_applied_beside_the_contract_does_not_let_it_pass(teams, people):
    sent(policy(review="always"))
    laxer = contract("1.0.0", {}) + "---\n" + policy(review="breaking")
    assert sent(laxer, people["author"])[0] == "propose"
    assert state("1.0.0") == "proposed"


def test_a_policy_made_laxer_lets_no_open_change_pass(change: Change, teams, people):
    Team.objects.create(name="security")
    sent(policy(teams=["security"], approvals=2))
    sent(contract("2.0.0", BREAKING | {"minProperties": 2}), people["author"])
    sent(policy(approvals=1))
    sent(contract("2.0.0", BREAKING | {"minProperties": 3}), people["author"])
    now = Change.objects.get()
    assert {(one.team.name, one.needed) for one in now.requests.all()} == {
        ("checkout", 2), ("logistics", 2), ("security", 2),
    }  # fmt: skip


def test_a_safe_change_that_a_policy_held_stays_held_when_the_policy_goes(teams, people):
    sent(policy(review="always"))
    sent(contract("1.0.0", {"type": "object"}), people["author"])
    sent(policy(review="breaking"))
    sent(contract("1.0.0", {"type": "object", "title": "Order"}), people["author"])
    assert (state("1.0.0"), Change.objects.get().state) == ("proposed", "open")


def test_a_policy_with_unknown_names_is_refused_with_its_place(teams):
    with pytest.raises(InvalidManifest, match=r"changes\[0\].*did you mean 'contract\.publish'"):
        sent(policy(changes=["contract.publis"]))
    with pytest.raises(InvalidManifest, match=r"teams\[0\].*no team 'nobody'"):
        sent(policy(teams=["nobody"]))


# ---- delegates


def test_a_delegate_votes_in_the_place_of_an_approver_and_both_count_once(change: Change, teams, people):
    taker = User.objects.create(username="taker")
    lend(teams[1], people["consumer"], taker)
    assert [one.pk for one in waiting_for(taker)] == [change.pk]
    vote(change, taker, teams[1])
    assert Review.objects.get().for_person == people["consumer"]
    with pytest.raises(Conflict, match="counts once"):
        vote(change, people["consumer"], teams[1])


def test_a_delegation_from_an_author_does_not_count(change: Change, teams, people):
    Membership.objects.create(user=people["author"], team=teams[0], role="approver")
    friend = User.objects.create(username="friend")
    lend(teams[0], people["author"], friend)
    with pytest.raises(Forbidden):
        vote(change, friend, teams[0])


def test_an_author_does_not_vote_through_a_delegation(change: Change, teams, people):
    lend(teams[0], people["owner"], people["author"])
    with pytest.raises(Forbidden, match="author"):
        vote(change, people["author"], teams[0])


def test_an_ended_delegation_and_one_by_a_former_approver_do_not_count(change: Change, teams, people):
    taker = User.objects.create(username="taker")
    held = lend(teams[1], people["consumer"], taker)
    end_delegation(delegation=held, person=people["consumer"], reason="back again")  # type: ignore[arg-type]
    with pytest.raises(Forbidden):
        vote(change, taker, teams[1])
    lend(teams[1], people["consumer"], taker)
    Membership.objects.filter(user=people["consumer"]).first().delete()  # type: ignore[union-attr]
    with pytest.raises(Forbidden):
        vote(change, taker, teams[1])


def test_a_delegate_can_not_vote_after_the_giver_did(change: Change, teams, people):
    second = approver(teams[1], "second")
    sent(policy(approvals=2))
    sent(contract("2.0.0", BREAKING | {"minProperties": 2}), people["author"])
    taker = User.objects.create(username="taker")
    lend(teams[1], second, taker)
    vote(change, second, teams[1])
    with pytest.raises(Forbidden):
        vote(change, taker, teams[1])


def test_a_delegation_is_an_approver_s_to_another_person_and_for_a_time(teams, people):
    with pytest.raises(Forbidden, match="only an approver's"):
        lend(teams[1], people["owner"], people["author"])
    with pytest.raises(InvalidInput, match="another person"):
        lend(teams[0], people["owner"], people["owner"])
    with pytest.raises(InvalidInput, match="within 90 days"):
        delegate(
            team=teams[0],
            giver=people["owner"],
            taker=people["author"],
            reason="x",
            ends_at=clock.now() + timedelta(days=99),
        )


# ---- stand-ins


def test_a_team_without_a_second_person_is_stood_in_for_by_the_team_that_it_named_before(teams, people):
    Team.objects.create(name="platform")
    helper = approver(Team.objects.get(name="platform"), "helper")
    sent(manifest("Team", {"name": "checkout"}, {"stand_in": "platform"}))
    sent(contract("1.0.0", {"type": "object"}))
    sent(contract("2.0.0", {"type": "string"}), people["owner"])  # the only approver of checkout is its author
    change = Change.objects.get()
    assert [(team.name, quality.stand_in.name) for team, quality in votes_open_to(change, helper)] == [
        ("checkout", "platform")
    ]
    assert vote(change, helper, teams[0]).state == "applied"


def test_a_stand_in_that_is_named_for_an_open_change_does_not_count(change: Change, teams, people):
    Team.objects.create(name="platform")
    helper = approver(Team.objects.get(name="platform"), "helper")
    sent(contract("2.0.0", BREAKING | {"minProperties": 2}), people["owner"])
    sent(manifest("Team", {"name": "checkout"}, {"stand_in": "platform"}))
    with pytest.raises(Forbidden):
        vote(change, helper, teams[0])


def test_a_team_with_people_of_its_own_is_not_stood_in_for(teams, people):
    Team.objects.create(name="platform")
    helper = approver(Team.objects.get(name="platform"), "helper")
    sent(manifest("Team", {"name": "checkout"}, {"stand_in": "platform"}))
    sent(contract("1.0.0", {"type": "object"}))
    sent(contract("2.0.0", {"type": "string"}), people["author"])
    with pytest.raises(Forbidden):
        vote(Change.objects.get(), helper, teams[0])


def test_a_stand_in_must_be_another_team_that_there_is(teams):
    with pytest.raises(InvalidManifest, match="can't stand in for itself"):
        sent(manifest("Team", {"name": "checkout"}, {"stand_in": "checkout"}))
    with pytest.raises(InvalidManifest, match="did you mean 'logistics'"):
        sent(manifest("Team", {"name": "checkout"}, {"stand_in": "logistic"}))


# ---- waivers


def test_a_team_that_waived_every_finding_need_not_review(change: Change, teams, people):
    accept(change, people["consumer"], teams[1])
    assert waived_teams(Change.objects.get()) == {teams[1].pk}
    assert vote(change, people["owner"], teams[0]).state == "applied"


def test_a_waiver_outlives_an_edit_that_leaves_the_finding_and_no_other(change: Change, teams, people):
    accept(change, people["consumer"], teams[1])
    sent(contract("2.0.0", BREAKING | {"title": "Order"}), people["author"])
    assert waived_teams(Change.objects.get()) == {teams[1].pk}
    sent(contract("2.0.0", BREAKING | {"minProperties": 3}), people["author"])
    assert waived_teams(Change.objects.get()) == set()


def test_a_waiver_ends_by_its_date_or_by_a_person(change: Change, teams, people):
    given = accept(change, people["consumer"], teams[1])
    revoke(waiver=given, person=people["consumer"], reason="we do read it")
    assert waived_teams(Change.objects.get()) == set()
    with pytest.raises(Conflict, match="ended already"):
        revoke(waiver=given, person=people["consumer"], reason="again")
    with pytest.raises(InvalidInput, match="within 365 days"):
        accept(change, people["consumer"], teams[1], expires_at=clock.now() + timedelta(days=400))


def test_no_author_waives_and_an_old_waiver_of_theirs_does_not_count_for_their_own_change(
    change: Change, teams, people
):
    with pytest.raises(Forbidden, match="author"):
        accept(change, people["author"], teams[0])
    accept(change, people["consumer"], teams[1])
    sent(contract("2.0.0", BREAKING | {"title": "Order"}), people["consumer"])  # now a co-author
    assert waived_teams(Change.objects.get()) == set()


def test_who_waived_for_one_team_does_not_count_for_another(change: Change, teams, people):
    both = approver(teams[0], "both")
    approver(teams[1], "both")
    accept(change, both, teams[1])
    vote(change, both, teams[0])
    assert (Change.objects.get().state, waived_teams(Change.objects.get())) == ("open", set())


def test_a_waiver_counts_one_person_of_a_quorum_of_two(teams, people):
    sent(policy(approvals=2))
    sent(contract("1.0.0", {"type": "object"}))
    sent(contract("2.0.0", {"type": "string"}), people["author"])
    change = Change.objects.get()
    accept(change, people["owner"], teams[0])
    assert (Change.objects.get().state, waived_teams(change)) == ("open", set())
    accept(change, approver(teams[0], "second"), teams[0])
    assert Change.objects.get().state == "applied"


def test_a_waiver_names_a_finding_that_breaks_and_what_was_seen(change: Change, teams, people):
    with pytest.raises(InvalidInput, match="no such finding"):
        accept(change, people["consumer"], teams[1], fingerprint="0" * 16)
    with pytest.raises(Conflict, match="edited"):
        accept(change, people["consumer"], teams[1], seen="old")
    lend(teams[1], people["consumer"], people["stranger"])
    with pytest.raises(Forbidden, match="itself, no delegate"):
        accept(change, people["stranger"], teams[1])
