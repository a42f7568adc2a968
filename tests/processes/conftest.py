"""Real worker processes, a real broker and the test database, all of this test's own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from tests.processes.recorder import Recorder
from tests.servers import Broker


def wait_until(condition: Callable[[], bool], seconds: float = 60, what: str = "the condition") -> None:
    """Wait for a condition; fails with what was waited for."""
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, f"waited {seconds} s for {what}"
        time.sleep(0.05)


@dataclass
class Processes:
    environment: dict[str, str]
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def spawn(self, *command: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            env=self.environment,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=None if os.environ.get("SHOW_WORKERS") else subprocess.DEVNULL,
        )
        self.started.append(process)
        return process

    def worker(self, queue: str = "steps", threads: int = 4) -> subprocess.Popen[bytes]:
        return self.spawn(
            "celery",
            "--quiet",
            "-A",
            "portal",
            "worker",
            "--pool",
            "threads",
            "-c",
            str(threads),
            "-Q",
            queue,
            "-n",
            f"{queue}-{len(self.started)}@%h",
            "--without-gossip",
            "--without-mingle",
            "--loglevel",
            "WARNING",
        )

    def beat(self) -> subprocess.Popen[bytes]:
        folder = Path(self.environment["PLUMBLINE_DATA_DIR"])
        return self.spawn(
            "celery",
            "--quiet",
            "-A",
            "portal",
            "beat",
            "--schedule",
            str(folder / f"beat-{len(self.started)}"),
            "--pidfile",
            "",
        )

    def stop(self) -> None:
        for process in self.started:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
        for process in self.started:
            process.wait()


def database_url() -> str:
    """The test database of this process, for its children."""
    found = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{found['NAME']}"
    password = f":{found['PASSWORD']}" if found["PASSWORD"] else ""
    return f"postgresql://{found['USER']}{password}@{found['HOST']}:{found['PORT'] or 5432}/{found['NAME']}"


@pytest.fixture
def broker() -> Iterator[str]:
    """A broker of this test's own, as the leg has it: embedded with SQLite, Redis over TCP with PostgreSQL."""
    with Broker(tcp=connection.vendor == "postgresql") as found:
        yield found.url


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    with Recorder() as found:
        yield found


@pytest.fixture
def processes(transactional_db: None, broker: str, recorder: Recorder, tmp_path: Path) -> Iterator[Processes]:
    """Spawns workers that share this test's database, broker and recorder."""
    environment = {
        **os.environ,
        "DATABASE_URL": database_url(),
        "BROKER_URL": broker,
        "PLUMBLINE_DATA_DIR": str(tmp_path),
        "SECRET_KEY": settings.SECRET_KEY,
        "RECORDER_URL": recorder.url,
        "PLUMBLINE_LEASE_SECONDS": "2",
        "CELERY_SKIP_CHECKS": "1",
    }
    found = Processes(environment)
    yield found
    found.stop()
    connection.close()
