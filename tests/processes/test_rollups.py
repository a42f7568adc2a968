"""Rollups while whoever works and whoever counts is killed: in the end each outcome was counted once."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection, transaction

from orchestration import clock
from orchestration.models import (
    Attempt,
    OutcomeBatch,
    RollupDay,
    RollupDirty,
    RollupHour,
    RollupMinute,
    Run,
    Series,
    StepRun,
    WorkflowVersion,
)
from orchestration.telemetry.fold import fold, sum_dirty
from orchestration.telemetry.outcomes import note, run_row
from tests.processes.children import Processes, wait_until
from tests.processes.load import begin, finished, post, publish, sized
from tests.processes.recorder import Recorder

pytestmark = pytest.mark.processes

#: A step that calls, one that doesn't and one that fails at last.
STEPS = {
    "call": post("/one"),
    "plain": {"python": "test.echo", "with": {"value": 1}, "effect": "none", "needs": ["call"]},
    "odd": {
        "python": "test.echo", "with": {}, "when": "input.n % 5 == 0", "needs": ["plain"],
        "retry": {"maximum_attempts": 2, "initial_interval": "1s", "jitter": "none"},
    },
}  # fmt: skip


def commit_late(version: WorkflowVersion, at: object, open_for: float) -> threading.Thread:
    """A transaction that noted an outcome at this moment and commits when later ones have long been counted."""

    def hold() -> None:
        with transaction.atomic():
            if connection.vendor == "postgresql":  # which the product has end a transaction that idles for so long
                connection.cursor().execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            note([run_row(version.pk, "cancelled", began=at, at=at)])
            time.sleep(open_for)
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    return thread


def test_killed_workers_killed_folders_and_late_commits_count_each_outcome_once(
    processes: Processes, recorder: Recorder
):
    version = publish(STEPS)
    chance = random.Random(5)
    start = [
        lambda: processes.worker("steps", PLUMBLINE_WORKER_THREADS="4"),
        lambda: processes.worker("control"),
        lambda: processes.python("tests.processes.folder"),
        lambda: processes.python("tests.processes.folder"),
    ]
    alive = [one() for one in start]
    processes.beat()
    late = [commit_late(version, clock.now() - timedelta(hours=hours), sized(3, 20)) for hours in (0, 60)]
    runs, kills = begin(version, 20), 0
    ends = time.monotonic() + sized(12, 60)
    while time.monotonic() < ends:
        time.sleep(chance.uniform(0.1, 0.5))  # anywhere inside what they do
        runs += begin(version, 2)
        victim = chance.choice([0, 1, 2, 3, 2, 3])
        os.kill(alive[victim].pid, signal.SIGKILL)
        alive[victim].wait()
        alive[victim] = start[victim]()
        kills += 1
    wait_until(lambda: finished(runs) == len(runs), 120, "all runs to finish")
    for thread in late:
        thread.join()
    wait_until(lambda: not OutcomeBatch.objects.exists(), 30, "everything to be counted")
    for process in alive:
        process.kill()
        process.wait()
    while fold().batches or sum_dirty():
        pass
    assert not RollupDirty.objects.exists()
    assert kills >= sized(10, 40), "too few kills to show anything"
    counted_once(len(late))


def counted_once(cancelled: int) -> None:
    """Every table says what the rows of runs, steps and attempts say."""
    results = Counter(Run.objects.values_list("result", flat=True))
    steps = Counter(StepRun.objects.values_list("name", "status"))
    retried = Attempt.objects.filter(next_at__isnull=False, phase="forward").count()
    calls = StepRun.objects.filter(name="call", status="succeeded").count()
    calls += Attempt.objects.filter(step__name="call", outcome__in=["failed", "timed_out"]).count()
    for table in (RollupDay, RollupHour, RollupMinute):
        rows = list(table.objects.select_related("series"))
        run = [row for row in rows if (row.series.kind, row.series.version) == (Series.Kind.RUN, "")]
        assert sum(row.ok for row in run) == results["succeeded"], table
        assert sum(row.error for row in run) == results["failed"], table
        if table is not RollupMinute:  # one of them came too late for minutes
            assert sum(row.cancelled for row in run) == cancelled, table
        for name in STEPS:
            of = [row for row in rows if (row.series.kind, row.series.version, row.series.step) == ("step", "", name)]
            assert sum(row.ok for row in of) == steps[name, "succeeded"], (table, name)
            assert sum(row.error for row in of) == steps[name, "failed"], (table, name)
        assert sum(row.n for row in rows if row.series.kind == "retry") == retried, table
        assert sum(row.n for row in rows if row.series.kind == "call" and not row.series.workflow) == calls, table
    assert results["succeeded"] > 0
    assert steps["odd", "failed"] > 0
