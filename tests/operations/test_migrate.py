"""An empty database gets its tables at once, and they are those that all migrations together make."""

import re

import pytest
from django.core.management import call_command
from django.core.management.commands import migrate as migrate_of_django
from django.db import connection

from orchestration.models import Team
from portal.management.commands.migrate import Command
from tests.operations.conftest import Elsewhere, migrate

#: Whatever PostgreSQL knows of a table, by names alone: columns in any order.
ASKED = (
    "SELECT table_name, column_name, data_type, character_maximum_length, is_nullable, column_default, is_identity, identity_generation"
    " FROM information_schema.columns WHERE table_schema = 'public'",
    "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace",
    "SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
    "SELECT app, name FROM django_migrations",
)


def schema() -> set[object]:
    """Everything in the database that is no row."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            return {row for asked in ASKED for row in _all(cursor, asked)}
        rows = _all(cursor, "SELECT type, name, tbl_name, sql FROM sqlite_master")
        made = {(kind, name, table, _words(sql) if kind == "table" else sql) for kind, name, table, sql in rows}
        return made | set(_all(cursor, "SELECT app, name FROM django_migrations"))


def _all(cursor: object, asked: str) -> list[tuple[object, ...]]:
    cursor.execute(asked)
    return cursor.fetchall()


def _words(sql: str) -> tuple[str, ...]:
    """The columns and constraints of a table, in one order for all."""
    parts, depth, inside = [""], 0, sql[sql.index("(") + 1 : sql.rindex(")")]
    for letter in inside:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    return tuple(sorted(re.sub(r"\s+", " ", part).strip() for part in parts))


def test_an_empty_database_gets_what_all_migrations_together_make(elsewhere: Elsewhere):
    """The test's own database was made in the short way."""
    short = schema()
    with elsewhere():
        call_command("migrate", verbosity=0, replay=True)
        assert schema() == short
    assert len(short) > 300


def test_a_database_with_a_table_is_migrated_as_ever(elsewhere: Elsewhere):
    with elsewhere():
        migrate()
        Team.objects.create(name="precious")
        call_command("migrate", "orchestration", "0013", verbosity=0)
        migrate()
        assert Team.objects.get().name == "precious"
        call_command("migrate", check_unapplied=True, verbosity=0)  # exits 1 when one is missing


def test_a_start_that_is_killed_half_way_leaves_none_of_our_tables(
    elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
):
    with elsewhere():
        with monkeypatch.context() as patch:
            patch.setattr(Command, "sync_apps", _killed)
            with pytest.raises(KeyboardInterrupt):
                migrate()
        assert not [table for table in connection.introspection.table_names() if table.startswith("orchestration")]
        migrate()
        assert Team.objects.count() == 0


def _killed(command: Command, *asked: object) -> None:
    migrate_of_django.Command.sync_apps(command, *asked)
    raise KeyboardInterrupt
