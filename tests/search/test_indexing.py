"""That search is in step with the objects: written in their transaction, gone with it, and made anew from nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any, ClassVar

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from governance.models import Decision, Runbook, SearchDocument, SearchText
from governance.search import engines
from governance.search.kinds import Entry, Kind, registry
from governance.selectors.search import Reader, search
from governance.services import indexing
from governance.services.decisions import create_decision, edit_decision
from governance.services.runbooks import create_runbook
from orchestration.models import Alert, Dependency, Team
from orchestration.services.alert_actions import resolve
from orchestration.services.alerts import open_compensation
from orchestration.services.governed import delete, save
from tests.engine.harness import begin, publish
from tests.people import person

pytestmark = pytest.mark.django_db


@pytest.fixture
def team(db: None) -> Team:
    return Team.objects.create(name="checkout", description="They run the shop")


def found(text: str) -> list[tuple[str, str]]:
    return [(hit.kind, hit.key) for hit in search(text, reader=Reader()).hits]


def decide(team: Team, title: str = "Keep trams on rails", **more: Any) -> Decision:
    fields = {
        "body": "## Context\n\nBecause of **gravity**.\n",
        "status": "draft",
        "date": date(2026, 1, 2),
        "workflows": [],
    }
    return create_decision(title=title, owner=team, actor=None, reason="r", **{**fields, **more})


def test_a_decision_is_found_by_title_number_heading_and_text_from_its_first_save_on(team: Team):
    decision = decide(team)
    for text in ("trams", f"adr {decision.number}", f"decision {decision.number}", "gravity", "keep-trams-on-rails"):
        assert ("decision", str(decision.number)) in found(text), text


def test_an_edit_is_found_and_what_it_replaced_is_not(team: Team):
    decision = decide(team)
    edit_decision(
        decision=decision, revision=decision.revision, title="Keep buses on roads", body="Because.", status="accepted",
        owner=team, date=decision.date, workflows=[], actor=None, reason="r",
    )  # fmt: skip
    assert found("gravity") == []
    assert found("trams") == [("decision", str(decision.number))], "its slug, which manifests name, stays"
    assert found("buses") == [("decision", str(decision.number))]
    assert SearchDocument.objects.get(kind="decision").status == "accepted"


def test_what_is_rolled_back_is_not_found(team: Team):
    with transaction.atomic():
        decide(team)
        assert found("trams")
        transaction.set_rollback(True)
    assert found("trams") == []


def test_what_is_deleted_is_not_found(team: Team):
    create_runbook(
        slug="", title="Trams are late", body="x", status="active", owner=team, review_by=None, workflows=[], dependencies=[],
        actor=None, reason="r",
    )  # fmt: skip
    assert found("trams") == [("runbook", "trams-are-late")]
    delete(Runbook.objects.get(), actor=None, reason="r")
    assert found("trams") == []
    assert not SearchText.objects.filter(document__kind="runbook").exists()


def test_a_workflow_is_found_by_the_intents_of_its_newest_version(team: Team):
    publish({"charge": {"value": 1, "intent": "The walrus is paid"}}, name="orders")
    assert found("walrus") == [("workflow", "orders")]
    assert found("charge") == [("workflow", "orders")]


def test_a_dependency_is_found_by_its_failure_modes(team: Team):
    spec = {"failure_modes": [{"mode": "402 declined", "effect": "Nothing was charged.", "response": "An answer."}]}
    save(Dependency(name="payments", owner=team, document={"spec": spec}, content_hash="0"), actor=None, reason="r")
    assert found("402 declined") == [("dependency", "payments")] == found("charged")


def test_an_alert_is_found_as_it_stands_although_its_row_changes_without_a_save(team: Team):
    run = begin(publish({"a": {"value": 1}}, name="orders"))
    alert = open_compensation(run=run, now=datetime(2026, 1, 2, tzinfo=UTC))
    assert alert is not None
    assert ("alert", str(alert.pk)) in found(f"alert {alert.pk}")
    resolve(alert=Alert.objects.get(pk=alert.pk), person=person("admin"), reason="done")
    row = SearchDocument.objects.get(kind="alert")
    assert (row.status, row.is_over) == ("resolved", True)


def test_payloads_are_never_found(team: Team):
    begin(publish({"a": {"value": 1}}, name="orders"), {"card": "platypus"})
    assert found("platypus") == []


def test_all_is_made_anew_from_the_objects_and_nothing_else_stays(team: Team):
    decision = decide(team)
    decide(team, "Another about trams")
    before = list(SearchDocument.objects.order_by("kind", "key").values("kind", "key", "title", "status", "team"))
    SearchDocument.objects.filter(key=str(decision.number)).delete()
    indexing.write([Entry("decision", "999", "A ghost", datetime(2026, 1, 1, tzinfo=UTC))])
    SearchDocument.objects.create(
        kind="of-an-older-release", key="x", title="x", updated_at=datetime(2026, 1, 1, tzinfo=UTC)
    )
    call_command("rebuild_search", verbosity=0)
    assert (
        list(SearchDocument.objects.order_by("kind", "key").values("kind", "key", "title", "status", "team")) == before
    )
    assert found("ghost") == []
    assert len(found("trams")) == 2
    call_command("rebuild_search", verbosity=0)
    assert len(found("trams")) == 2


def test_a_rebuild_goes_through_more_rows_than_fit_one_batch(team: Team, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(indexing, "BATCH", 2)
    for number in range(5):
        decide(team, f"Tram number {number}")
    SearchDocument.objects.all().delete()
    assert indexing.rebuild() == 6, "five decisions and the team"
    assert len(found("tram")) == 5


def test_what_was_there_before_search_is_found_after_migrating(team: Team):
    decide(team)
    SearchDocument.objects.all().delete()
    indexing.after_migrate("default", plan=[("a migration", False)])
    assert found("trams")


def test_what_looks_words_up_is_put_back_where_a_migration_took_it_away(team: Team):
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL alters a table in place")
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER search_insert")
    indexing.after_migrate("default")
    decide(team)
    assert found("trams")


def test_the_tables_behind_are_no_tables_of_ours():
    from portal.backups.installation import tables

    assert not engines.SHADOWS & set(tables())


@pytest.fixture
def letters() -> Iterator[type[Kind]]:
    """A kind of a test's own: one small class."""

    class Letters(Kind):
        name: ClassVar = "letter"
        word: ClassVar = "Letter"
        icon: ClassVar = "post"
        page: ClassVar = "runbook"
        model: ClassVar = Runbook

        def key(self, row: Runbook) -> str:
            return f"letter-{row.slug}"

        def entry(self, row: Runbook) -> Entry:
            return Entry(
                "letter", self.key(row), f"Letter about {row.title}", row.updated_at, team="finance", restricted=True
            )

    registry.register(Letters)
    yield Letters
    registry.forget("letter")


def test_a_kind_is_one_class(letters: type[Kind], team: Team):
    create_runbook(
        slug="", title="Trams", body="x", status="active", owner=team, review_by=None, workflows=[], dependencies=[], actor=None,
        reason="r",
    )  # fmt: skip
    assert ("letter", "letter-trams") not in found("trams")
    assert search("letter trams", reader=Reader({"finance"})).hits[0].kind == "letter"
