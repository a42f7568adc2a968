"""What there is on this database: its tables and rows, its migrations, and who is at work on it. Never changes anything.

Rows are counted by table, not by model: a backup may be older or newer than this code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.loader import MigrationLoader

from governance.search.engines import SHADOWS
from orchestration import clock
from orchestration.models import WorkerProcess
from portal.backups.archive import BackupError

#: Rows that `migrate`, or workers that have gone, leave in a database that is empty to its owner.
BORN = {
    "django_migrations", "django_content_type", "auth_permission",
    "orchestration_workerprocess", "orchestration_enginemark", "governance_audithead", "governance_auditverification",
}  # fmt: skip
#: A session's key is as good as a password until it ends, so sessions stay out of backups.
LEFT_OUT = "django_session"

Query = Callable[[str], Sequence[Sequence[Any]]]


def tables(alias: str = DEFAULT_DB_ALIAS) -> list[str]:
    """Every table, in alphabetical order; without those that SQLite keeps behind its search, which it makes of the others."""
    return sorted(set(connections[alias].introspection.table_names()) - SHADOWS)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a manifest tells of a database."""

    rows: dict[str, int]
    migrations: list[list[str]]
    open_runs: int


def facts(names: Iterable[str], query: Query) -> Facts:
    """Of these tables, as they are where `query` runs a SELECT."""
    rows = {name: int(query(f'SELECT count(*) FROM "{name}"')[0][0]) for name in names}  # noqa: S608 - our own tables
    migrations = [list(row) for row in query("SELECT app, name FROM django_migrations ORDER BY app, name")]
    (open_runs,) = query("SELECT count(*) FROM orchestration_run WHERE status <> 'finished'")[0]
    return Facts(rows, migrations, int(open_runs))


def query_of(alias: str = DEFAULT_DB_ALIAS) -> Query:
    """SELECTs on this connection."""

    def query(sql: str) -> Sequence[Sequence[Any]]:
        with connections[alias].cursor() as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall())

    return query


def is_empty(alias: str = DEFAULT_DB_ALIAS) -> bool:
    """Whether nobody has put anything in yet."""
    query = query_of(alias)
    taken = (name for name in tables(alias) if name not in BORN)
    return not any(query(f'SELECT 1 FROM "{name}" LIMIT 1') for name in taken)  # noqa: S608 - our own tables


def database_name(alias: str = DEFAULT_DB_ALIAS) -> str:
    """How its owner calls it: the name in PostgreSQL, the file's name with SQLite."""
    return str(connections[alias].settings_dict["NAME"]).rsplit("/", 1)[-1]


def applied(alias: str = DEFAULT_DB_ALIAS) -> set[tuple[str, str]]:
    """(app, name) of the migrations that made this database."""
    return set(MigrationLoader(connections[alias]).applied_migrations)


def known() -> set[tuple[str, str]]:
    """(app, name) of the migrations that this code has."""
    return set(MigrationLoader(None).disk_migrations)


def refuse_while_workers_live() -> None:
    """Raise BackupError while a worker was seen within two leases: it would write meanwhile."""
    if WorkerProcess._meta.db_table not in tables():
        return
    seconds = settings.PLUMBLINE.lease_seconds * 2
    alive = list(WorkerProcess.objects.filter(seen_at__gt=clock.now() - timedelta(seconds=seconds)))
    if alive:
        names = ", ".join(sorted(str(worker) for worker in alive)[:5])
        raise BackupError(
            f"{len(alive)} worker processes are at work on this database ({names}); stop the portal, its workers and beat"
            f" first. One that was killed counts for {seconds:g} s more"
        )
