"""The gate: what is proved safe passes, what breaks waits for those it hits, and no way leads round it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from governance.gate.settling import withdraw
from governance.models import Change, ContractVersion, Review
from governance.selectors.changes import waiting_for
from governance.selectors.contracts import resolve
from governance.selectors.reviews import counted
from orchestration import clock
from orchestration.errors import Conflict, Forbidden, InvalidInput, InvalidManifest
from orchestration.models import Membership, Team
from orchestration.services.manifests import Document, plan
from portal.models import User
from tests.governance.gatehouse import (
    BREAKING,
    V1,
    WIDER,
    change,
    contract,
    people,
    sent,
    state,
    teams,
    vote,
    workflow,
)

__all__ = ["change", "people", "teams"]

pytestmark = pytest.mark.django_db


def test_what_is_proved_safe_is_published_at_once(teams):
    assert sent(contract("1.0.0", V1)) == ["publish"]
    assert sent(contract("1.1.0", WIDER)) == ["publish"]
    assert (state("1.1.0"), Change.objects.count()) == ("active", 0)


def test_a_break_waits_for_the_owner_and_all_whom_it_hits_and_nobody_can_use_it_meanwhile(change: Change):
    assert state("2.0.0") == "proposed"
    assert resolve("order.placed", "*") == "1.0.0"
    assert {team.name for team in change.teams.all()} == {"checkout", "logistics"}
    assert (change.verdict, change.report["broken"], change.report["has_witness"]) == ("breaking", "BACKWARD", True)
    assert set(change.report["witness"]) == {"id"}


def test_it_is_published_when_each_team_has_approved(change: Change, people, teams):
    checkout, logistics = teams
    assert [one.pk for one in waiting_for(people["consumer"])] == [change.pk]
    assert vote(change, people["consumer"], logistics).state == "open"
    assert waiting_for(people["consumer"]) == []
    assert state("2.0.0") == "proposed"
    assert vote(change, people["owner"], checkout).state == "applied"
    assert (state("2.0.0"), resolve("order.placed", "*")) == ("active", "2.0.0")


def test_a_rejected_version_is_refused_for_good(change: Change, people, teams):
    assert vote(change, people["consumer"], teams[1], "reject").state == "rejected"
    assert state("2.0.0") == "rejected"
    with pytest.raises(InvalidManifest, match="refused at the gate"):
        sent(contract("2.0.0", BREAKING))
    with pytest.raises(Conflict, match="takes no reviews"):
        vote(change, people["owner"], teams[0])


def test_an_edit_voids_the_approvals_and_asks_anew(change: Change, people, teams):
    vote(change, people["consumer"], teams[1])
    sent(contract("2.0.0", BREAKING | {"required": ["id", "qty", "who"]}), people["author"])
    change.refresh_from_db()
    assert counted(Change.objects.get(pk=change.pk)) == []
    assert [one.pk for one in waiting_for(people["consumer"])] == [change.pk]
    assert vote(change, people["owner"], teams[0]).state == "open"
    assert vote(change, people["consumer"], teams[1]).state == "applied"


def test_changes_that_are_asked_for_come_with_an_edit(change: Change, people, teams):
    vote(change, people["consumer"], teams[1], "request_changes")
    with pytest.raises(Conflict, match="changes requested"):
        vote(change, people["owner"], teams[0])
    sent(contract("2.0.0", BREAKING | {"title": "Order"}), people["author"])
    assert Change.objects.get().state == "open"


def test_a_review_of_what_was_edited_meanwhile_is_refused(change: Change, people, teams):
    seen = change.content_hash
    sent(contract("2.0.0", BREAKING | {"minProperties": 2}), people["author"])
    with pytest.raises(Conflict, match="edited"):
        vote(change, people["owner"], teams[0], seen=seen)
    assert not Review.objects.exists()


def test_no_author_of_any_revision_approves(change: Change, people, teams):
    Membership.objects.create(user=people["author"], team=teams[0], role="approver")
    with pytest.raises(Forbidden, match="author"):
        vote(change, people["author"], teams[0])
    sent(contract("2.0.0", BREAKING | {"minProperties": 2}), people["owner"])  # now a co-author
    for who in ("author", "owner"):
        with pytest.raises(Forbidden, match="author"):
            vote(change, people[who], teams[0])


def test_a_person_counts_once_for_one_team(change: Change, teams):
    both = User.objects.create(username="both")
    for team in teams:
        made = Membership.objects.create(user=both, team=team, role="approver")
        made.history.update(history_date=clock.now() - timedelta(days=9))
    vote(change, both, teams[0])
    with pytest.raises(Conflict, match="counts once"):
        vote(change, both, teams[1])
    with pytest.raises(IntegrityError), transaction.atomic():
        Review.objects.create(
            change=change, team=teams[1], person=both, vote="approve", reason="x",
            content_hash=Change.objects.get().content_hash, at=clock.now(),
        )  # fmt: skip


def test_nobody_names_themselves_for_an_open_change(change: Change, teams):
    late = User.objects.create(username="late", is_superuser=True)
    Membership.objects.create(user=late, team=teams[0], role="approver")
    with pytest.raises(Forbidden, match="after the change was opened"):
        vote(change, late, teams[0])


@pytest.mark.parametrize("who", ["stranger", "author"])
def test_a_vote_without_the_role_is_refused(change: Change, people, teams, who: str):
    with pytest.raises(Forbidden):
        vote(change, people[who], teams[0])


def test_a_team_that_is_not_asked_has_no_vote(change: Change, people):
    with pytest.raises(InvalidInput, match="is not asked"):
        vote(change, people["stranger"], Team.objects.get(name="elsewhere"))


def test_a_verdict_that_has_turned_asks_everybody_anew(change: Change, people, teams):
    vote(change, people["consumer"], teams[1])
    sent(workflow("billing", "invoice")) if Team.objects.create(name="billing") else None
    assert vote(change, people["owner"], teams[0]).state == "open", "another team is hit by now"
    change.refresh_from_db()
    assert {team.name for team in change.teams.all()} == {"checkout", "logistics", "billing"}
    assert counted(Change.objects.get(pk=change.pk)) == []
    assert state("2.0.0") == "proposed"


def test_an_expired_change_is_not_published(change: Change, people, teams):
    vote(change, people["consumer"], teams[1])
    Change._base_manager.filter(pk=change.pk).update(expires_at=clock.now())
    with pytest.raises(Conflict, match="expired"):
        vote(change, people["owner"], teams[0])
    assert (Change.objects.get().state, state("2.0.0")) == ("expired", "rejected")


def test_a_change_can_be_withdrawn_once(change: Change, people):
    assert withdraw(change=change, person=people["author"], reason="not needed").state == "withdrawn"
    assert state("2.0.0") == "rejected"
    with pytest.raises(Conflict, match="withdrawn"):
        withdraw(change=change, person=people["author"], reason="again")


def test_the_policy_of_the_contract_can_not_be_changed_to_let_a_break_pass(change: Change, people):
    assert sent(contract("3.0.0", BREAKING, policy="tolerant", compatibility="NONE"), people["author"]) == ["propose"]


@pytest.mark.parametrize(
    ("version", "schema", "says"),
    [
        ("1.1.0", BREAKING, "breaks, which takes 2.0.0"),
        ("1.0.1", WIDER, "widens what is accepted, which takes 1.1.0"),
        ("1.1.0", V1 | {"properties": {"id": {"type": "string", "pattern": "^(?!x)"}}}, "may break, which takes 2.0.0"),
    ],
)
def test_a_version_that_says_less_than_the_change_is_refused(teams, version: str, schema: Any, says: str):
    sent(contract("1.0.0", V1))
    with pytest.raises(InvalidManifest, match=says):
        plan([Document(contract(version, schema), "m.yaml")])


def test_a_workflow_can_not_use_what_its_own_batch_only_proposes(change: Change):
    both = contract("3.0.0", BREAKING | {"minProperties": 5}) + "---\n" + workflow("logistics", "later", "^3")
    with pytest.raises(InvalidManifest, match="where it waits for reviews"):
        plan([Document(both, "m.yaml")])


def test_a_schema_that_can_not_be_compared_is_a_problem_with_its_place(teams):
    with pytest.raises(InvalidManifest, match="refers to itself without an end"):
        sent(contract("1.0.0", V1)) and plan([Document(contract("1.1.0", {"$ref": "#"}), "m.yaml")])


def test_every_step_leaves_its_trace(change: Change, people, teams):
    vote(change, people["consumer"], teams[1])
    vote(change, people["owner"], teams[0])
    told = list(
        change.history.order_by("history_id").values_list("state", "history_user__username", "history_change_reason")
    )
    assert told == [
        ("open", people["author"].username, "because"),
        ("applied", people["owner"].username, "looked at it"),
    ]
    assert ContractVersion.objects.get(version="2.0.0").history.latest().history_user == people["owner"]
