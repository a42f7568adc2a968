"""Runs a command and ends it when the process that started the guard is gone: where there is no parent-death signal.

Owns that watch. Never restarts anything.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from types import FrameType


def main(command: list[str]) -> int:
    """Run the command until it ends or the parent does; its exit code."""
    parent = os.getppid()
    process = subprocess.Popen(command)  # noqa: S603 - the supervisor's own command line

    def forward(number: int, _frame: FrameType | None) -> None:
        process.send_signal(number)

    signal.signal(signal.SIGTERM, forward)
    signal.signal(signal.SIGINT, forward)
    while process.poll() is None:
        if os.getppid() != parent:
            process.kill()
            break
        time.sleep(0.2)
    return process.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
