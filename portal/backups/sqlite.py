"""SQLite: a copy by its own online backup, which sees one moment and holds no writer up. Owns nothing but the copying."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from django.db import connection

from portal.backups.archive import BackupError
from portal.backups.installation import LEFT_OUT, Facts, facts


def copy_to(path: Path) -> Facts:
    """Copy the database into this file, without sessions; what the copy holds."""
    connection.ensure_connection()
    with closing(sqlite3.connect(path)) as copy:
        connection.connection.backup(copy)  # in one step, so that writers meanwhile do not make it begin again
        copy.execute("PRAGMA journal_mode = DELETE")  # one file that is complete by itself
        copy.execute("PRAGMA secure_delete = ON")
        names = [name for (name,) in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        if LEFT_OUT in names:
            copy.execute(f'DELETE FROM "{LEFT_OUT}"')  # noqa: S608 - a constant
            copy.commit()
        _check(copy)
        ours = [name for name in names if not name.startswith("sqlite_")]
        return facts(ours, lambda sql: copy.execute(sql).fetchall())


def copy_from(path: Path) -> None:
    """Put the file's content in place of the database's, in one transaction of SQLite's: all or nothing."""
    with closing(sqlite3.connect(path)) as copy:
        _check(copy)
        connection.ensure_connection()
        copy.backup(connection.connection)
    connection.close()  # the next one sets journal and timeouts anew


def _check(copy: sqlite3.Connection) -> None:
    answer = copy.execute("PRAGMA quick_check").fetchone()[0]
    if answer != "ok":
        raise BackupError(f"the database is damaged, so its copy would be: {answer}")
