"""The database drops every connection, the broker forgets every message, again and again, while runs are at work."""

from __future__ import annotations

import time

import pytest
import redis
from django.db import connection

from orchestration.engine import plans
from orchestration.models import Attempt, Run, StepRun, WorkerProcess
from orchestration.services.runs import start_run
from tests.processes.conftest import Processes, wait_until
from tests.processes.recorder import Recorder
from tests.processes.test_kills import finished, post, publish_recorded

pytestmark = pytest.mark.processes

RUNS = 30
STEPS = {"one": post("/one"), "two": post("/two", needs=["one"]), "three": post("/three", needs=["two"])}


def started(processes: Processes, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Two workers and the sweeper, up, and runs for them to do."""
    plans.plan_of.cache_clear()
    plans.ports_of.cache_clear()
    monkeypatch.setattr("orchestration.engine.publish.send", lambda ids: 0)  # the sweeper and the workers carry it
    version = publish_recorded(STEPS, name="outages")
    processes.worker("control", threads=1)
    processes.beat()
    for _ in range(2):
        processes.worker()
    wait_until(lambda: WorkerProcess.objects.count() == 3, 60, "the workers")
    return [start_run(version=version, input={"n": number})[0].pk for number in range(RUNS)]


def test_no_outcome_is_lost_or_doubled_when_the_database_drops_every_connection(
    processes: Processes, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
):
    if connection.vendor != "postgresql":
        pytest.skip("an embedded database has no connections to drop")
    runs = started(processes, monkeypatch)
    drops = 0
    while finished(runs) < RUNS and drops < 40:
        before = len(recorder.requests)
        wait_until(
            lambda before=before: len(recorder.requests) > before + 1 or finished(runs) == RUNS,
            60,
            "work between two drops",
        )
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        drops += 1
    wait_until(lambda: finished(runs) == RUNS, 120, "all runs to finish")
    assert drops > 3
    assert set(Run.objects.values_list("result", flat=True)) == {"succeeded"}
    for path in ("/one", "/two", "/three"):
        keys = [request.key for request in recorder.of(path)]
        assert len(set(keys)) == RUNS
    done = Attempt.objects.filter(outcome="succeeded").count()
    assert done == StepRun.objects.count() == RUNS * 3
    # A connection that breaks in its very commit leaves a claim that nobody holds; that alone costs a second call.
    again = len(recorder.requests) - RUNS * 3
    assert again <= Attempt.objects.exclude(outcome="succeeded").count()
    assert not Attempt.objects.filter(outcome="failed").exists(), "no step is blamed for its database"


def test_runs_go_on_when_the_broker_forgets_every_message(
    processes: Processes, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
):
    runs = started(processes, monkeypatch)
    broker = redis.Redis.from_url(processes.environment["BROKER_URL"].replace("redis+socket://", "unix://"))
    ends = time.monotonic() + 3
    while time.monotonic() < ends and finished(runs) < RUNS:
        broker.flushall()
        time.sleep(0.1)
    wait_until(lambda: finished(runs) == RUNS, 90, "all runs to finish")
    assert set(Run.objects.values_list("result", flat=True)) == {"succeeded"}
    assert len(recorder.requests) == RUNS * 3
