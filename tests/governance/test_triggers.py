"""Rows that both databases refuse to change, whoever asks and however."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from governance import triggers
from governance.models import AuditEntry, Change, Review
from governance.services.audit import record
from orchestration import clock
from orchestration.models import Team
from orchestration.services.manifests import Document, Signature, apply
from portal.models import User

pytestmark = pytest.mark.django_db

ENTRIES, REVIEWS = "governance_auditentry", "governance_review"


@pytest.fixture
def rows():
    """An entry and a review."""
    record(action="changed", kind="team", name="checkout", actor=None, reason="r")
    team = Team.objects.create(name="checkout")
    for number, schema in (("1.0.0", "true"), ("2.0.0", "false")):
        metadata = f"{{name: order.placed, version: {number}, owner: checkout}}"
        text = f"apiVersion: plumbline/v1\nkind: Contract\nmetadata: {metadata}\nspec: {{schema: {schema}}}\n"
        apply([Document(text, "c.yaml")], Signature(None, "r"))
    Review.objects.create(
        change=Change.objects.get(), team=team, person=User.objects.create(username="p"), vote="approve", reason="r",
        content_hash="x", at=clock.now(),
    )  # fmt: skip
    connection.check_constraints()  # what a TRUNCATE would have to wait for


@pytest.mark.parametrize("table", [ENTRIES, REVIEWS])
@pytest.mark.parametrize("sql", ["UPDATE {} SET reason = 'x'", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_sql_by_hand_is_refused(rows, table: str, sql: str):
    if sql.startswith("TRUNCATE") and connection.vendor == "sqlite":
        pytest.skip("SQLite has no TRUNCATE")
    with (
        pytest.raises(IntegrityError, match="never changed or deleted"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql.format(table))
    assert AuditEntry.objects.exists()
    assert Review.objects.exists()


def test_models_are_refused_alike(rows):
    for change in (
        lambda: AuditEntry.objects.all().delete(),
        lambda: AuditEntry.objects.update(reason="x"),
        lambda: AuditEntry.objects.latest("sequence").save(),
        lambda: Review.objects.get().delete(),
        lambda: Review.objects.get().save(),
    ):
        with pytest.raises(IntegrityError, match="never changed or deleted"), transaction.atomic():
            change()


def test_new_rows_are_taken(rows):
    record(action="changed", kind="team", name="checkout", actor=None, reason="r")


def test_they_can_be_taken_away_and_put_back_for_a_whole_database(rows):
    triggers.remove(connection, ["audit_entry_stays"])
    AuditEntry.objects.update(reason="loaded")
    triggers.install(connection)
    triggers.install(connection)
    with pytest.raises(IntegrityError), transaction.atomic():
        AuditEntry.objects.update(reason="x")


def test_a_condition_refuses_only_what_it_names(rows, monkeypatch: pytest.MonkeyPatch):
    named = triggers.Trigger(
        "names_stay", "orchestration_team", "a team's name stays", ("UPDATE",), when="OLD.name <> NEW.name"
    )
    monkeypatch.setattr(triggers, "TRIGGERS", (named,))
    triggers.install(connection)
    Team._base_manager.update(description="may change")
    with pytest.raises(IntegrityError, match="a team's name stays"), transaction.atomic():
        Team._base_manager.update(name="other")
    triggers.remove(connection)
    Team._base_manager.update(name="other")


@pytest.mark.django_db(transaction=True)
def test_a_table_that_sqlite_makes_anew_has_them_again_after_migrate(db):
    """Altering a column makes a new table there, and the triggers go with the old one."""
    from django.core.management import call_command

    record(action="changed", kind="team", name="checkout", actor=None, reason="r")
    triggers.remove(connection)
    call_command("migrate", verbosity=0, interactive=False)
    with pytest.raises(IntegrityError), transaction.atomic():
        AuditEntry.objects.update(reason="x")
