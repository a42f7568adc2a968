"""Machines whose clocks differ by minutes: the database's time decides who holds a lease and when a timer is due."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection

from orchestration.models import Attempt, WorkerProcess
from tests.processes.children import Processes, wait_until
from tests.processes.load import begin, finished, nothing_lost_or_doubled, post, publish, sized
from tests.processes.recorder import Recorder

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(
        connection.vendor != "postgresql", reason="an embedded database and its workers share one clock"
    ),
]

SHIFTED = str(Path(__file__).parent / "shifted")
WAIT = 2.0


def long_step(lease: str) -> dict[str, object]:
    """It takes longer than a lease: only a heartbeat keeps it."""
    request = {"method": "POST", "path": "/long", "query": {"seconds": f"{float(lease) * 1.5}"}}
    return post("/long", http={**request, "json": {"run": "${{ run.id }}"}}, timeout={"start_to_close": "60s"})


@pytest.mark.parametrize(
    "shifts",
    [{"steps": ("-300", "300"), "control": "0"}, {"steps": ("0", "-300"), "control": "300"}],
    ids=["workers", "sweeper"],
)
def test_a_clock_that_is_minutes_off_takes_no_lease_and_moves_no_timer(
    processes: Processes, recorder: Recorder, shifts: dict[str, object]
):
    lease = processes.environment["PLUMBLINE_LEASE_SECONDS"]
    version = publish(
        {
            "before": post("/before"),
            "long": long_step(lease),
            "pause": {"wait": {"for": f"{WAIT:g}s"}, "needs": ["before"]},
            "after": post("/after", needs=["pause"]),
        }
    )
    processes.worker("control", PYTHONPATH=SHIFTED, CLOCK_SHIFT=str(shifts["control"]))
    processes.beat()
    for shift in shifts["steps"]:  # type: ignore[attr-defined]
        processes.worker(PYTHONPATH=SHIFTED, CLOCK_SHIFT=shift)
    wait_until(lambda: WorkerProcess.objects.count() == 3, 60, "the workers")
    runs = begin(version, sized(6, 60))
    wait_until(lambda: finished(runs) == len(runs), 30 + 6 * len(runs), "all runs to finish")

    nothing_lost_or_doubled(runs, recorder)
    assert not Attempt.objects.exclude(outcome="succeeded").exists(), "a lease was taken from its holder"
    for run in map(str, runs):
        (before,) = (request for request in recorder.of("/before") if request.body["run"] == run)
        (after,) = (request for request in recorder.of("/after") if request.body["run"] == run)
        assert (after.at - before.at).total_seconds() >= WAIT, "a timer fired before its time"
