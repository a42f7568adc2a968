"""Accepting a decision: through the gate where a policy wants it, and fixed from then on."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from governance.gate.decisions import submit, waiting
from governance.gate.settling import withdraw
from governance.models import AuditEntry, Change, Decision
from governance.services.accepting import take_back
from governance.services.decisions import create_decision, edit_decision
from governance.services.relations import Named, relate
from orchestration import clock
from orchestration.errors import Conflict, InvalidInput
from orchestration.models import Team, Workflow
from orchestration.services.applying import Signature
from orchestration.services.governed import save
from tests.governance.gatehouse import approver, people, policy, sent, teams, vote

__all__ = ["people", "teams"]

pytestmark = pytest.mark.django_db

REVIEWED = {"changes": ["decision.accept"], "review": "always"}


def put(author: Any, team: Team, status: str = "accepted", before: Decision | None = None, **fields: Any) -> Any:
    """As the page and the API do it."""
    supersedes = fields.pop("supersedes", ())
    facts = {
        "title": "Use a saga", "body": "Because.", "owner": team, "date": date(2026, 1, 2), "workflows": [],
        "actor": author, "reason": "we met", **fields,
    }  # fmt: skip

    def write(status: str, supersedes: Any) -> Decision:
        if before is None:
            return create_decision(status=status, supersedes=supersedes, **facts)
        return edit_decision(decision=before, revision=before.revision, status=status, supersedes=supersedes, **facts)

    return submit(write, status=status, supersedes=supersedes, signature=Signature(author, "we met"), before=before)


def fresh(decision: Decision) -> Decision:
    return Decision.objects.get(pk=decision.pk)


def test_without_a_policy_a_decision_is_accepted_at_once_in_one_revision(people, teams):
    decision, change = put(people["author"], teams[0])
    assert (decision.status, decision.revision, change) == ("accepted", 1, None)
    assert not Change.objects.exists()


def test_a_policy_makes_it_a_proposal_that_the_owner_and_the_concerned_teams_review(people, teams):
    checkout, logistics = teams
    sent(policy(**REVIEWED))
    Workflow.objects.create(name="ship", owner=logistics)
    decision, change = put(people["author"], checkout, workflows=["ship"])
    assert (fresh(decision).status, change.state, waiting(decision)) == ("proposed", "open", change)
    assert {(one.team.name, one.why) for one in change.requests.all()} == {
        ("checkout", "owns the decision"), ("logistics", "it concerns ship"),
    }  # fmt: skip
    vote(change, people["consumer"], logistics)
    assert fresh(decision).status == "proposed"
    vote(change, people["owner"], checkout)
    assert (fresh(decision).status, waiting(decision)) == ("accepted", None)


def test_what_it_supersedes_is_superseded_when_it_is_accepted_and_not_before(people, teams):
    old, _ = put(people["author"], teams[0], title="Use one transaction")
    sent(policy(**REVIEWED))
    new, change = put(people["author"], teams[0], supersedes=[old.number])
    assert fresh(old).status == "accepted"
    vote(change, people["owner"], teams[0])
    assert (fresh(old).status, fresh(old).superseded_by) == ("superseded", new)


def by_relation(people: Any, team: Team, old: Decision) -> Decision:
    new, _ = put(people["author"], team, "deprecated", title="Use a queue")
    return relate(
        decision=new, revision=1, add=[Named("supersedes", old.number)], remove=(), require=lambda _: None,
        actor=people["author"], reason="we saw it late",
    )  # fmt: skip


def by_edit(people: Any, team: Team, old: Decision) -> Decision:
    return put(people["author"], team, "deprecated", title="Use a queue", supersedes=[old.number])[0]


def by_acceptance(people: Any, team: Team, old: Decision) -> Decision:
    new, change = put(people["author"], team, title="Use a queue", supersedes=[old.number])
    vote(change, people["owner"], team)
    return new


@pytest.mark.parametrize("supersede", [by_relation, by_edit, by_acceptance])
def test_what_is_superseded_while_it_waits_is_not_accepted_any_more(people, teams, supersede: Any):
    sent(policy(**REVIEWED))
    old, change = put(people["author"], teams[0])
    new = supersede(people, teams[0], old)
    withdrawn = Change.objects.get(pk=change.pk)
    assert (withdrawn.state, withdrawn.history.first().history_change_reason) == (
        "withdrawn", f"decision {new.number} supersedes it",
    )  # fmt: skip
    assert AuditEntry.objects.filter(action="withdrawn", object_name=str(withdrawn)).exists()
    with pytest.raises(Conflict):
        vote(withdrawn, people["owner"], teams[0])
    assert (fresh(old).status, fresh(old).superseded_by) == ("superseded", new)


def test_a_change_that_has_run_out_keeps_nobody_from_superseding(people, teams):
    sent(policy(**REVIEWED))
    old, change = put(people["author"], teams[0])
    change.expires_at = clock.now()
    save(change, actor=None, reason="a test")
    new = by_relation(people, teams[0], old)
    assert (fresh(old).superseded_by, Change.objects.get(pk=change.pk).state) == (new, "expired")


@pytest.mark.parametrize("status", ["rejected", "deprecated", "superseded"])
def test_what_is_no_proposal_any_more_cannot_be_accepted_by_a_change_that_was_left(people, teams, status: str):
    sent(policy(**REVIEWED))
    old, change = put(people["author"], teams[0])
    old.status = status
    save(old, actor=None, reason="past the gate")
    with pytest.raises(Conflict, match=f"is {status} by now; propose it anew"):
        vote(change, people["owner"], teams[0])
    assert fresh(old).status == status


def test_an_edit_of_what_waits_voids_the_reviews(people, teams):
    checkout, logistics = teams
    sent(policy(**REVIEWED))
    Workflow.objects.create(name="ship", owner=logistics)
    decision, change = put(people["author"], checkout, workflows=["ship"])
    vote(change, people["consumer"], logistics)
    put(people["author"], checkout, "proposed", fresh(decision), workflows=["ship"], body="Otherwise.")
    change = Change.objects.get(pk=change.pk)
    assert vote(change, people["owner"], checkout).state == "open"
    assert fresh(decision).status == "proposed"
    assert vote(change, people["consumer"], logistics).state == "applied"


def test_a_rejected_change_rejects_the_decision_and_a_withdrawn_one_leaves_a_proposal(people, teams):
    sent(policy(**REVIEWED))
    first, change = put(people["author"], teams[0])
    vote(change, people["owner"], teams[0], "reject")
    assert fresh(first).status == "rejected"
    second, change = put(people["author"], teams[0], title="Use a queue")
    withdraw(change=change, person=people["author"], reason="not yet")
    assert fresh(second).status == "proposed"


def test_taking_it_back_to_a_draft_withdraws_the_change(people, teams):
    sent(policy(**REVIEWED))
    decision, change = put(people["author"], teams[0])
    put(people["author"], teams[0], "draft", fresh(decision))
    assert Change.objects.get(pk=change.pk).state == "withdrawn"
    assert fresh(decision).status == "draft"


def test_two_people_who_accept_it_at_once_get_one_change_and_one_acceptance(people, teams):
    sent(policy(**REVIEWED))
    decision, change = put(people["author"], teams[0])
    again = put(people["author"], teams[0], "accepted", fresh(decision))[1]
    assert again.pk == change.pk
    vote(Change.objects.get(pk=change.pk), people["owner"], teams[0])
    assert fresh(decision).status == "accepted"
    with pytest.raises(Conflict):
        vote(Change.objects.get(pk=change.pk), approver(teams[0], "late"), teams[0])


def test_the_text_of_an_accepted_decision_changes_for_a_slip_of_writing_alone(people, teams):
    decision, _ = put(people["author"], teams[0])
    with pytest.raises(InvalidInput, match="changed by one that supersedes it"):
        put(people["author"], teams[0], before=fresh(decision), body="Something else.")
    put(people["author"], teams[0], before=fresh(decision), body="Because!", correction=True)
    assert fresh(decision).body == "Because!"


@pytest.mark.parametrize("status", ["draft", "proposed", "rejected"])
def test_what_was_accepted_never_becomes_undecided_again(people, teams, status: str):
    decision, _ = put(people["author"], teams[0])
    with pytest.raises(InvalidInput, match="deprecate or supersede it"):
        put(people["author"], teams[0], status, fresh(decision))
    put(people["author"], teams[0], "deprecated", fresh(decision))
    assert fresh(decision).status == "deprecated"


def test_no_detour_leads_past_the_gate_to_being_accepted_or_to_another_text(people, teams):
    sent(policy(**REVIEWED))
    decision, change = put(people["author"], teams[0], "deprecated")
    assert change is None
    again, change = put(people["author"], teams[0], "accepted", fresh(decision))
    assert change is not None
    assert fresh(again).status == "proposed"
    vote(change, people["owner"], teams[0])
    put(people["author"], teams[0], "deprecated", fresh(decision))
    with pytest.raises(InvalidInput, match="changed by one that supersedes it"):
        put(people["author"], teams[0], "deprecated", fresh(decision), body="Something else.")


def test_broken_glass_that_lapses_gives_what_was_superseded_its_former_status_back(people, teams):
    old, _ = put(people["author"], teams[0], "rejected", title="Use one transaction")
    new, _ = put(people["author"], teams[0], supersedes=[old.number])
    assert fresh(old).status == "superseded"
    take_back(decision=new, reason="nobody agreed")
    assert (fresh(old).status, fresh(old).superseded_by, fresh(new).status) == ("rejected", None, "proposed")
