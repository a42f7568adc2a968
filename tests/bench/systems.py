"""The systems that are compared: each with servers of its own and one process that takes orders (side.py).

A system that isn't measured just now is stopped, so that its timers cost the others nothing. Owns their start, their
environment and their end. Never measures.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from tests.bench import account
from tests.bench.dbos_environment import dbos_python
from tests.bench.orders import Obeying
from tests.servers import Broker, Throwaway, installed_binaries

#: Settings of whoever runs the benchmark, which must not reach what is measured.
OURS = ("PLUMBLINE_", "DATABASE_URL", "BROKER_URL", "DJANGO_", "SECRET_KEY", "DEBUG")


@dataclass(frozen=True, slots=True)
class Kind:
    """What makes a system: the module of its side, and the servers it needs."""

    system: str
    database: str
    module: str
    postgresql: bool = False
    redis: bool = False
    #: Whether Celery's messages are kept until they are acknowledged, as they are by default.
    acknowledged: bool = True
    #: What Plumbline's steps declare. The no-op has no effect; declared as writing, each waits for the commit before it.
    effect: str = "none"
    python: Callable[[], str] = field(default=lambda: sys.executable)


KINDS = {
    "plumbline": Kind("plumbline", "PostgreSQL + Redis", "tests.bench.plumbline", postgresql=True, redis=True),
    "plumbline-writes": Kind(
        "plumbline", "PostgreSQL + Redis", "tests.bench.plumbline", postgresql=True, redis=True, effect="write"
    ),
    "celery": Kind("celery", "Redis", "tests.bench.celery_side", redis=True),
    "celery-unacked": Kind("celery", "Redis", "tests.bench.celery_side", redis=True, acknowledged=False),
    "dbos": Kind("dbos", "PostgreSQL", "tests.bench.dbos_side", postgresql=True, python=dbos_python),
    "plumbline-embedded": Kind("plumbline", "SQLite, embedded", "tests.bench.plumbline"),
    "dbos-sqlite": Kind("dbos", "SQLite", "tests.bench.dbos_side", python=dbos_python),
}


class System:
    """One of them, as a context: inside, it runs."""

    def __init__(self, name: str, folder: Path, kind: str | None = None) -> None:
        self.name, self.kind = name, KINDS[kind or name]
        self.folder = folder / name
        self.servers: list[int] = []
        self.variables: dict[str, str] = {}
        self.pid: int | None = None
        self.link: psycopg.Connection[Any] | None = None

    def __enter__(self) -> System:
        with ExitStack() as stack:
            self._start(stack)
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self.stack.close()

    def ask(self, do: str, count: int = 1) -> list[float]:
        """Give an order; the seconds it took, one for each time."""
        self.side.order(do, count)
        return self.side.seconds()

    @property
    def roots(self) -> list[int]:
        """The processes whose trees are this system."""
        return [*([self.pid] if self.pid is not None else []), *self.servers]

    def freeze(self) -> None:
        """Stop the side and all below it; its servers have nothing to do without it."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Go on."""
        self._signal(signal.SIGCONT)

    def written(self) -> int:
        """Bytes so far: PostgreSQL's write-ahead log; else what the processes made dirty in files."""
        if self.link is None:
            return account.written_of(self.roots)
        row = self.link.execute("SELECT pg_current_wal_lsn() - '0/0'::pg_lsn").fetchone()
        assert row is not None
        return int(row[0])

    def start_side(self) -> None:
        """Start the process that takes orders, and wait until it takes them."""
        self.side = Obeying([self.kind.python(), "-m", self.kind.module], self.variables, self.folder / "log")
        self.pid = self.side.process.pid
        self.facts = self.side.facts()

    def stop_side(self) -> None:
        """End it, and all below it; the servers stay."""
        if self.pid is None:
            return
        pids = self._signal(signal.SIGKILL)
        self.side.process.wait()
        self.pid = None
        ends = time.monotonic() + 10
        while any((account.PROC / str(pid)).exists() for pid in pids) and time.monotonic() < ends:
            time.sleep(0.02)

    def _start(self, stack: ExitStack) -> None:
        self.folder.mkdir()
        variables = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        variables |= {"PLUMBLINE_DATA_DIR": str(self.folder), "PLUMBLINE_TASK_MODULES": "tests.bench.work"}
        variables |= {"BENCH_EFFECT": self.kind.effect, "BENCH_ACKNOWLEDGED": str(int(self.kind.acknowledged))}
        if self.kind.postgresql:
            binaries = installed_binaries()
            assert binaries is not None, "no PostgreSQL binaries on this machine"
            server = stack.enter_context(Throwaway(binaries, self.folder / "postgresql"))
            self.servers.append(server.process.pid)
            self.link = stack.enter_context(psycopg.connect(server.url, autocommit=True))
            variables["DATABASE_URL"] = server.url
        if self.kind.redis:
            broker = stack.enter_context(Broker(tcp=True))
            self.servers.append(broker.process.pid)
            variables["BROKER_URL"] = broker.url
        self.variables = variables
        stack.callback(self.stop_side)
        self.start_side()

    def _signal(self, number: int) -> list[int]:
        assert self.pid is not None
        pids = account.tree([self.pid])
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        return pids
