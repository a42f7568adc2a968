"""Superseding: written once, seen on both ends, one successor each, never a circle."""

import pytest

from governance.models import Decision
from governance.selectors.decisions import superseded_numbers
from governance.selectors.revisions import revisions
from governance.services.decisions import edit_decision
from orchestration.errors import InvalidInput


def test_a_new_decision_supersedes_an_old_one_and_both_ends_say_so(decide, maintainer):
    old = decide("Old", status="accepted")
    new = decide("New", status="accepted", supersedes=[1, 1], reason="we learnt")
    old.refresh_from_db()
    assert (old.status, old.superseded_by, old.revision) == ("superseded", new, 2)
    assert superseded_numbers(new) == [1]
    assert (revisions(old).items[0].reason, revisions(old).items[0].by) == ("we learnt", maintainer.username)


def test_the_old_one_can_name_its_successor(decide, decision_edit):
    old, new = decide("Old", status="accepted"), decide("New", status="accepted")
    edited = edit_decision(actor=None, **decision_edit(old, status="superseded", superseded_by=2))
    assert (edited.superseded_by, superseded_numbers(new)) == (new, [1])


def test_it_is_taken_back_by_giving_the_old_one_another_status(decide, decision_edit):
    decide("Old", status="accepted")
    new = decide("New", status="accepted", supersedes=[1])
    old = Decision.objects.get(number=1)
    edited = edit_decision(actor=None, **decision_edit(old, status="accepted", superseded_by=None))
    assert (edited.superseded_by, superseded_numbers(new)) == (None, [])


@pytest.mark.parametrize(
    ("fields", "pointer", "message"),
    [
        ({"status": "superseded"}, "/superseded_by", "name the number"),
        ({"status": "accepted", "superseded_by": 1}, "/superseded_by", "goes with the status superseded"),
        ({"status": "superseded", "superseded_by": 99}, "/superseded_by", "there is no decision 99"),
        ({"status": "superseded", "superseded_by": 1}, "/superseded_by", "decision 1 is proposed; only an accepted"),
        ({"status": "draft", "supersedes": [2]}, "/supersedes", "a decision that is draft supersedes nothing yet"),
        ({"status": "accepted", "supersedes": [99]}, "/supersedes", "there is no decision 99"),
        ({"status": "accepted", "supersedes": [3]}, "/supersedes", "superseded by another already"),
    ],
)
def test_a_succession_that_makes_no_sense_is_refused(decide, fields, pointer, message):
    decide("Proposed", status="proposed")
    decide("Accepted", status="accepted")
    decide("Gone", status="accepted")
    decide("Its successor", status="accepted", supersedes=[3])
    with pytest.raises(InvalidInput, match=message) as error:
        decide("New", **fields)
    assert {violation.pointer for violation in error.value.violations} == {pointer}
    assert Decision.objects.count() == 4


def test_a_decision_cannot_supersede_itself(decide, decision_edit):
    decision = decide(status="accepted")
    for changes in ({"supersedes": [1]}, {"status": "superseded", "superseded_by": 1}):
        with pytest.raises(InvalidInput, match="can't supersede itself"):
            edit_decision(actor=None, **decision_edit(decision, **changes))


def test_a_circle_is_refused_from_either_end(decide, decision_edit):
    decide("One", status="accepted")
    decide("Two", status="accepted", supersedes=[1])
    third = decide("Three", status="accepted", supersedes=[2])
    first = Decision.objects.get(number=1)
    with pytest.raises(InvalidInput, match="circle"):
        edit_decision(actor=None, **decision_edit(third, status="superseded", superseded_by=1))
    with pytest.raises(InvalidInput, match="by way of its successors"):
        edit_decision(actor=None, **decision_edit(first, supersedes=[3]))


@pytest.mark.parametrize("status", ["draft", "proposed", "rejected"])
def test_a_successor_stays_decided(decide, decision_edit, status):
    decide("Old", status="accepted")
    new = decide("New", status="accepted", supersedes=[1])
    with pytest.raises(InvalidInput, match="it supersedes 1"):
        edit_decision(actor=None, **decision_edit(new, status=status))


def test_naming_again_what_is_superseded_already_changes_nothing(decide, decision_edit):
    decide("Old", status="accepted")
    new = decide("New", status="accepted", supersedes=[1])
    edit_decision(actor=None, **decision_edit(new, body="better", supersedes=[1], correction=True))
    assert Decision.objects.get(number=1).revision == 2
