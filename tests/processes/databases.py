"""Databases of a test's own, to be restarted and filled up: a PostgreSQL cluster, a copy of the SQLite file, a small disk.

Owns their making, their end, and this process's move to one of them. Never touches the machine's own PostgreSQL.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from django.core.management import call_command
from django.db import connection

from orchestration import clock
from tests.processes.children import wait_until
from tests.servers import answers, free_port, installed_binaries

#: A cluster with small segments, so that a disk of some dozens of megabytes holds it.
SMALL = ["--wal-segsize=1", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale", "C"]
SETTINGS = ["shared_buffers=16MB", "min_wal_size=2MB", "max_wal_size=8MB", "max_connections=60"]


def url_of(place: dict[str, Any]) -> str:
    """The address of a database, for child processes."""
    if "sqlite" in place["ENGINE"]:
        return f"sqlite:///{place['NAME']}"
    password = f":{place['PASSWORD']}" if place["PASSWORD"] else ""
    return f"postgresql://{place['USER']}{password}@{place['HOST']}:{place['PORT'] or 5432}/{place['NAME']}"


@contextmanager
def moved_to(**place: str) -> Iterator[str]:
    """This process uses that database meanwhile; its address."""
    before = dict(connection.settings_dict)
    connection.close()
    connection.settings_dict.update(place)
    clock.forget()
    try:
        yield url_of(connection.settings_dict)
    finally:
        connection.close()
        connection.settings_dict.update(before)
        clock.forget()


class Cluster:
    """A PostgreSQL of a test's own, with fsync on, that can be ended in every way and started again."""

    def __init__(self, folder: Path) -> None:
        binaries = installed_binaries()
        assert binaries is not None
        self.binaries, self.folder, self.port = binaries, folder, free_port()
        # PostgreSQL refuses to run as root: it gets an unprivileged account and a folder of that account.
        user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        self.identity: dict[str, Any] = {}
        if user is not None:
            os.chown(folder, user.pw_uid, user.pw_gid)
            self.identity = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        command = [str(binaries / "initdb"), "-D", str(folder / "data"), *SMALL]
        subprocess.run(command, check=True, capture_output=True, cwd=folder, **self.identity)
        self.start()

    def place(self, name: str) -> dict[str, str]:
        """What Django's settings say of a database in it."""
        return {"NAME": name, "USER": "postgres", "PASSWORD": "", "HOST": "127.0.0.1", "PORT": str(self.port)}

    def migrate(self) -> None:
        """Give its first database the tables; the others are copies of it."""
        with moved_to(**self.place("postgres")):
            call_command("migrate", verbosity=0)

    def another(self) -> dict[str, str]:
        """A new database with the tables."""
        name = f"test_{secrets.token_hex(4)}"
        with psycopg.connect(f"postgresql://postgres@127.0.0.1:{self.port}/template1", autocommit=True) as link:
            link.execute(f'CREATE DATABASE "{name}" TEMPLATE postgres')
        return self.place(name)

    def start(self) -> None:
        settings = [word for setting in SETTINGS for word in ("-c", setting)]
        self.process = subprocess.Popen(
            [
                str(self.binaries / "postgres"), "-D", str(self.folder / "data"), "-p", str(self.port),
                "-h", "127.0.0.1", "-k", str(self.folder), *settings,
            ],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self.folder, **self.identity,
        )  # fmt: skip
        wait_until(self.answers, 30, "the cluster")

    def answers(self) -> bool:
        return answers(f"postgresql://postgres@127.0.0.1:{self.port}/postgres")

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT: every connection is cut and the server ends in good order. SIGQUIT: it crashes, and recovers later."""
        self.process.send_signal(how)
        self.process.wait(30)


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A cluster whose first database has the tables, on a small disk where one can be mounted."""
    with folder_of_its_own() as folder, small_disk(folder, megabytes=192):
        found = Cluster(folder)
        try:
            found.migrate()
            yield found
        finally:
            if found.process.poll() is None:
                found.stop()


@contextmanager
def sqlite_copy(folder: Path) -> Iterator[str]:
    """The test database as a file of its own in that folder; this process has moved to it, and has its address."""
    name = str(folder / "copy.sqlite3")
    with sqlite3.connect(str(connection.settings_dict["NAME"])) as source, sqlite3.connect(name) as target:
        source.backup(target)
    source.close()
    target.close()
    with moved_to(NAME=name) as url:
        yield url


@contextmanager
def folder_of_its_own() -> Iterator[Path]:
    """A folder that other accounts may enter, unlike pytest's."""
    folder = Path(tempfile.mkdtemp(prefix="plb-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def small_disk(folder: Path, *, megabytes: int) -> Iterator[bool]:
    """A file system of that size on the folder; False where this account may not mount one, and nothing is mounted."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0755", "plumbline-test", str(folder)]
    try:
        mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        mounted = False
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Write until the disk is full; the file that fills it."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        size = 1024 * 1024
        while size:
            try:
                file.write(b"\0" * size)
            except OSError:
                size //= 2
    return ballast
