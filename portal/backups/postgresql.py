"""PostgreSQL: its own pg_dump and pg_restore, of a version that fits the server. Owns finding and running them.

Never puts a password on a command line, where others on the machine could read it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from django.db import connection, transaction

from governance import triggers
from portal.backups.archive import CHUNK, BackupError
from portal.backups.installation import LEFT_OUT, Facts, facts, query_of, tables

#: Where Debian and Ubuntu keep the programs of each version, beside those on PATH.
PLACES = Path("/usr/lib/postgresql")


@contextmanager
def dump() -> Iterator[tuple[IO[bytes], Facts, int]]:
    """pg_dump's output, what the very same moment held, and pg_dump's version; without the rows of sessions."""
    program, version = tool("pg_dump", _server())
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute("SELECT pg_export_snapshot()")
            (snapshot,) = cursor.fetchone()
        names = tables()
        command = [program, "--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}"]
        command += [f"--exclude-table-data={LEFT_OUT}", *(f'--table="{name}"' for name in names)]
        with _running(command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            held = facts(names, query_of())
            held.rows[LEFT_OUT] = 0
            yield process.stdout, held, version


def load(stream: IO[bytes], names: Iterable[str], written_by: int) -> None:
    """Drop these tables, then put the dump's in their place, in one transaction of its own."""
    program, _ = tool("pg_restore", max(_server(), written_by))
    # Of the dump's release and of this one: a table that only one of them knows must not stand in the way.
    ours = {*names, *connection.introspection.django_table_names(only_existing=True)}
    there = ", ".join(f'"{name}"' for name in tables() if name in ours)
    if there:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE {there} CASCADE")
    triggers.prepare(connection)  # the dump is one of tables: it has their triggers, but not what those call
    command = [program, "--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges"]
    try:
        with _running([*command, f"--dbname={connection.settings_dict['NAME']}"], stdin=subprocess.PIPE) as process:
            assert process.stdin is not None
            try:
                shutil.copyfileobj(stream, process.stdin, CHUNK)
                process.stdin.close()
            except BrokenPipeError:
                pass  # it stopped reading: its exit code and words say why
    except BackupError as error:
        raise BackupError(f"{error}. The database is empty now; put that right and restore again") from error
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # plans made before the first automatic one would be those of empty tables


def tool(name: str, wanted: int) -> tuple[str, int]:
    """The oldest such program that is not older than this major version, and its version. Raises BackupError.

    Oldest, since a later pg_restore sends settings that an earlier server does not know.
    """
    found = {version: path for path in _candidates(name) if (version := _version(path)) >= wanted}
    if not found:
        raise BackupError(
            f"{name} of PostgreSQL {wanted} or later is not on this machine; install the client programs"
            f" (Debian and Ubuntu: postgresql-client-{wanted}) or put them on PATH"
        )
    version = min(found)
    return str(found[version]), version


def _candidates(name: str) -> Iterator[Path]:
    yield from PLACES.glob(f"*/bin/{name}")
    on_path = shutil.which(name)
    if on_path is not None:
        yield Path(on_path)


def _version(program: Path) -> int:
    done = subprocess.run([program, "--version"], check=False, capture_output=True, text=True)  # noqa: S603 - found above
    found = re.search(r"\) (\d+)", done.stdout)
    return int(found[1]) if found else 0


def _server() -> int:
    connection.ensure_connection()
    return int(connection.connection.info.server_version) // 10_000


@contextmanager
def _running(
    command: list[str], *, stdin: int | None = None, stdout: int | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """The program, connected as we are; raises BackupError with its last words when it did not end well."""
    found = connection.settings_dict
    names = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD", "PGDATABASE": "NAME"}
    given = {variable: str(found[name]) for variable, name in names.items() if found[name]}
    with tempfile.TemporaryFile() as words:
        process = subprocess.Popen(  # noqa: S603 - a program found by tool(), with arguments of ours
            [*command, "--no-password"], env={**os.environ, **given}, stdin=stdin, stdout=stdout, stderr=words
        )
        try:
            yield process
        except BaseException:
            process.kill()
            raise
        finally:
            for pipe in (process.stdin, process.stdout):
                if pipe is not None and not pipe.closed:
                    pipe.close()
            code = process.wait()
        if code != 0:
            words.seek(0)
            said = words.read().decode(errors="replace").strip().splitlines()
            raise BackupError(f"{Path(command[0]).name} failed: {said[-1] if said else f'exit code {code}'}")
