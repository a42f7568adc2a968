"""What the databases themselves refuse, both alike: changing rows that stay, and publishing past the gate.

Owns the list of triggers and their SQL. `install` is safe to repeat, and is repeated after every `migrate`: SQLite makes a
table anew to alter it, and its triggers go with the old one. A superuser can still take them away; the audit chain shows
what was done then. Never stands in for a rule of the services: these are the last line, with words for whoever meets it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

#: PostgreSQL's triggers call functions; pg_dump leaves them out of a dump of tables, so restoring makes them first.
_FUNCTION = """
CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF {when} THEN
    RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$
"""


_STAYS = ("UPDATE", "DELETE", "TRUNCATE")


@dataclass(frozen=True, slots=True)
class Trigger:
    """One refusal. `when`: a condition on OLD and NEW that both databases read, queries included; empty for always."""

    name: str
    table: str
    says: str
    events: tuple[str, ...] = _STAYS
    when: str = ""

    def named(self, event: str) -> str:
        """A trigger of SQLite has one event, so each has a name of its own."""
        return f"{self.name}_{event.lower()}"

    @property
    def tables(self) -> set[str]:
        """What must be there: its own table, and those that its condition asks."""
        return {self.table, *re.findall(r"(?:FROM|JOIN) (\w+)", self.when)}

    @property
    def function(self) -> str:
        """PostgreSQL's function, since its conditions hold no query elsewhere."""
        return f"plumbline_{self.name}"


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
    Trigger("comment_stays", "governance_comment", "comments are never changed or deleted; say it in another one"),
    Trigger(
        "verification_stays",
        "governance_verificationresult",
        "verification results are never changed or deleted; the newest counts, so report another",
    ),
    Trigger(
        "author_reviews_not",
        "governance_review",
        "an author of a change can not review it",
        ("INSERT",),
        "EXISTS (SELECT 1 FROM governance_historicalchange h WHERE h.id = NEW.change_id AND h.author_id = NEW.person_id)",
    ),
    Trigger(
        "change_done_by_reviews",
        "governance_change",
        "a change is applied when each team that it asks has approved or waived it, or by broken glass",
        ("UPDATE",),
        """NEW.state = 'applied' AND OLD.state <> 'applied'
        AND NOT EXISTS (SELECT 1 FROM governance_brokenglass g WHERE g.change_id = NEW.id AND g.state = 'broken')
        AND EXISTS (
          SELECT 1 FROM governance_reviewrequest r WHERE r.change_id = NEW.id
          AND r.needed > (
            SELECT count(*) FROM governance_review v WHERE v.change_id = NEW.id AND v.team_id = r.team_id
            AND v.vote = 'approve' AND v.content_hash = NEW.content_hash)
          AND NOT EXISTS (
            SELECT 1 FROM governance_waiver w JOIN governance_contractversion c ON c.contract_id = w.contract_id
            WHERE w.team_id = r.team_id AND c.id = NEW.version_id AND w.expires_at > CURRENT_TIMESTAMP))""",
    ),
    Trigger(
        "contract_version_by_its_change",
        "governance_contractversion",
        "a proposed version is published by its change alone",
        ("UPDATE",),
        """OLD.state = 'proposed' AND NEW.state = 'active' AND NOT EXISTS (
          SELECT 1 FROM governance_change c
          WHERE c.version_id = NEW.id AND c.kind = 'contract.publish' AND c.state = 'applied')""",
    ),
    Trigger(
        "workflow_version_by_its_change",
        "orchestration_workflowversion",
        "a proposed version is released by its change alone",
        ("UPDATE",),
        """OLD.state = 'proposed' AND NEW.state = 'active' AND NOT EXISTS (
          SELECT 1 FROM governance_change c JOIN orchestration_workflow w ON w.name = c.name
          WHERE w.id = NEW.workflow_id AND c.number = NEW.version AND c.kind = 'workflow.release'
          AND c.state = 'applied')""",
    ),
    Trigger(
        "contract_version_stays",
        "governance_contractversion",
        "a published contract version never changes; publish another",
        ("UPDATE",),
        "OLD.state NOT IN ('draft', 'proposed') AND (OLD.content_hash <> NEW.content_hash OR OLD.schema <> NEW.schema"
        " OR OLD.version <> NEW.version)",
    ),
    Trigger(
        "workflow_version_stays",
        "orchestration_workflowversion",
        "a published workflow version never changes; publish another",
        ("UPDATE",),
        "OLD.state NOT IN ('draft', 'proposed') AND (OLD.content_hash <> NEW.content_hash OR OLD.text <> NEW.text"
        " OR OLD.version <> NEW.version)",
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
            for trigger in TRIGGERS:
                cursor.execute(_FUNCTION.format(function=trigger.function, when=trigger.when or "true"))


def _of(connection: BaseDatabaseWrapper, names: Collection[str]) -> list[Trigger]:
    there = set(connection.introspection.table_names())
    return [one for one in TRIGGERS if one.tables <= there and (not names or one.name in names)]


def _postgresql(trigger: Trigger, event: str) -> list[str]:
    each = "STATEMENT" if event == "TRUNCATE" else "ROW"
    return [
        f'CREATE OR REPLACE TRIGGER "{trigger.named(event)}" BEFORE {event} ON "{trigger.table}" FOR EACH {each}'
        f" EXECUTE FUNCTION {trigger.function}({_quoted(trigger.says)})"
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


def stand_aside(using: str, **_: Any) -> None:
    """Before `migrate`: SQLite makes tables anew, and a trigger that asks one of them would be in the way."""
    from django.db import connections

    remove(connections[using])


def reinstall(using: str, **_: Any) -> None:
    """After `migrate`, as a receiver of its signal."""
    from django.db import connections

    install(connections[using])
