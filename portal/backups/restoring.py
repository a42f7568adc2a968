"""Put a backup into a database, and make it safe to go on from. Owns the refusals and their order.

Everything that can be refused is refused before the first change. Never merges: what was there is replaced or there was
nothing.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from django.core.management import call_command
from django.db import connection

from orchestration import clock
from orchestration.models import Run, StepRun, WorkerProcess
from orchestration.services.runs import terminate_run
from orchestration.states import RunStatus
from portal.backups import postgresql, sqlite
from portal.backups.archive import Archive, BackupError, Contents, extract, read
from portal.backups.installation import database_name, is_empty, known, refuse_while_workers_live

REASON = "Ended in a restored copy, so that it does not go on beside the original."


def restore(path: Path, *, replace: str = "") -> Contents:
    """Restore it into this process's database; what was in it. Raises BackupError, which says what is left."""
    archive = read(path)
    _refuse(archive, replace)
    if archive.contents.database == "postgresql":
        with archive.database() as stream:
            postgresql.load(stream, archive.contents.rows, archive.contents.tool)
    else:
        _into_sqlite(archive)
    call_command("migrate", verbosity=0, interactive=False)  # an earlier release's tables become this one's
    clock.forget()
    _let_go()
    return archive.contents


def terminate_open_runs() -> int:
    """End every open run here without undoing anything: for a copy that must never act. How many."""
    ids = list(Run.objects.exclude(status=RunStatus.FINISHED).values_list("pk", flat=True))
    for run_id in ids:
        terminate_run(run_id=run_id, actor=None, reason=REASON)
    return len(ids)


def _refuse(archive: Archive, replace: str) -> None:
    contents, name = archive.contents, database_name()
    if contents.database != connection.vendor:
        raise BackupError(
            f"this is a backup of {contents.database} and the database here is {connection.vendor}; restore it into"
            " its own kind. From SQLite to PostgreSQL leads `manage.py move_to_postgres`, after that"
        )
    later = sorted({(app, migration) for app, migration in contents.migrations} - known())
    if later:
        raise BackupError(
            f"the backup is of Plumbline {contents.plumbline} and has migrations that this release does not know"
            f" ({'.'.join(later[0])}{' and others' if later[1:] else ''}); restore it with that release or a later one"
        )
    refuse_while_workers_live()
    if replace and replace != name:
        raise BackupError(f"--replace names {replace!r}, but the database here is {name!r}; nothing was changed")
    if not replace and not is_empty():
        raise BackupError(
            f"the database {name!r} is not empty; restore into an empty one, or give up everything in it with"
            f" --replace {name}"
        )


def _into_sqlite(archive: Archive) -> None:
    folder = Path(str(connection.settings_dict["NAME"])).parent
    with tempfile.TemporaryDirectory(prefix=".plumbline-", dir=folder) as place:
        copy = Path(place) / "copy.sqlite3"
        extract(archive, copy)
        sqlite.copy_from(copy)


def _let_go() -> None:
    """The workers that held steps are not here: their leases end now, so that the first wake frees the steps."""
    WorkerProcess.objects.all().delete()
    StepRun.objects.filter(lease_until__isnull=False).update(lease_until=clock.now())
