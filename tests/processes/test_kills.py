"""Workers killed, frozen and sent away in the middle of things, against a server that logs every request."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from uuid import UUID

import pytest
from django.conf import settings

from orchestration.engine.wake import ROUND
from orchestration.limits import MAX_LOSSES
from orchestration.models import Attempt, EngineMark, StepRun, WorkerProcess, WorkflowVersion
from tests.processes.children import Processes, wait_until
from tests.processes.load import (
    CHAIN,
    DIAMOND,
    RESUMED,
    begin,
    finished,
    nothing_lost_or_doubled,
    post,
    publish,
    sized,
    slowest_rescue,
)
from tests.processes.recorder import Recorder

pytestmark = pytest.mark.processes

KILLS, RUNS = sized((20, 100), (100, 1_000))


def unluckiest(runs: list[UUID]) -> bool:
    """Whether a step that is still to be done was lost so often that the next kill may fail it, as it is meant to be."""
    hit = StepRun.objects.filter(run_id__in=runs, finished_at=None, losses__gte=MAX_LOSSES - 1)
    return hit.exists()


def test_every_run_survives_twenty_killed_workers_with_one_key_per_step(processes: Processes, recorder: Recorder):
    version = publish(DIAMOND)
    chance = random.Random(20)
    # Few steps at once in each, or a step would by bad luck be lost as often as fails it.
    start = [
        lambda: processes.worker("steps", "-c", "4", PLUMBLINE_WORKER_THREADS="4"),
        lambda: processes.worker("steps", "-c", "4", PLUMBLINE_WORKER_THREADS="4"),
        lambda: processes.worker("control"),
        processes.beat,
    ]
    alive: list[subprocess.Popen[bytes]] = [one() for one in start]
    wait_until(lambda: WorkerProcess.objects.count() == 3, 60, "the workers")
    runs = begin(version, RUNS)

    for number in range(KILLS):
        before = len(recorder.all())
        wait_until(
            lambda seen=before: (len(recorder.all()) > seen + 2 and not unluckiest(runs)) or finished(runs) == RUNS,
            60, "work between two kills",
        )  # fmt: skip
        time.sleep(chance.random() * 0.2)  # anywhere inside a step, not at its start
        victim = 2 + number // 7 % 2 if number % 7 == 6 else chance.randrange(2)  # the sweeper and its beat too
        os.kill(alive[victim].pid, signal.SIGKILL)
        alive[victim] = start[victim]()

    wait_until(lambda: finished(runs) == RUNS, RUNS, "all runs to finish")
    nothing_lost_or_doubled(runs, recorder)
    assert Attempt.objects.filter(outcome="lost").exists(), "no kill hit a step: the test showed nothing"
    assert slowest_rescue(runs) <= RESUMED


def frozen_and_taken_over(
    version: WorkflowVersion, processes: Processes, recorder: Recorder
) -> tuple[subprocess.Popen[bytes], list[UUID]]:
    """One run whose first worker froze in its call, and whose second is in the same call now; both are held."""
    (frozen,) = processes.crew(workers=1)
    recorder.hold.clear()
    runs = begin(version, 1)
    wait_until(lambda: len(recorder.of("/held/only")) == 1, 30, "the first worker's request")
    os.kill(frozen.pid, signal.SIGSTOP)
    processes.worker()
    wait_until(lambda: len(recorder.of("/held/only")) == 2, 30, "the second worker to take over")
    return frozen, runs


def test_what_a_killed_worker_held_is_freed_in_time_without_the_control_worker(
    processes: Processes, recorder: Recorder
):
    version = publish({"only": post("/held/only"), "pause": {"wait": {"for": "1s"}, "needs": ["only"]}})
    recorder.hold.clear()
    victim = processes.worker()
    runs = begin(version, 1)
    wait_until(lambda: len(recorder.of("/held/only")) == 1, 60, "the first worker's request")
    processes.worker()
    wait_until(lambda: WorkerProcess.objects.count() == 2, 60, "the second worker")
    os.kill(victim.pid, signal.SIGKILL)
    wait_until(lambda: len(recorder.of("/held/only")) == 2, RESUMED, "the second worker to take over")
    recorder.hold.set()
    wait_until(lambda: finished(runs) == 1, 30, "the timer to pass, and the run to finish")
    nothing_lost_or_doubled(runs, recorder)
    assert not EngineMark.objects.filter(name=ROUND).exists(), "a control worker swept: the test showed nothing"


def test_the_late_result_of_a_frozen_worker_is_refused(processes: Processes, recorder: Recorder):
    version = publish({"only": post("/held/only"), "after": post("/after", needs=["only"])})
    frozen, runs = frozen_and_taken_over(version, processes, recorder)
    recorder.hold.set()
    wait_until(lambda: finished(runs) == 1, 30, "the run to finish")
    os.kill(frozen.pid, signal.SIGCONT)
    first = recorder.of("/held/only")[0]
    wait_until(lambda: first.answered, 10, "the frozen worker's answer")
    time.sleep(1.5)  # nothing to wait for: what must not happen is given its chance

    step = StepRun.objects.get(run=runs[0], name="only")
    assert json.loads(step.output)["id"] == recorder.of("/held/only")[1].given
    assert len(recorder.of("/after")) == 1
    outcomes = list(Attempt.objects.filter(step=step).order_by("id").values_list("outcome", flat=True))
    assert outcomes == ["lost", "succeeded"]
    nothing_lost_or_doubled(runs, recorder)
    assert slowest_rescue(runs) <= RESUMED


def test_the_late_result_of_a_frozen_worker_is_refused_while_another_is_still_at_it(
    processes: Processes, recorder: Recorder
):
    version = publish(
        {"only": post("/held/only", timeout={"start_to_close": "60s"}), "after": post("/after", needs=["only"])}
    )
    frozen, runs = frozen_and_taken_over(version, processes, recorder)
    first, second = recorder.of("/held/only")
    recorder.released.add(first.given)
    os.kill(frozen.pid, signal.SIGCONT)
    wait_until(lambda: first.answered, 10, "the frozen worker's answer")
    time.sleep(1.5)  # nothing to wait for: what must not happen is given its chance
    assert StepRun.objects.get(run=runs[0], name="only").status == "running", "the step is the second worker's"
    recorder.hold.set()
    wait_until(lambda: finished(runs) == 1, 30, "the run to finish")
    assert json.loads(StepRun.objects.get(run=runs[0], name="only").output)["id"] == second.given
    nothing_lost_or_doubled(runs, recorder)


def test_workers_that_freeze_by_turns_under_load_double_nothing(processes: Processes, recorder: Recorder):
    version = publish(CHAIN)
    workers = processes.crew()
    lease, freezes = float(processes.environment["PLUMBLINE_LEASE_SECONDS"]), sized(2, 6)
    runs = begin(version, sized(60, 600))

    for number in range(freezes):
        zombie = workers[number % 2].pid
        before = len(recorder.all())
        wait_until(lambda seen=before: len(recorder.all()) > seen + 5 or finished(runs) == len(runs), 30, "work")
        os.kill(zombie, signal.SIGSTOP)
        time.sleep(lease + 1.5)  # the lease must end while it is frozen: that is the case
        os.kill(zombie, signal.SIGCONT)
    wait_until(lambda: finished(runs) == len(runs), len(runs), "all runs to finish")
    nothing_lost_or_doubled(runs, recorder, thawed=freezes * settings.PLUMBLINE.worker_threads)


def test_a_worker_that_is_asked_to_leave_finishes_what_it_holds(processes: Processes, recorder: Recorder):
    version = publish(CHAIN)
    workers = processes.crew()
    runs = begin(version, sized(40, 400))
    for worker in workers:
        before = len(recorder.all())
        wait_until(lambda seen=before: len(recorder.all()) > seen + 5, 30, "work")
        processes.worker()
        worker.send_signal(signal.SIGTERM)
    for worker in workers:
        assert worker.wait(30) == 0
    wait_until(lambda: finished(runs) == len(runs), 30 + len(runs), "all runs to finish")
    nothing_lost_or_doubled(runs, recorder)
    assert not Attempt.objects.exclude(outcome="succeeded").exists(), "leaving in good order costs no attempt"
    assert len(recorder.all()) == len(runs) * 3
