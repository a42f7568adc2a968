"""Take a backup while everything runs. Owns the order; never stops or holds anybody up."""

from __future__ import annotations

import tempfile
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.db import connection

from orchestration.models import Run
from portal.backups import postgresql, sqlite
from portal.backups.archive import BackupError, Contents, partial, write
from portal.backups.installation import Facts, tables
from portal.release import running_version


@dataclass(frozen=True, slots=True)
class Taken:
    """A finished backup."""

    contents: Contents
    size: int


def back_up(path: Path, *, overwrite: bool = False) -> Taken:
    """Write the backup to this path. Raises BackupError; then there is no file, or the one that was there."""
    if path.exists() and not overwrite:
        raise BackupError(f"{path} is there already; choose another name, or say --overwrite")
    if not path.parent.is_dir():
        raise BackupError(f"{path.parent} is no folder; make it first")
    if Run._meta.db_table not in tables():
        raise BackupError("this database has no tables yet; there is nothing to back up")
    try:
        with partial(path) as beside:
            return (_of_postgresql if connection.vendor == "postgresql" else _of_sqlite)(beside)
    except OSError as error:
        raise BackupError(f"{path} can't be written: {error.strerror or error}; nothing was left behind") from error


def _of_postgresql(path: Path) -> Taken:
    with postgresql.dump() as (stream, held, version):
        contents = _contents(held, version)
        size = write(path, contents, stream)
    return Taken(contents, size)


def _of_sqlite(path: Path) -> Taken:
    # Beside the backup and not in /tmp: there is room for it where the backup itself will be.
    with tempfile.TemporaryDirectory(prefix=".plumbline-", dir=path.parent) as folder:
        copy = Path(folder) / "copy.sqlite3"
        contents = _contents(sqlite.copy_to(copy), 0)
        with copy.open("rb") as stream:
            return Taken(contents, write(path, contents, stream))


def _contents(held: Facts, tool: int) -> Contents:
    return Contents(
        plumbline=running_version(), environment=settings.PLUMBLINE.environment, database=connection.vendor,
        taken_at=datetime.now(UTC).isoformat(timespec="seconds"), tool=tool, **asdict(held),
    )  # fmt: skip
