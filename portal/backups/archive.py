"""The file of a backup: a zip with the database and a manifest that says what it is and proves that it is whole.

Owns the format, the way to its final name (never half a file there) and the proof. Never knows a database.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from orchestration.errors import PlumblineError

FORMAT = 1
MANIFEST = "manifest.json"
CHUNK = 1024 * 1024
#: What reading a zip comes up with when bytes of it are not those that were written.
_DAMAGED = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError)


class BackupError(PlumblineError):
    """A backup, restore or move that was refused or failed. The message says what was left behind, and the remedy."""

    code = "backup"


@dataclass(frozen=True, slots=True)
class Contents:
    """What a backup says of itself. `rows` counts each table; `tool` is pg_dump's major version, 0 for SQLite."""

    plumbline: str
    environment: str
    taken_at: str
    database: str
    tool: int
    migrations: list[list[str]]
    rows: dict[str, int]
    open_runs: int

    @property
    def member(self) -> str:
        """The name of the database inside the zip."""
        return "database.dump" if self.database == "postgresql" else "database.sqlite3"


@dataclass(frozen=True, slots=True)
class Archive:
    """A backup that was read and found whole."""

    path: Path
    contents: Contents

    @contextmanager
    def database(self) -> Iterator[IO[bytes]]:
        """The database's bytes."""
        with zipfile.ZipFile(self.path) as file, file.open(self.contents.member) as stream:
            yield stream


@contextmanager
def partial(path: Path) -> Iterator[Path]:
    """A name beside `path` that becomes `path` when all went well, and is gone otherwise. For this user's eyes only."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.partial")
    beside.unlink(missing_ok=True)
    os.close(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        yield beside
        with beside.open("rb") as file:
            os.fsync(file.fileno())  # else a power loss may leave the name without the bytes
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def write(path: Path, contents: Contents, stream: IO[bytes]) -> int:
    """Write the whole archive to this path; its size. The manifest goes last, since it holds the sum of the rest."""
    # What pg_dump wrote is compressed already.
    method = zipfile.ZIP_STORED if contents.database == "postgresql" else zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(path, "w", method, compresslevel=1) as file:
        with file.open(contents.member, "w", force_zip64=True) as target:
            digest, size = _copy(stream, target)
        manifest = {"format": FORMAT, **asdict(contents), "size": size, "sha256": digest}
        file.writestr(MANIFEST, json.dumps(manifest, indent=2) + "\n")
    return path.stat().st_size


def read(path: Path) -> Archive:
    """The archive, once its every byte was compared with the manifest. Raises BackupError."""
    try:
        with zipfile.ZipFile(path) as file:
            manifest = json.loads(file.read(MANIFEST))
            if manifest.pop("format") != FORMAT:
                raise BackupError(f"{path} is a backup of a later release; restore it with that release")
            size, digest = manifest.pop("size"), manifest.pop("sha256")
            contents = Contents(**manifest)
            with file.open(contents.member) as stream:
                found = _copy(stream, None)
    except OSError as error:
        raise BackupError(f"{path} can't be read: {error.strerror or error}") from error
    except (*_DAMAGED, KeyError, ValueError, TypeError, AttributeError) as error:
        raise BackupError(f"{path} is no whole backup of Plumbline ({error}); use another one") from error
    if found != (digest, size):
        raise BackupError(f"{path} is damaged: its database is not the one that was written; use another backup")
    return Archive(path, contents)


def _copy(source: IO[bytes], target: IO[bytes] | None) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    while chunk := source.read(CHUNK):
        digest.update(chunk)
        size += len(chunk)
        if target is not None:
            target.write(chunk)
    return digest.hexdigest(), size


def extract(archive: Archive, path: Path) -> None:
    """The database as a file."""
    with archive.database() as source, path.open("wb") as target:
        shutil.copyfileobj(source, target, CHUNK)
