"""A noisy team and a quiet one, with real workers. How soon the quiet one's run starts is measured by tests/bench/fairness.py."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.conf import settings
from django.db.models import F

from orchestration.engine import places
from orchestration.limits import spare_threads
from orchestration.models import Run, StepRun, WorkerProcess
from orchestration.services.runs import start_run, start_runs
from tests.engine.harness import echo
from tests.engine.harness import publish as publish_for
from tests.processes.children import Processes, wait_until
from tests.processes.load import CHAIN, nothing_lost_or_doubled, publish, sized
from tests.processes.recorder import Recorder

pytestmark = pytest.mark.processes

NOISY, THREADS = sized(150, 2_000), 4


def test_a_noisy_teams_queue_is_worked_off_and_leaves_room_for_another_team(
    processes: Processes, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
):
    noisy = publish(CHAIN)
    quiet = publish_for({"a": echo(1)}, name="quiet", owner="quiet")
    processes.environment |= {"PLUMBLINE_ACTIVE_RUNS": "0", "PLUMBLINE_WORKER_THREADS": str(THREADS)}
    monkeypatch.setattr(settings, "PLUMBLINE", replace(settings.PLUMBLINE, active_runs=0, worker_threads=THREADS))
    monkeypatch.setattr("orchestration.engine.publish._ask", lambda task, arguments: None)
    processes.crew()
    workers = WorkerProcess.objects.filter(queue="steps")
    wait_until(lambda: workers.count() == 2, 60, "each worker to say what it does")
    places.forget()

    runs = start_runs(version=noisy, inputs=[{}] * NOISY)
    waiting = Run.objects.filter(version=noisy, status="queued")
    room = places.places(2)
    assert room == 2 * 2 * (THREADS - spare_threads(THREADS)), "of each process: at work, and at hand"
    at_once = Run.objects.filter(version=noisy, started_at=F("created_at"))
    assert at_once.count() == room, "the others waited, if only for a moment"
    mine, _ = start_run(version=quiet, input={})
    assert mine.status == "running"
    wait_until(lambda: Run.objects.get(pk=mine.pk).status == "finished", 60, "the quiet team's run")
    assert waiting.exists(), "the noisy team's queue was over before it could hold up anybody"
    at_work = StepRun.objects.filter(run__version=noisy, status="running", lease_until__isnull=False)
    assert at_work.count() <= 2 * THREADS

    ids = [run.pk for run in runs]
    wait_until(lambda: not Run.objects.filter(pk__in=ids).exclude(status="finished").exists(), 180, "the noisy runs")
    nothing_lost_or_doubled(ids, recorder)
