"""Rows that stay as they were written: triggers by which both databases refuse to change, delete or truncate them.

Owns the list of triggers and their SQL. `install` is safe to repeat, and is repeated after every `migrate`: SQLite makes a
table anew to alter it, and its triggers go with the old one. A superuser can still take them away; the audit chain shows
what was done then. Never stands in for a rule of the services: these are the last line, with words for whoever meets it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

#: PostgreSQL's triggers call a function; pg_dump leaves it out of a dump of tables, so restoring makes it first.
_FUNCTION = """
CREATE OR REPLACE FUNCTION plumbline_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation';
END $$
"""


@dataclass(frozen=True, slots=True)
class Trigger:
    """One refusal. `when` is a condition on OLD and NEW that both databases read; empty for always."""

    name: str
    table: str
    says: str
    events: tuple[str, ...] = ("UPDATE", "DELETE", "TRUNCATE")
    when: str = ""

    def named(self, event: str) -> str:
        """A trigger of SQLite has one event, so each has a name of its own."""
        return f"{self.name}_{event.lower()}"


TRIGGERS = (
    Trigger(
        "audit_entry_stays",
        "governance_auditentry",
        "entries of the audit log are never changed or deleted; what is wrong is put right by a new entry",
    ),
    Trigger(
        "review_stays",
        "governance_review",
        "reviews are never changed or deleted; who thinks otherwise by now reviews again",
    ),
)


def install(connection: BaseDatabaseWrapper, names: Collection[str] = ()) -> None:
    """Put these triggers (default: all whose table is there) in place, as this code has them."""
    create = _CREATE.get(connection.vendor)
    if create is None:
        return
    prepare(connection)
    with connection.cursor() as cursor:
        for trigger in _of(connection, names):
            for event in trigger.events:
                for sql in create(trigger, event):
                    cursor.execute(sql)


def remove(connection: BaseDatabaseWrapper, names: Collection[str] = ()) -> None:
    """Take them away: for a whole database that is filled or emptied, never for a row."""
    with connection.cursor() as cursor:
        for trigger in _of(connection, names):
            for event in trigger.events:
                on = f' ON "{trigger.table}"' if connection.vendor == "postgresql" else ""
                cursor.execute(f'DROP TRIGGER IF EXISTS "{trigger.named(event)}"{on}')


def prepare(connection: BaseDatabaseWrapper) -> None:
    """What the triggers need to be there before them, also those that a backup brings along."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(_FUNCTION)


def _of(connection: BaseDatabaseWrapper, names: Collection[str]) -> list[Trigger]:
    there = set(connection.introspection.table_names())
    return [one for one in TRIGGERS if one.table in there and (not names or one.name in names)]


def _postgresql(trigger: Trigger, event: str) -> list[str]:
    each = "STATEMENT" if event == "TRUNCATE" else "ROW"
    when = f" WHEN ({trigger.when})" if trigger.when and event != "TRUNCATE" else ""
    return [
        f'CREATE OR REPLACE TRIGGER "{trigger.named(event)}" BEFORE {event} ON "{trigger.table}" FOR EACH {each}{when}'
        f" EXECUTE FUNCTION plumbline_refuse({_quoted(trigger.says)})"
    ]


def _sqlite(trigger: Trigger, event: str) -> list[str]:
    if event == "TRUNCATE":
        return []  # there is none: it deletes the rows, which is refused
    when = f" WHEN {trigger.when}" if trigger.when else ""
    return [
        f'DROP TRIGGER IF EXISTS "{trigger.named(event)}"',
        f'CREATE TRIGGER "{trigger.named(event)}" BEFORE {event} ON "{trigger.table}" FOR EACH ROW{when}'
        f" BEGIN SELECT RAISE(ABORT, {_quoted(trigger.says)}); END",
    ]


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


_CREATE: dict[str, Callable[[Trigger, str], list[str]]] = {"postgresql": _postgresql, "sqlite": _sqlite}


def reinstall(using: str, **_: Any) -> None:
    """After `migrate`, as a receiver of its signal."""
    from django.db import connections

    install(connections[using])
