"""PostgreSQL restarts and crashes under load, and its disk is full: in a cluster of the test's own."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from orchestration.models import Attempt, WorkerProcess
from tests.processes import databases
from tests.processes.children import Processes, wait_until
from tests.processes.databases import Cluster, fill
from tests.processes.load import CHAIN, begin, bulky, finished, nothing_lost_or_doubled, publish, resumes, sized
from tests.processes.recorder import Recorder

pytestmark = [
    pytest.mark.processes,
    pytest.mark.xdist_group("cluster"),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="an embedded database has no server"),
    pytest.mark.skipif(
        databases.installed_binaries() is None, reason="no PostgreSQL binaries for one of the test's own"
    ),
]

#: Seconds of work, for a busy machine is late with what disturbs it.
RUNS = sized(200, 600)
FULL_FOR = sized(4, 20)


@pytest.fixture(scope="module")
def cluster(django_db_setup: None, django_db_blocker: Any) -> Iterator[Cluster]:
    with django_db_blocker.unblock(), databases.cluster() as found:
        yield found


@pytest.fixture
def database(transactional_db: None, cluster: Cluster) -> Iterator[str]:
    with databases.moved_to(**cluster.another()) as url:
        yield url


def test_no_outcome_is_lost_or_doubled_when_postgresql_restarts_three_times(
    cluster: Cluster, processes: Processes, recorder: Recorder
):
    version = publish(CHAIN)
    processes.crew()
    runs = begin(version, RUNS)
    lease = float(processes.environment["PLUMBLINE_LEASE_SECONDS"])
    # The last is longer than a lease: what waited in it for its database is somebody else's when it may go on.
    for how, away in ((signal.SIGINT, 1.0), (signal.SIGQUIT, 1.0), (signal.SIGINT, lease + 2)):
        before = len(recorder.all())
        wait_until(lambda seen=before: len(recorder.all()) > seen + 15, 60, "work between two restarts")
        cluster.stop(how)
        time.sleep(away)
        cluster.start()
        assert finished(runs) < RUNS, "it restarted when all was over: the test showed nothing"
        resumes(runs, recorder)
    wait_until(lambda: finished(runs) == RUNS, RUNS, "all runs to finish")
    nothing_lost_or_doubled(runs, recorder)
    assert not Attempt.objects.filter(outcome="failed").exists(), "no step is blamed for its database"
    assert WorkerProcess.objects.count() == 3, "no worker had to be started again"


def test_runs_go_on_when_there_is_room_again_on_the_disk_of_postgresql(
    cluster: Cluster, processes: Processes, recorder: Recorder
):
    if not cluster.folder.is_mount():
        pytest.skip("this account may not mount a small file system")
    version = publish({name: bulky(step) for name, step in CHAIN.items()})
    processes.crew()
    runs = begin(version, RUNS)
    wait_until(lambda: len(recorder.all()) > 30, 30, "work")
    ballast = fill(cluster.folder)
    time.sleep(FULL_FOR)
    stalled = len(recorder.all())
    time.sleep(2)
    assert len(recorder.all()) == stalled < RUNS * 3, "the full disk stopped nothing: the test showed nothing"
    ballast.unlink()
    if not cluster.answers():  # it stops when even its log finds no room; whoever made room starts it
        cluster.stop(signal.SIGQUIT)
        cluster.start()
    resumes(runs, recorder)
    wait_until(lambda: finished(runs) == RUNS, 30 + RUNS, "all runs to finish")
    nothing_lost_or_doubled(runs, recorder)
    assert not Attempt.objects.filter(outcome="failed").exists(), "no step is blamed for its database"
