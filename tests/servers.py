"""A PostgreSQL for tests: a given one, the machine's running one, or a throwaway from the installed binaries."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import time
from pathlib import Path

import psycopg

LOCAL = "postgresql://postgres@127.0.0.1:5432/postgres"


class PostgreSQL:
    """A server that is there already; tests make and drop databases of their own in it."""

    def __init__(self, url: str) -> None:
        self.url = url

    def __enter__(self) -> PostgreSQL:
        return self

    def __exit__(self, *_: object) -> None:
        """It is not ours to stop."""


class Throwaway(PostgreSQL):
    """Started from the binaries in a folder that goes away; fsync stays on, as in production."""

    def __init__(self, binaries: Path, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        super().__init__(f"postgresql://postgres@127.0.0.1:{self.port}/postgres")
        self.binaries, self.folder = binaries, folder

    def __enter__(self) -> Throwaway:
        self.folder.mkdir(parents=True)
        # PostgreSQL refuses to run as root: it gets an unprivileged account and a folder of that account.
        user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        if user is not None:
            for place in (self.folder, self.folder.parent):
                os.chown(place, user.pw_uid, user.pw_gid)
        identity = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user is not None else {}
        data = str(self.folder / "data")
        initdb = [
            str(self.binaries / "initdb"),
            "-D",
            data,
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale",
            "C",
        ]
        subprocess.run(initdb, check=True, capture_output=True, cwd=self.folder, **identity)
        self.process = subprocess.Popen(
            [str(self.binaries / "postgres"), "-D", data, "-p", str(self.port), "-h", "127.0.0.1", "-k", str(self.folder)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self.folder, **identity,
        )  # fmt: skip
        ends = time.monotonic() + 30
        while not answers(self.url):
            if time.monotonic() > ends:
                raise RuntimeError("the throwaway PostgreSQL does not answer")
            time.sleep(0.1)
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(30)


def find_postgresql(folder: Path) -> PostgreSQL | None:
    """The server for the second leg, not yet started; None when there is none to be had."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        return PostgreSQL(given)
    if answers(LOCAL):
        return PostgreSQL(LOCAL)
    binaries = _binaries()
    return Throwaway(binaries, folder / "postgresql") if binaries is not None else None


def answers(url: str) -> bool:
    """Whether a database can be made there."""
    try:
        with psycopg.connect(url, connect_timeout=2) as link:
            found = link.execute("SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
    except psycopg.OperationalError:
        return False
    return bool(found and found[0])


def _binaries() -> Path | None:
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda place: int(place.parent.name.split(".")[0]))
    on_path = shutil.which("initdb")
    candidates = [*places, *([Path(on_path).resolve().parent] if on_path else [])]
    return next((place for place in reversed(candidates) if (place / "initdb").exists()), None)
