"""What a measurement cost: CPU seconds, memory and bytes written of whole process trees, read from /proc.

CPU counts children that have ended too (a server's connections), through the parent that waited for them. Linux only.
Never starts or stops anything.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

PROC = Path("/proc")
TICK = os.sysconf("SC_CLK_TCK")


def cpu_of(roots: Iterable[int]) -> float:
    """User and system seconds of these processes and all below them."""
    return sum(int(ticks) for pid in tree(roots) for ticks in _stat(pid)[11:15]) / TICK


def busy() -> float:
    """Seconds that all cores of the machine together have worked since it started."""
    user, nice, system, _, _, interrupts, soft, *_ = (PROC / "stat").read_text().split("\n", 1)[0].split()[1:]
    return sum(map(int, (user, nice, system, interrupts, soft))) / TICK


def memory_of(roots: Iterable[int]) -> float:
    """Megabytes; a page that processes share is divided among them."""
    return sum(_field(PROC / str(pid) / "smaps_rollup", "Pss:") for pid in tree(roots)) / 1024


def written_of(roots: Iterable[int]) -> int:
    """Bytes of file pages that they made dirty."""
    return sum(_field(PROC / str(pid) / "io", "write_bytes:") for pid in tree(roots))


def tree(roots: Iterable[int]) -> list[int]:
    """These processes and all below them."""
    children: dict[int, list[int]] = {}
    for place in PROC.iterdir():
        if place.name.isdigit() and (fields := _stat(int(place.name))):
            children.setdefault(int(fields[1]), []).append(int(place.name))
    found: list[int] = []
    waiting = list(roots)
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting.extend(children.get(pid, ()))
    return found


def _stat(pid: int) -> list[str]:
    """The fields after the name, from the state on; none when the process is gone."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _field(file: Path, name: str) -> int:
    try:
        lines = file.read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(name)), 0)
