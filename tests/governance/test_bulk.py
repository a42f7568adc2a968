"""Many documents changed at once: each by itself, over what was read, once, with its own revision, permission and audit entry."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

import pytest

from governance.models import AuditEntry, BulkChange, Decision, Pattern, Postmortem, Runbook
from governance.origin import came_by_token, coming_by
from governance.selectors.audit import AuditFilter, entries
from governance.selectors.revisions import revisions
from governance.services import bulk as bulk_service
from governance.services.audit import record
from governance.services.auditing import verify
from governance.services.bulk import MOST, Target, begin, carry_out, plan
from governance.services.bulk_nouns import NOUNS, find_noun, read_wanted
from governance.services.patterns import create_pattern
from governance.services.postmortems import create_postmortem
from orchestration import clock
from orchestration.errors import Conflict, Forbidden, InvalidInput, NotFound
from portal.presentation.audit_words import row

pytestmark = pytest.mark.django_db


def anybody(_team: Any) -> None:
    """Everybody may."""


def ask(
    kind: str, field: str, value: str, targets: list[Target], actor: Any, require: Any = anybody, **more: Any
) -> BulkChange:
    noun = find_noun(kind)
    wanted = read_wanted(noun, field, value)
    bulk = begin(
        key=more.get("key") or uuid.uuid4(), noun=noun, targets=targets, wanted=wanted, actor=actor,
        reason=more.get("reason", "we tidy up"),
    )  # fmt: skip
    return carry_out(bulk, require=require)


def outcomes(bulk: BulkChange) -> list[str]:
    return [line["outcome"] for line in bulk.lines]


def test_each_gets_a_revision_of_its_own_with_who_and_why(write_runbook, maintainer, other_team):
    books = [write_runbook(f"book-{number}") for number in range(3)]
    bulk = ask("runbook", "owner", "payments", [Target(book.slug, 1) for book in books], maintainer)
    assert outcomes(bulk) == ["changed"] * 3
    assert bulk.ended_at is not None
    for book in books:
        book.refresh_from_db()
        newest = revisions(book).items[0]
        assert (book.owner, book.revision) == (other_team, 2)
        assert (newest.by, newest.reason) == (maintainer.username, "we tidy up")


def test_the_audit_log_shows_those_of_one_bulk_together(write_runbook, maintainer, other_team):
    targets = [Target(write_runbook(f"book-{number}").slug, 1) for number in range(3)]
    first = ask("runbook", "owner", "payments", targets[:2], maintainer)
    write_runbook("between")
    second = ask("runbook", "status", "retired", [Target("book-0", 2), targets[2]], maintainer)
    names = [entry.object_name for entry in entries(AuditFilter(bulk=str(second.pk))).items]
    assert names == ["book-2", "book-0"]
    found = entries(AuditFilter(bulk=str(first.pk))).items
    assert {entry.reason for entry in found} == {"we tidy up"}
    assert len(found) == 2
    assert verify().ok
    assert entries(AuditFilter(bulk="99")).items == []
    with pytest.raises(InvalidInput, match="no number of a bulk change"):
        entries(AuditFilter(bulk="x"))


def test_what_others_do_meanwhile_is_not_shown_as_part_of_it(write_runbook, maintainer, monkeypatch):
    targets, step = [Target(write_runbook(f"book-{number}").slug, 1) for number in range(2)], bulk_service._step

    def meanwhile(pk: int, position: int, *rest: Any) -> None:
        step(pk, position, *rest)
        write_runbook(f"between-{position}")

    monkeypatch.setattr(bulk_service, "_step", meanwhile)
    bulk = ask("runbook", "status", "retired", targets, maintainer)
    assert [entry.object_name for entry in entries(AuditFilter(bulk=str(bulk.pk))).items] == ["book-1", "book-0"]


def test_one_that_was_edited_meanwhile_is_left_and_the_others_go_on(write_runbook, maintainer):
    for slug in ("one", "two", "three"):
        write_runbook(slug)
    ask("runbook", "review_by", "2099-03-01", [Target("two", 1)], maintainer)
    bulk = ask(
        "runbook", "status", "retired", [Target(slug, 1) for slug in ("one", "two", "three", "four")], maintainer
    )
    assert outcomes(bulk) == ["changed", "refused", "changed", "refused"]
    assert "edited meanwhile and is at revision 2" in bulk.lines[1]["detail"]
    assert "there is no runbook four" in bulk.lines[3]["detail"]
    assert Runbook.objects.get(slug="two").status == "active"


def test_a_document_of_another_team_is_refused_by_name_and_the_rest_done(write_runbook, maintainer, team, other_team):
    write_runbook("ours")
    write_runbook("theirs", owner=other_team)

    def require(wanted: Any) -> None:
        if wanted != team:
            raise Forbidden(f"may not for team {wanted}")

    targets = [Target("ours", 1), Target("theirs", 1)]
    bulk = ask("runbook", "status", "draft", targets, maintainer, require)
    assert outcomes(bulk) == ["changed", "refused"]
    assert "payments" in bulk.lines[1]["detail"]
    # Nor may one of ours be given to them: the next owner is asked for too.
    assert outcomes(ask("runbook", "owner", "payments", [Target("ours", 2)], maintainer, require)) == ["refused"]
    assert Runbook.objects.get(slug="ours").owner == team


def test_the_plan_says_the_same_and_writes_nothing(write_runbook, decide, maintainer, other_team):
    write_runbook("one")
    write_runbook("two", status="retired")
    before, logged = Runbook.history.count(), AuditEntry.objects.count()
    targets = [Target("one", 1), Target("two", 1), Target("three", 1), Target("one-more", 5)]
    noun = NOUNS["runbook"]
    lines = plan(
        noun=noun, targets=targets, wanted=read_wanted(noun, "status", "retired"), require=anybody, actor=maintainer
    )
    assert [line.outcome for line in lines] == ["changed", "unchanged", "refused", "refused"]
    assert lines[0].was == "active"
    assert (Runbook.history.count(), AuditEntry.objects.count()) == (before, logged)
    assert Runbook.objects.get(slug="one").revision == 1
    assert not BulkChange.objects.exists()


def test_asked_twice_with_one_key_it_is_done_once(write_runbook, maintainer, other_team):
    write_runbook("one")
    key = uuid.uuid4()
    again = [ask("runbook", "owner", "payments", [Target("one", 1)], maintainer, key=key) for _ in range(2)]
    assert again[0].pk == again[1].pk
    assert again[1].lines == again[0].lines
    assert Runbook.objects.get(slug="one").revision == 2
    with pytest.raises(Conflict, match="another; choose a new key"):
        ask("runbook", "status", "draft", [Target("one", 2)], maintainer, key=key)


def test_one_that_was_broken_off_is_gone_on_with_and_nothing_is_done_twice(write_runbook, maintainer, monkeypatch):
    targets = [Target(write_runbook(f"book-{number}").slug, 1) for number in range(4)]
    key, step = uuid.uuid4(), bulk_service._step

    def killed(pk: int, position: int, *rest: Any) -> None:
        if position == 2:
            raise KeyboardInterrupt
        step(pk, position, *rest)

    monkeypatch.setattr(bulk_service, "_step", killed)
    with pytest.raises(KeyboardInterrupt):
        ask("runbook", "status", "retired", targets, maintainer, key=key)
    assert outcomes(BulkChange.objects.get()) == ["changed", "changed", "", ""]
    monkeypatch.setattr(bulk_service, "_step", step)
    bulk = ask("runbook", "status", "retired", targets, maintainer, key=key)
    assert outcomes(bulk) == ["changed"] * 4
    assert {book.revision for book in Runbook.objects.all()} == {2}
    assert len(entries(AuditFilter(bulk=str(bulk.pk))).items) == 4


def test_a_bulk_change_is_no_review_of_a_runbook(write_runbook, maintainer, other_team):
    book = write_runbook("one")
    looked = book.reviewed_at
    ask("runbook", "owner", "payments", [Target("one", 1)], maintainer)
    ask("runbook", "review_by", "2099-03-01", [Target("one", 2)], maintainer)
    book.refresh_from_db()
    assert (book.reviewed_at, book.review_by) == (looked, date(2099, 3, 1))


def test_what_each_document_has_besides_stays(write_runbook, decide, maintainer, other_team, workflow, dependency):
    write_runbook("one", workflows=["order-fulfilment"], dependencies=["payments-api"], auto_start=2)
    decide("Old", status="accepted", workflows=["order-fulfilment"])
    decide("New", status="accepted", supersedes=[1])
    ask("runbook", "owner", "payments", [Target("one", 1)], maintainer)
    ask("decision", "owner", "payments", [Target("1", 2), Target("2", 1)], maintainer)
    book, old = Runbook.objects.get(), Decision.objects.get(number=1)
    assert (book.links.count(), book.auto_start, book.owner) == (2, 2, other_team)
    assert (old.status, old.superseded_by.number, old.owner, old.links.count()) == ("superseded", 2, other_team, 1)


@pytest.mark.parametrize(
    ("kind", "field", "value", "words"),
    [
        ("decision", "status", "accepted", "is not given in bulk; use one of draft"),
        ("decision", "status", "superseded", "is not given in bulk"),
        ("decision", "review_by", "2027-01-01", "is not changed in bulk; owner, status is"),
        ("postmortem", "status", "published", "is not given in bulk; use one of draft, in_review"),
        ("runbook", "status", "gone", "is not given in bulk"),
        ("runbook", "review_by", "soon", "is no day; write one as"),
        ("runbook", "review_by", "", "no day is given"),
        ("runbook", "review_by", "2020-02-29", "choose a later day"),
        ("runbook", "owner", "", "there is no team ''"),
        ("pattern", "owner", "paymants", "there is no team 'paymants'"),
    ],
)
def test_what_goes_by_its_own_page_or_makes_no_sense_is_refused_before_anything(db, kind, field, value, words):
    with pytest.raises(InvalidInput, match=words):
        read_wanted(find_noun(kind), field, value)


def test_there_is_no_bulk_of_other_things(db):
    with pytest.raises(NotFound, match="of 'contract'"):
        find_noun("contract")


@pytest.mark.parametrize(
    ("targets", "words"),
    [
        ([], "at least one"),
        ([Target(str(number), 1) for number in range(MOST + 1)], "at most 100"),
        ([Target("1", 1), Target("1", 2)], "named twice"),
        ([Target("1", 1), Target("01", 1)], "named twice"),
        ([Target("../1\x00", 1)], "by its number or its name"),
    ],
)
def test_none_too_many_and_the_same_twice_are_refused(maintainer, targets, words):
    with pytest.raises(InvalidInput, match=words):
        ask("decision", "status", "draft", targets, maintainer)
    assert not BulkChange.objects.exists()


def test_an_accepted_decision_is_deprecated_but_is_no_draft_again(decide, maintainer):
    decide("One", status="accepted")
    decide("Two", status="draft")
    targets = [Target("1", 1), Target("2", 1)]
    assert outcomes(ask("decision", "status", "draft", targets, maintainer)) == ["refused", "unchanged"]
    assert outcomes(ask("decision", "status", "deprecated", targets[:1], maintainer)) == ["changed"]


def test_no_name_of_a_token_passes_for_a_bulk_change(write_runbook, maintainer):
    write_runbook("one")
    with coming_by("person"):
        came_by_token("x, bulk 1")
        first = ask("runbook", "status", "retired", [Target("one", 1)], maintainer)
        record(action="changed", kind="runbook", name="forged", actor=maintainer, reason="r")
    BulkChange.objects.filter(pk=first.pk).update(last_entry=AuditEntry.objects.count())
    forged = AuditEntry.objects.get(object_name="forged")
    assert forged.via == "token x; bulk 1"
    assert row(forged).bulk is None
    assert [entry.object_name for entry in entries(AuditFilter(bulk=str(first.pk))).items] == ["one"]


def test_postmortems_and_patterns_are_changed_alike(maintainer, team, other_team):
    create_postmortem(
        title="Down", body="## What happened\n\nIt fell over.\n", status="draft", severity="minor", owner=team, began_at=clock.now(),
        ended_at=None, workflows=[], dependencies=[], actor=maintainer, reason="first",
    )  # fmt: skip
    create_pattern(
        slug="outbox",
        title="Outbox",
        summary="",
        body="x",
        status="active",
        owner=team,
        actor=maintainer,
        reason="first",
    )
    assert outcomes(ask("postmortem", "status", "in_review", [Target("1", 1)], maintainer)) == ["changed"]
    assert outcomes(ask("pattern", "status", "retired", [Target("outbox", 1)], maintainer)) == ["changed"]
    assert outcomes(ask("pattern", "owner", "", [Target("outbox", 2)], maintainer)) == ["changed"]
    assert (Postmortem.objects.get().status, Pattern.objects.get().owner) == ("in_review", None)
