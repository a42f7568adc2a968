"""Runbooks: created, edited, restored, fresh or stale; each write leaves a revision with who and why."""

from datetime import timedelta

import pytest

from governance.models import Runbook
from governance.runbooks.freshness import Freshness
from governance.selectors.revisions import at_revision, revision_text, revisions
from governance.selectors.runbooks import RunbookFilter, filtered, freshness_of, stale_runbooks, today
from governance.services.documents import EditConflict
from governance.services.runbooks import edit_runbook, restore_runbook
from orchestration.errors import InvalidInput


def edit(runbook, **changes):
    links = list(runbook.links.all())
    return {
        "runbook": runbook,
        "revision": runbook.revision,
        "title": runbook.title,
        "body": runbook.body,
        "status": runbook.status,
        "owner": runbook.owner,
        "review_by": runbook.review_by,
        "workflows": [link.workflow.name for link in links if link.workflow],
        "dependencies": [link.dependency.name for link in links if link.dependency],
        "actor": None,
        "reason": "an edit",
        **changes,
    }


def test_a_runbook_has_the_name_it_is_given_or_one_made_from_its_title(write_runbook):
    assert write_runbook("payments-slow").slug == "payments-slow"
    assert write_runbook("", title="Inventory answers 503!").slug == "inventory-answers-503"


@pytest.mark.parametrize("slug", ["Payments", "1st", "a b", "a/b", "ä", "x" * 64, "a_b", "new", "preview"])
def test_a_name_that_no_manifest_or_url_could_have_is_refused(write_runbook, slug):
    with pytest.raises(InvalidInput) as error:
        write_runbook(slug)
    assert [violation.pointer for violation in error.value.violations] == ["/slug"]


def test_a_title_without_a_latin_letter_asks_for_a_name(write_runbook):
    with pytest.raises(InvalidInput, match="can't be a runbook's name"):
        write_runbook("", title="決済が遅い")


def test_the_same_name_twice_is_refused(write_runbook):
    write_runbook("payments-slow")
    with pytest.raises(InvalidInput, match="there is a runbook 'payments-slow' already"):
        write_runbook("payments-slow")
    assert Runbook.objects.count() == 1


def test_links_to_workflows_and_dependencies_are_part_of_a_revision(write_runbook, workflow, dependency):
    runbook = write_runbook(workflows=["order-fulfilment"], dependencies=["payments-api"])
    edited = edit_runbook(**edit(runbook, dependencies=[]))
    assert "Dependencies: payments-api\n" in revision_text(edited, at_revision(edited, 1))
    text = revision_text(edited, at_revision(edited, 2))
    assert "Workflows: order-fulfilment\n" in text
    assert "Dependencies: \n" in text


def test_an_edit_over_an_older_revision_is_a_conflict(write_runbook):
    runbook = write_runbook()
    stale = edit(runbook, body="mine")
    edit_runbook(**edit(runbook, body="theirs"))
    with pytest.raises(EditConflict):
        edit_runbook(**stale)
    assert Runbook.objects.get().body == "theirs"


def test_restoring_brings_text_back_and_leaves_owner_and_review_date(write_runbook, other_team):
    runbook = write_runbook(body="one")
    edited = edit_runbook(**edit(runbook, body="two", owner=other_team, review_by=today()))
    back = restore_runbook(runbook=edited, history_id=at_revision(edited, 1), actor=None, reason="better")
    assert (back.body, back.owner, back.review_by, back.revision) == ("one", other_team, today(), 3)
    assert revisions(back).items[0].reason == "better"


def test_an_unknown_status_dependency_and_workflow_are_told_at_once(write_runbook):
    with pytest.raises(InvalidInput) as error:
        write_runbook(status="open", workflows=["a"], dependencies=["b"])
    assert {violation.pointer for violation in error.value.violations} == {"/status", "/workflows", "/dependencies"}


@pytest.mark.parametrize("days", [None, -400, -1, 0, 1, 14, 15, 400])
def test_the_filter_by_freshness_is_the_rule_itself(write_runbook, days):
    runbook = write_runbook(review_by=None if days is None else today() + timedelta(days=days))
    fitting = [word for word in Freshness if filtered(RunbookFilter(freshness=word)).exists()]
    assert fitting == [freshness_of(runbook)]


def test_stale_runbooks_are_those_in_use_the_longest_past_first(write_runbook):
    write_runbook("retired", review_by=today() - timedelta(days=9), status="retired")
    write_runbook("fresh", review_by=today())
    write_runbook("late", review_by=today() - timedelta(days=1))
    write_runbook("later", review_by=today() - timedelta(days=5))
    assert [runbook.slug for runbook in stale_runbooks()] == ["later", "late"]
