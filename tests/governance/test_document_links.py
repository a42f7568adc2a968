"""A link is seen on both ends, whether it was made on the document's page or in a manifest."""

import pytest

from governance.selectors.decisions import DecisionFilter, decisions, decisions_of, find_decision, workflows_of
from governance.selectors.runbooks import (
    RunbookFilter,
    about,
    find_runbook,
    runbooks,
    runbooks_of,
    runbooks_of_dependency,
)
from orchestration.errors import InvalidInput, NotFound


def test_a_decision_linked_on_its_page_is_seen_on_both_ends(decide, workflow):
    decision = decide(workflows=["order-fulfilment"])
    decide("Unlinked")
    assert decisions_of(workflow) == [decision]
    assert workflows_of(decision) == ["order-fulfilment"]


def test_a_decision_named_by_the_manifest_is_seen_on_both_ends_once_it_exists(decide, workflow, publish):
    publish(workflow, "1.0.0", decisions=["use-a-saga", "not-written-yet"])
    decision = decide("Use a saga")
    assert decisions_of(workflow) == [decision]
    assert workflows_of(find_decision(1)) == ["order-fulfilment"]


def test_linked_both_ways_counts_once(decide, workflow, publish):
    publish(workflow, "1.0.0", decisions=["use-a-saga"])
    decision = decide("Use a saga", workflows=["order-fulfilment"])
    assert decisions_of(workflow) == [decision]
    assert workflows_of(decision) == ["order-fulfilment"]


def test_only_the_highest_active_version_speaks(decide, workflow, publish):
    publish(workflow, "1.0.0", decisions=["old-news"])
    publish(workflow, "2.0.0", decisions=["use-a-saga"])
    publish(workflow, "3.0.0", state="draft", decisions=["not-yet"])
    for title in ("Old news", "Use a saga", "Not yet"):
        decide(title)
    assert [decision.title for decision in decisions_of(workflow)] == ["Use a saga"]


def test_a_runbook_is_seen_on_the_pages_of_its_workflows(write_runbook, workflow, publish):
    publish(workflow, "1.0.0", runbook="fulfilment-stuck")
    named, linked = write_runbook("fulfilment-stuck"), write_runbook("payments-slow", workflows=["order-fulfilment"])
    assert runbooks_of(workflow) == [named, linked]
    assert about(named).workflows == about(linked).workflows == ["order-fulfilment"]


def test_a_runbook_is_seen_on_the_pages_of_its_dependencies(write_runbook, dependency):
    dependency.document = {"spec": {"failure_modes": [{"mode": "slow", "runbook": "named"}, {"mode": "down"}, "odd"]}}
    dependency.save()
    linked, named = write_runbook("linked", dependencies=["payments-api"]), write_runbook("named")
    write_runbook("other")
    assert runbooks_of_dependency(dependency) == [linked, named]
    assert about(linked).dependencies == about(named).dependencies == ["payments-api"]


def test_a_manifest_without_metadata_is_no_obstacle(decide, workflow, publish):
    version = publish(workflow, "1.0.0")
    version.canonical = {}
    version.save()
    decide()
    assert decisions_of(workflow) == []


def test_decisions_are_filtered_by_status_owner_workflow_and_words(decide, workflow, other_team):
    decide("Use a saga", status="accepted", body="instead of two-phase commit", workflows=["order-fulfilment"])
    decide("Wait before activation", owner=other_team, body="Größe 100% _x_")
    cases = {
        DecisionFilter(): [2, 1],
        DecisionFilter(status="accepted"): [1],
        DecisionFilter(owner="payments"): [2],
        DecisionFilter(workflow="order-fulfilment"): [1],
        DecisionFilter(q="COMMIT saga"): [1],
        DecisionFilter(q="commit activation"): [],
        DecisionFilter(q="100%"): [2],
        DecisionFilter(q="1_0"): [],
        DecisionFilter(q="2"): [2],
        DecisionFilter(q="Größe"): [2],
        DecisionFilter(status="draft", owner="checkout"): [],
    }
    for wanted, numbers in cases.items():
        assert [row.number for row in decisions(wanted).items] == numbers, wanted


def test_runbooks_are_filtered_by_dependency_and_words(write_runbook, dependency):
    write_runbook("payments-slow", dependencies=["payments-api"])
    write_runbook("other", title="Other", body="nothing")
    assert [row.slug for row in runbooks(RunbookFilter(dependency="payments-api")).items] == ["payments-slow"]
    assert [row.slug for row in runbooks(RunbookFilter(q="payments meaning")).items] == ["payments-slow"]


def test_pages_follow_one_another_without_gap_or_repetition(decide, write_runbook):
    for number in range(5):
        decide(f"Decision {number}")
        write_runbook(f"runbook-{number}")
    for read, key in (
        (lambda cursor: decisions(DecisionFilter(), cursor=cursor, limit=2), "number"),
        (lambda cursor: runbooks(RunbookFilter(), cursor=cursor, limit=2), "slug"),
    ):
        seen, cursor = [], ""
        while cursor is not None:
            page = read(cursor)
            seen += [getattr(row, key) for row in page.items]
            cursor = page.next
        assert len(seen) == len(set(seen)) == 5


@pytest.mark.parametrize("cursor", ["x", "-1", "1.5", "9" * 30, "١"])
def test_a_cursor_that_was_never_given_out_is_refused(db, cursor):
    with pytest.raises(InvalidInput, match="cursor"):
        decisions(DecisionFilter(), cursor=cursor)


def test_filters_that_mean_nothing_are_refused(db):
    for wanted in (DecisionFilter(status="decided"), DecisionFilter(q="a\x00"), DecisionFilter(owner="\x00")):
        with pytest.raises(InvalidInput):
            decisions(wanted)
    for wanted in (RunbookFilter(status="open"), RunbookFilter(freshness="old"), RunbookFilter(workflow="\x00")):
        with pytest.raises(InvalidInput):
            runbooks(wanted)


def test_what_is_not_there_is_not_found(db):
    for number in (0, 5, 10**30):
        with pytest.raises(NotFound):
            find_decision(number)
    with pytest.raises(NotFound):
        find_runbook("nope")


def test_a_list_costs_the_same_queries_however_long(
    decide, write_runbook, workflow, dependency, django_assert_num_queries
):
    from governance.selectors.decisions import workflows_by
    from governance.selectors.runbooks import about_by

    for number in range(6):
        decide(f"Decision {number}", workflows=["order-fulfilment"])
        write_runbook(f"runbook-{number}", workflows=["order-fulfilment"], dependencies=["payments-api"])
    with django_assert_num_queries(4):
        workflows_by(decisions(DecisionFilter()).items)
    with django_assert_num_queries(6):
        about_by(runbooks(RunbookFilter()).items)
