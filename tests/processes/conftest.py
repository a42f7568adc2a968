"""Real worker processes, a real broker and the test database, all of this test's own."""

from __future__ import annotations

import os
import shutil
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

from portal.supervisor.plan import broker_binary
from tests.processes.recorder import Recorder


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
def broker(tmp_path: Path) -> Iterator[str]:
    """A broker of this test's own on a unix socket."""
    folder = Path("/tmp") / f"pl-{os.getpid()}-{time.monotonic_ns() % 10**9}"
    folder.mkdir()
    path = folder / "b.sock"
    command = [broker_binary(), "--port", "0", "--unixsocket", str(path), "--save", "", "--appendonly", "no"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=folder)
    wait_until(path.exists, 10, "the broker's socket")
    yield f"redis+socket://{path}"
    process.kill()
    process.wait()
    shutil.rmtree(folder)


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
