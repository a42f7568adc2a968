"""Starts the product's own children for one test, by the supervisor's command lines, and sees that none is left.

Owns the processes that a test started and what they said. Never starts a broker or a database: tests/servers.py does.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from orchestration.models import WorkerProcess
from portal.supervisor.child import Child
from portal.supervisor.plan import Options, children
from tests.servers import free_port

ROOT = Path(__file__).resolve().parent.parent.parent


def wait_until(condition: Callable[[], bool], seconds: float = 60, what: str = "the condition") -> None:
    """Wait for a condition; fails with what was waited for."""
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, f"waited {seconds} s for {what}"
        time.sleep(0.05)


@dataclass
class Processes:
    environment: dict[str, str]
    folder: Path
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def spawn(self, name: str, command: list[str], **environment: str) -> subprocess.Popen[bytes]:
        """Start it in a session of its own; what it says on standard error goes to a file."""
        log = self.folder / f"{len(self.started)}-{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                command, cwd=ROOT, env={**self.environment, **environment}, start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=None if os.environ.get("SHOW_WORKERS") else output,
            )  # fmt: skip
        self.started.append(process)
        return process

    def worker(self, queue: str = "steps", *options: str, **environment: str) -> subprocess.Popen[bytes]:
        """A worker as the supervisor starts it; of an option that is given twice, Celery takes the last."""
        child = self._child(queue)
        name = ["-n", f"{queue}-{len(self.started)}@%h"]
        return self.spawn(queue, [*child.command, *name, *options], **child.environment, **environment)

    def beat(self) -> subprocess.Popen[bytes]:
        child = self._child("beat")
        schedule = ["--schedule", str(self.folder / f"beat-{len(self.started)}")]
        return self.spawn("beat", [*child.command, *schedule], **child.environment)

    def crew(self, *options: str, workers: int = 2) -> list[subprocess.Popen[bytes]]:
        """The sweeper with its beat, and workers with these options, all of them up; the workers."""
        self.worker("control")
        self.beat()
        found = [self.worker("steps", *options) for _ in range(workers)]
        wait_until(lambda: WorkerProcess.objects.count() > workers, 60, "the workers")
        return found

    def web(self) -> str:
        """The web process, up; its address."""
        port = free_port()
        child = self._child("web", port)
        self.spawn("web", child.command, **child.environment)
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: _answers(f"{url}/healthz"), 60, "the web process")
        return url

    def python(self, module: str, *arguments: str) -> subprocess.Popen[bytes]:
        """A module of the tests' own, in a process of its own."""
        return self.spawn(module.rpartition(".")[2], [sys.executable, "-m", module, *arguments])

    def command(self, name: str, *words: str, **environment: str) -> subprocess.Popen[bytes]:
        """This Python with these words, in a process of its own."""
        return self.spawn(name, [sys.executable, *words], **environment)

    def said(self) -> str:
        """What all of them wrote on standard error."""
        return "\n".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("*.log")))

    def stop(self) -> None:
        """End them all; fails when something that they started is left."""
        for process in self.started:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
        for process in self.started:
            process.wait()
        wait_until(lambda: not left_of({process.pid for process in self.started}), 5, "everything they started to end")

    def _child(self, name: str, port: int = 0) -> Child:
        options = Options(host="127.0.0.1", port=port, sandbox_port=None, token_file=None)
        return next(child for child in children(options) if child.name == name)


def left_of(sessions: set[int]) -> list[int]:
    """Processes that live in one of these sessions."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, session = path.read_text().rpartition(")")[2].split()[:4]
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended while we looked
        if int(session) in sessions and state != "Z":
            found.append(int(path.parent.name))
    return found


def memory_of(process: subprocess.Popen[bytes]) -> int:
    """Bytes of memory that it has in use."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) * 1024


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=1).status_code == 200
    except httpx.HTTPError:
        return False
