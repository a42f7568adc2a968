"""Bulk changes and relations at one moment: a doubled click shares the work, edits are not lost, and two never close a circle."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from governance.models import AuditEntry, BulkChange, Decision, DecisionRelation, Runbook
from governance.selectors.audit import AuditFilter, entries
from governance.services.auditing import verify
from governance.services.bulk import Target, begin, carry_out
from governance.services.bulk_nouns import NOUNS, read_wanted
from governance.services.documents import EditConflict
from governance.services.relations import Named, relate
from governance.services.runbooks import create_runbook, edit_runbook
from orchestration.errors import InvalidInput
from orchestration.models import Team
from tests.governance.test_document_races import THREADS, decide, together
from tests.people import person

pytestmark = pytest.mark.django_db(transaction=True)
BOOKS = 6


def books(team: Team) -> list[Target]:
    for number in range(BOOKS):
        create_runbook(
            slug=f"book-{number}", title="T", body="x", status="active", owner=team, review_by=None, workflows=[], dependencies=[],
            actor=None, reason="first",
        )  # fmt: skip
    return [Target(f"book-{number}", 1) for number in range(BOOKS)]


def retire(key: uuid.UUID, targets: list[Target], actor: Any) -> BulkChange:
    noun = NOUNS["runbook"]
    wanted = read_wanted(noun, "status", "retired")
    bulk = begin(key=key, noun=noun, targets=targets, wanted=wanted, actor=actor, reason="r")
    return carry_out(bulk, require=lambda team: None)


def test_of_many_clicks_at_once_each_document_is_changed_once():
    team = Team.objects.create(name="checkout")
    targets, actor, key = books(team), person("maintainer", team), uuid.uuid4()
    before = AuditEntry.objects.count()
    found = together(lambda index: retire(key, targets, actor))
    assert {bulk.pk for bulk in found} == {BulkChange.objects.get().pk}
    assert [line["outcome"] for line in BulkChange.objects.get().lines] == ["changed"] * BOOKS
    assert set(Runbook.objects.values_list("revision", flat=True)) == {2}
    assert AuditEntry.objects.count() == before + BOOKS
    assert verify().ok


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no locks of rows")
def test_a_step_locks_its_own_row_and_leaves_the_persons_alone():
    team = Team.objects.create(name="checkout")
    with CaptureQueriesContext(connection) as seen:
        retire(uuid.uuid4(), books(team)[:1], person("maintainer", team))
    joined = [one["sql"] for one in seen if "governance_bulkchange" in one["sql"] and "INNER JOIN" in one["sql"]]
    assert joined
    assert all(sql.endswith('FOR UPDATE OF "governance_bulkchange"') for sql in joined)


def test_of_bulk_changes_and_edits_at_once_nothing_is_lost_or_done_unseen():
    team = Team.objects.create(name="checkout")
    targets, actor = books(team), person("maintainer", team)
    first = Runbook.objects.get(slug="book-0")

    def write(index: int) -> Any:
        if index % 2:
            return retire(uuid.uuid4(), targets, actor)
        try:
            return edit_runbook(
                runbook=first, revision=1, title=f"By hand {index}", body="x", status="active", owner=team, review_by=None,
                workflows=[], dependencies=[], actor=actor, reason="by hand",
            )  # fmt: skip
        except EditConflict as error:
            return error

    together(write)
    bulks = list(BulkChange.objects.all())
    outcomes = [[line["outcome"] for line in bulk.lines] for bulk in bulks]
    for position in range(1, BOOKS):
        assert sorted(lines[position] for lines in outcomes) == ["changed"] + ["refused"] * (len(bulks) - 1)
    first.refresh_from_db()
    assert first.revision == 2, "one write of all was made over revision 1"
    for bulk, lines in zip(bulks, outcomes, strict=True):
        assert len(entries(AuditFilter(bulk=str(bulk.pk))).items) == lines.count("changed"), (
            "others' stand between them"
        )


def test_decisions_that_amend_each_other_at_once_close_no_circle():
    team = Team.objects.create(name="checkout")
    for number in range(THREADS):
        decide(team, f"Decision of {number}")
    found = dict(Decision.objects.values_list("number", "pk"))
    assert decide(team, "Last").date == date(2026, 1, 2)

    def amend(index: int) -> Any:
        number, other = index + 1, (index + 1) % THREADS + 1
        return _while_it_moves(lambda: _amend(found[number], other))

    refused = [one for one in together(amend) if isinstance(one, InvalidInput)]
    assert len(refused) == 1
    assert "circle" in str(refused[0])
    assert DecisionRelation.objects.count() == THREADS - 1


def _amend(pk: int, other: int) -> Decision:
    decision = Decision.objects.get(pk=pk)
    return relate(
        decision=decision, revision=decision.revision, add=[Named("amends", other)], remove=[], require=lambda _: None, actor=None,
        reason="r",
    )  # fmt: skip


def _while_it_moves(write: Callable[[], Any]) -> Any:
    """Again, as a person does who is told that it was edited meanwhile."""
    while True:
        try:
            return write()
        except EditConflict:
            continue
