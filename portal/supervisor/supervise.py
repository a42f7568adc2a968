"""Keeps the children running until a signal comes, then stops them, the broker last. Never restarts while stopping."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType

from portal.supervisor.child import Child

#: Seconds that the children have to finish what they hold before they are killed; the engine loses nothing by it.
PATIENCE = 10.0


def supervise(children: list[Child], say: Callable[[str], None], on_running: Callable[[], None]) -> None:
    """Start all, call `on_running`, restart what ends; return after SIGTERM or SIGINT when all have ended."""
    stop = threading.Event()

    def ask(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask)
    try:
        for child in children:
            child.start()
        on_running()
        while not stop.wait(0.2):
            for child in children:
                code = child.tend()
                if code is not None and not (child.once and code == 0):
                    say(f"{child.name} ended with {code}; starting it again")
    finally:
        say("stopping")
        for last in (False, True):
            ending = [child for child in children if child.last_stopped is last]
            for child in ending:
                child.signal(signal.SIGTERM)
            for child in ending:
                child.wait(PATIENCE)
