"""Decision records: created, edited, superseded, restored; each write leaves a revision with who and why."""

from datetime import date

import pytest

from governance.models import Decision
from governance.selectors.revisions import at_revision, revision_text, revisions
from governance.services.decisions import create_decision, edit_decision, restore_decision
from governance.services.documents import EditConflict
from orchestration.errors import Conflict, InvalidInput, NotFound
from orchestration.models import Workflow


def faults(error):
    return {violation.pointer for violation in error.value.violations}


def test_numbers_follow_one_another_and_the_slug_comes_from_the_title(decide):
    first, second = decide("Use a saga"), decide("Wait  before Activation!")
    assert (first.number, first.slug, first.revision) == (1, "use-a-saga", 1)
    assert (second.number, second.slug) == (2, "wait-before-activation")


def test_a_number_is_never_given_twice_even_after_a_gap(decide):
    decide("a1", number=7)
    assert decide("b1").number == 8


def test_a_title_in_another_script_is_named_by_its_number(decide):
    decision = decide("決定を下す")
    assert (decision.title, decision.slug) == ("決定を下す", "decision-1")


def test_the_same_title_twice_is_a_doubled_request_and_names_the_other(decide):
    decide("Use a saga")
    with pytest.raises(InvalidInput, match="decision 1 has this title already") as error:
        decide("use a Saga")
    assert faults(error) == {"/title"}
    assert Decision.objects.count() == 1


def test_a_revision_says_who_when_and_why(decide, maintainer):
    decision = decide(reason="we met on Monday")
    (row,) = revisions(decision).items
    assert (row.revision, row.by, row.reason) == (1, maintainer.username, "we met on Monday")
    assert row.at.tzinfo is not None


@pytest.mark.parametrize("reason", ["", "   ", "\n\t", "x" * 2_001, "a\x00b"])
def test_every_write_wants_a_reason(decide, decision_edit, reason):
    decision = decide()
    for write in (
        lambda: decide("Other", reason=reason),
        lambda: edit_decision(actor=None, **decision_edit(decision, body="new", reason=reason)),
        lambda: restore_decision(decision=decision, history_id=1, actor=None, reason=reason),
    ):
        with pytest.raises(InvalidInput, match="reason"):
            write()
    assert Decision.objects.get().revision == 1


def test_every_fault_is_told_at_once(decide):
    with pytest.raises(InvalidInput) as error:
        decide(" ", body="a\x00", workflows=["nowhere"], superseded_by=3)
    assert faults(error) == {"/title", "/body", "/workflows", "/superseded_by"}
    assert Decision.objects.count() == 0


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("title", "x" * 201, "201 characters; the limit is 200"),
        ("title", "two\nlines", "line break"),
        ("title", "a\x00b", "U\\+0000"),
        ("title", "\ud800", "surrogate"),
        ("body", "x" * 200_001, "200,001 characters; the limit is 200,000"),
        ("body", "one\ntwo\x00", "line 2 has the character U\\+0000"),
        ("body", "\udfff", "surrogate"),
        ("status", "decided", "'decided' is none of draft, proposed"),
        ("workflows", ["x"] * 1 + [str(n) for n in range(300)], "limit is 200"),
        ("workflows", ["a\x00"], "there is no workflow"),
    ],
)
def test_what_cannot_be_stored_is_refused_with_place_and_remedy(decide, field, value, message):
    with pytest.raises(InvalidInput, match=message) as error:
        decide(**{field: value})
    assert faults(error) == {f"/{field}"}


def test_the_greatest_body_is_stored_whole(decide):
    assert len(Decision.objects.get(pk=decide(body="é" * 200_000).pk).body) == 200_000


def test_titles_are_trimmed_and_line_ends_are_made_one_kind(decide):
    decision = decide("  A title ", body="a\r\nb\rc\n")
    assert (decision.title, decision.body) == ("A title", "a\nb\nc\n")


def test_unicode_survives_the_database_character_by_character(decide):
    text = "Ελληνικά 中文 \U0001f680 e\u0301 \u202e \ufeff \u2028"
    assert Decision.objects.get(pk=decide("Ünïcode 🚀", body=text).pk).body == text


def test_an_unknown_workflow_is_refused_with_a_suggestion(decide, workflow):
    with pytest.raises(InvalidInput, match="there is no workflow 'order-fulfillment'; did you mean 'order-fulfilment'"):
        decide(workflows=["order-fulfillment"])


