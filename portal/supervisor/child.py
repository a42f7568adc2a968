"""One child process: started in a session of its own, restarted with back-off, never outliving its supervisor.

A supervisor killed with -9 can't clean up, so on Linux the kernel kills the child (parent-death signal), and elsewhere
portal/supervisor/guard.py watches. Owns one process. Never decides which children there are.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field

PR_SET_PDEATHSIG = 1
#: Seconds before a restart; doubled each time up to the most, and forgotten after a good while of running.
FIRST_PAUSE, LONGEST_PAUSE, GOOD_RUN = 0.5, 15.0, 60.0


@dataclass(slots=True)
class Child:
    """A command that shall run. `last_stopped` children outlive the others at the end: the broker. `once`: it has done
    what it is for when it ends with 0."""

    name: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    last_stopped: bool = False
    once: bool = False
    process: subprocess.Popen[bytes] | None = None
    _pause: float = FIRST_PAUSE
    _started: float = 0.0
    _restart_at: float = 0.0

    def start(self) -> None:
        """Start it now."""
        command = (
            self.command
            if sys.platform == "linux"
            else [sys.executable, "-m", "portal.supervisor.guard", *self.command]
        )
        parent = os.getpid()
        self.process = subprocess.Popen(  # noqa: S603 - commands are built by portal/supervisor/plan.py
            command,
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=(lambda: _die_with(parent)) if sys.platform == "linux" else None,  # noqa: PLW1509
        )
        self._started = time.monotonic()

    def tend(self) -> int | None:
        """Start it again when it ended; its exit code when it just did."""
        now = time.monotonic()
        if self.process is None:
            if now >= self._restart_at:
                self.start()
            return None
        code = self.process.poll()
        if code is None:
            return None
        self._pause = FIRST_PAUSE if now - self._started > GOOD_RUN else min(self._pause * 2, LONGEST_PAUSE)
        self._restart_at = float("inf") if self.once and code == 0 else now + self._pause
        self.process = None
        return code

    def signal(self, number: int) -> None:
        """Send a signal to the child, if it lives."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)

    def wait(self, seconds: float) -> None:
        """Wait for its end; after `seconds` it is killed with everything in its session."""
        if self.process is None:
            return
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def _die_with(parent: int) -> None:
    """Runs in the child before exec: be killed when the supervisor dies, also when it died just now."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
