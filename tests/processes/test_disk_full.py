"""No room for SQLite while it writes: on a disk that is full, and for workers that may not make a file longer."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connection

from orchestration.models import Attempt
from tests.processes import databases
from tests.processes.children import Processes, wait_until
from tests.processes.databases import fill
from tests.processes.load import CHAIN, begin, bulky, finished, nothing_lost_or_doubled, publish, resumes, sized
from tests.processes.recorder import Recorder

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(connection.vendor != "sqlite", reason="it is SQLite's; test_postgresql.py has the other"),
]

#: Seconds of work, for a busy machine is late with what disturbs it.
RUNS = sized(150, 600)
FULL_FOR = sized(4, 30)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A small disk where one can be mounted, else a folder."""
    with databases.folder_of_its_own() as found, databases.small_disk(found, megabytes=sized(64, 128)):
        yield found


@pytest.fixture
def database(transactional_db: None, folder: Path) -> Iterator[str]:
    with databases.sqlite_copy(folder) as url:
        yield url


@contextmanager
def full_disk(folder: Path) -> Iterator[None]:
    ballast = fill(folder)
    yield
    ballast.unlink()


@contextmanager
def no_longer_files(processes: Processes) -> Iterator[None]:
    """What a quota does: their next write past the first pages of any file is refused."""
    before = [(process.pid, resource.prlimit(process.pid, resource.RLIMIT_FSIZE)) for process in processes.started]
    for pid, (_, hard) in before:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, hard))
    yield
    for pid, limits in before:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)


def test_runs_go_on_when_there_is_room_again_on_the_disk(processes: Processes, recorder: Recorder, folder: Path):
    if not folder.is_mount():
        pytest.skip("this account may not mount a small file system; the test of the quota does without")
    without_room(processes, recorder, lambda: full_disk(folder))


def test_runs_go_on_when_workers_may_write_again_past_their_quota(processes: Processes, recorder: Recorder):
    without_room(processes, recorder, lambda: no_longer_files(processes))


def without_room(processes: Processes, recorder: Recorder, fault: Callable[[], object]) -> None:
    version = publish({name: bulky(step) for name, step in CHAIN.items()})
    processes.crew()
    runs = begin(version, RUNS)
    wait_until(lambda: len(recorder.all()) > 30, 30, "work")
    with fault():  # type: ignore[attr-defined]
        time.sleep(FULL_FOR)
        stalled = len(recorder.all())
        time.sleep(2)
        assert len(recorder.all()) == stalled < RUNS * 3, "the full disk stopped nothing: the test showed nothing"
    resumes(runs, recorder)
    wait_until(lambda: finished(runs) == RUNS, 30 + RUNS, "all runs to finish")
    nothing_lost_or_doubled(runs, recorder)
    assert not Attempt.objects.filter(outcome="failed").exists(), "no step is blamed for the disk"