def test_an_edit_makes_the_next_revision_and_keeps_number_and_slug(decide, decision_edit, maintainer):
    decision = decide("Old title")
    edited = edit_decision(actor=maintainer, **decision_edit(decision, title="New title", reason="clearer"))
    assert (edited.number, edited.slug, edited.title, edited.revision) == (1, "old-title", "New title", 2)
    assert [row.reason for row in revisions(edited).items] == ["clearer", "first text"]


def test_an_edit_that_changes_nothing_writes_nothing(decide, decision_edit, workflow):
    decision = decide(workflows=["order-fulfilment"])
    assert edit_decision(actor=None, **decision_edit(decision)).revision == 1
    assert len(revisions(decision).items) == 1


def test_an_edit_over_an_older_revision_is_a_conflict_and_changes_nothing(decide, decision_edit, maintainer):
    decision = decide()
    stale = decision_edit(decision, body="mine")
    edit_decision(actor=maintainer, **decision_edit(decision, body="theirs"))
    with pytest.raises(EditConflict, match="is at revision 2 by now") as error:
        edit_decision(actor=maintainer, **stale)
    assert error.value.current.body == "theirs"
    assert Decision.objects.get().body == "theirs"


def test_links_alone_make_a_revision_that_shows_them(decide, decision_edit, team, workflow):
    Workflow.objects.create(name="nightly", owner=team)
    decision = decide(workflows=["order-fulfilment"])
    edited = edit_decision(actor=None, **decision_edit(decision, workflows=["nightly"], reason="moved"))
    assert edited.revision == 2
    old, new = at_revision(edited, 1), at_revision(edited, 2)
    assert "Workflows: order-fulfilment\n" in revision_text(edited, old)
    assert "Workflows: nightly\n" in revision_text(edited, new)
    assert set(edited.links.model.history.values_list("history_type", "history_change_reason")) == {
        ("+", "first text"),
        ("+", "moved"),
        ("-", "moved"),
    }


def test_restoring_makes_a_new_revision_of_an_old_text_and_leaves_status_and_links(decide, decision_edit, workflow):
    decision = decide("First", body="one", status="accepted", workflows=["order-fulfilment"])
    edit = decision_edit(decision, title="Second", body="two", correction=True, date=date(2026, 5, 5))
    edited = edit_decision(actor=None, **edit)
    back = restore_decision(
        decision=edited, history_id=at_revision(edited, 1), revision=2, actor=None, reason="it was right"
    )
    assert (back.title, back.body, back.date, back.revision) == ("First", "one", date(2026, 1, 2), 3)
    assert (back.status, back.links.count()) == ("accepted", 1)
    assert [row.reason for row in revisions(back).items] == ["it was right", "an edit", "first text"]


def test_a_draft_of_an_accepted_decision_is_not_restored_since_nobody_agreed_to_it(decide, decision_edit):
    decision = decide("First", body="what nobody agreed to")
    accepted = edit_decision(actor=None, **decision_edit(decision, body="what was agreed", status="accepted"))
    with pytest.raises(InvalidInput, match="restore one that was decided"):
        restore_decision(decision=accepted, history_id=at_revision(accepted, 1), actor=None, reason="x")


def test_restoring_wants_a_revision_of_this_document(decide, decision_edit):
    decision, other = decide("One"), decide("Two")
    for history_id in (at_revision(other, 1), 10**6):
        with pytest.raises(NotFound, match="has no revision"):
            restore_decision(decision=decision, history_id=history_id, actor=None, reason="x")


def test_restoring_over_a_newer_revision_is_a_conflict(decide, decision_edit):
    decision = decide()
    edit_decision(actor=None, **decision_edit(decision, body="two"))
    with pytest.raises(EditConflict):
        restore_decision(decision=decision, history_id=at_revision(decision, 1), revision=1, actor=None, reason="x")


def test_a_fixed_number_that_is_taken_is_a_conflict(decide):
    decide("One", number=5)
    with pytest.raises(Conflict, match="there is a decision 5 already"):
        decide("Two", number=5)


def test_without_a_date_it_is_todays(team):
    decision = create_decision(
        title="t", body="", status="draft", owner=team, date=None, workflows=[], actor=None, reason="r"
    )
    assert decision.date is not None
