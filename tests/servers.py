"""Servers for tests: a PostgreSQL (given, running, or a throwaway from the installed binaries) and brokers of their own."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg
import redis

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
        self.port = free_port()
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
        self.process.send_signal(signal.SIGINT)  # ends its connections; asked politely, it would wait for each of them
        self.process.wait(30)


class Broker:
    """A Valkey or Redis of one test's own: on a unix socket as the embedded default has it, or on TCP as production does."""

    def __init__(self, *, tcp: bool) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="plb-", dir="/tmp"))  # a socket's path must be short
        self.port = free_port() if tcp else 0
        socket_path = self.folder / "b.sock"
        self.url = f"redis://127.0.0.1:{self.port}/0" if tcp else f"redis+socket://{socket_path}"

    def __enter__(self) -> Broker:
        from portal.supervisor.plan import broker_binary

        command = [broker_binary(), "--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--appendonly", "no"]
        command += ["--unixsocket", str(self.folder / "b.sock")]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=self.folder)
        ends = time.monotonic() + 15
        while not (self.folder / "b.sock").exists():
            if time.monotonic() > ends:
                raise RuntimeError("the broker does not start")
            time.sleep(0.02)
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def halt(self) -> None:
        """It dies with all that it knows; `resume` starts it again at the same address."""
        self.process.kill()
        self.process.wait()
        (self.folder / "b.sock").unlink(missing_ok=True)

    def resume(self) -> None:
        self.__enter__()

    def forget(self) -> None:
        """Every message in it is gone."""
        redis.Redis(unix_socket_path=str(self.folder / "b.sock")).flushall()


def free_port() -> int:
    """A port that was free just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def find_postgresql(folder: Path) -> PostgreSQL | None:
    """The server for the second leg, not yet started; None when there is none to be had."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        return PostgreSQL(given)
    if answers(LOCAL):
        return PostgreSQL(LOCAL)
    binaries = installed_binaries()
    return Throwaway(binaries, folder / "postgresql") if binaries is not None else None


def answers(url: str) -> bool:
    """Whether a database can be made there."""
    try:
        with psycopg.connect(url, connect_timeout=2) as link:
            found = link.execute("SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
    except psycopg.OperationalError:
        return False
    return bool(found and found[0])


def installed_binaries() -> Path | None:
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda place: int(place.parent.name.split(".")[0]))
    on_path = shutil.which("initdb")
    candidates = [*places, *([Path(on_path).resolve().parent] if on_path else [])]
    return next((place for place in reversed(candidates) if (place / "initdb").exists()), None)
