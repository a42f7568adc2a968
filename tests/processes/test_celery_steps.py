"""A second Celery app, somebody else's, does steps of our runs: it succeeds, fails, dies and does things twice."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
import uuid
from typing import Any

import pytest

from orchestration.models import Attempt, Run, StepRun, WorkerProcess, WorkflowVersion
from tests.processes.children import Processes, wait_until
from tests.processes.load import begin, finished, nothing_lost_or_doubled, post, publish, results, sized
from tests.processes.recorder import Recorder
from tests.rabbitmq import AnyBroker, RabbitMQ

pytestmark = pytest.mark.processes

RUNS, KILLS = sized((12, 4), (300, 40))
#: So many runs are open at a time: a task's time begins when it is sent, and their worker does one after the other.
AT_ONCE = 12
SOON = {"initial_interval": "200ms", "maximum_attempts": 10, "jitter": "none", "maximum_interval": "1s"}


def theirs(task: str = "shop.pack", **more: Any) -> dict[str, Any]:
    """A step that is a task of their app."""
    given = {"run": "${{ run.id }}", **more.pop("with", {})}
    return {"celery": {"task": task, "queue": "shop"}, "with": given, "retry": SOON, **more}


def chain(missed_after: str) -> dict[str, Any]:
    """Two tasks of theirs and a step of ours; what is lost of them is missed after so long."""
    timeout = {"start_to_close": missed_after}
    return {
        "pack": theirs(timeout=timeout),
        "send": theirs(timeout=timeout, needs=["pack"], **{"with": {"path": "/send"}}),
        "after": post("/after", needs=["send"]),
    }


def shop(processes: Processes, *, tells: bool = True) -> subprocess.Popen[bytes]:
    """A worker of their app, up; without our settings in its surroundings."""
    command = [
        *("-m", "celery", "--quiet", "-A", "tests.processes.shop", "worker", "--pool", "solo", "-Q", "shop"),
        *("-n", f"shop-{len(processes.started)}@%h", "--without-gossip", "--without-mingle", "--loglevel", "INFO"),
    ]
    environment = {"DJANGO_SETTINGS_MODULE": "", "SHOP_TELLS": "1" if tells else ""}
    return processes.command("shop", *command, **environment)


def feed(version: WorkflowVersion, runs: list[uuid.UUID]) -> None:
    """Begin as many more as there is room for."""
    runs += begin(version, max(min(AT_ONCE - len(runs) + finished(runs), RUNS - len(runs)), 0))


def work_off(version: WorkflowVersion, runs: list[uuid.UUID]) -> None:
    """Begin the rest of RUNS, and wait for all of them."""
    while len(runs) < RUNS:
        feed(version, runs)
        wait_until(lambda: len(runs) - finished(runs) < AT_ONCE or len(runs) == RUNS, 60, "room for another run")
    wait_until(lambda: finished(runs) == RUNS, 120, "all runs to finish")


def runs_of(processes: Processes, steps: list[dict[str, Any]], *, tells: bool = True) -> list[Run]:
    """A run of each of these steps, over."""
    shop(processes, tells=tells)
    processes.crew(workers=1)
    found = [begin(publish({"only": step}, name=f"one-{number}"), 1)[0] for number, step in enumerate(steps)]
    wait_until(lambda: finished(found) == len(found), 60, "the runs to finish")
    return [Run.objects.get(pk=pk) for pk in found]


def test_runs_are_done_by_somebody_elses_app_and_ours_in_turn(processes: Processes, recorder: Recorder):
    version = publish(chain("60s"))  # nothing is lost
    shop(processes)
    processes.crew()
    runs: list[uuid.UUID] = []
    work_off(version, runs)
    nothing_lost_or_doubled(runs, recorder)
    assert len(recorder.all()) == RUNS * 3
    assert not Attempt.objects.exclude(outcome="succeeded").exists()
    traces = dict(Run.objects.filter(pk__in=runs).values_list("pk", "trace_id"))
    asked = recorder.of("/pack")
    assert {request.traceparent.split("-")[1] for request in asked} == set(traces.values())
    assert not StepRun.objects.filter(run__in=runs, name="pack", input="").exists(), "answered early, with its input"


def test_what_went_wrong_in_their_task_is_told_where_their_app_imports_our_callbacks(
    processes: Processes, recorder: Recorder
):
    once = {"maximum_attempts": 1}
    broken, odd, stutters = runs_of(
        processes,
        [
            theirs("shop.drop", retry=once, **{"with": {"word": "the box"}}),
            {"celery": {"task": "shop.odd", "queue": "shop"}, "retry": once},
            theirs("shop.stutter"),
        ],
    )
    assert (broken.result, broken.error_type, broken.error_message) == (
        "failed", "celery.Broken", "the box is broken ☂",
    )  # fmt: skip
    assert len(recorder.of("/drop")) == 1
    assert (odd.result, odd.error_type) == ("failed", "celery.EncodeError"), "a result that is no JSON"
    assert stutters.result == "succeeded", "retries of their own do not end the step"
    assert len(recorder.of("/stutter")) == 3
    assert not Attempt.objects.filter(step__run=stutters).exclude(outcome="succeeded").exists()


def test_that_their_task_failed_is_known_without_and_it_is_tried_again(processes: Processes, recorder: Recorder):
    twice = theirs("shop.drop", retry={**SOON, "maximum_attempts": 2}, **{"with": {"word": "the box"}})
    broken, stutters = runs_of(processes, [twice, theirs("shop.stutter")], tells=False)
    assert (broken.result, broken.error_type) == ("failed", "celery.failed")
    assert len(recorder.of("/drop")) == 2
    assert len({request.key for request in recorder.of("/drop")}) == 1
    assert stutters.result == "succeeded"


def test_a_task_that_dies_with_its_worker_is_missed_when_its_time_is_up_and_done_again(
    processes: Processes, recorder: Recorder, broker: AnyBroker
):
    held = theirs(timeout={"start_to_close": "3s"}, **{"with": {"path": "/held"}})
    worker = shop(processes)
    processes.crew(workers=1)
    recorder.hold.clear()
    (run,) = begin(publish({"only": held}, name="one"), 1)
    wait_until(lambda: len(recorder.of("/held")) == 1, 30, "their task to begin")
    os.kill(worker.pid, signal.SIGKILL)
    recorder.hold.set()
    shop(processes)
    wait_until(lambda: finished([run]) == 1, 60, "the run to finish")
    step = StepRun.objects.get(run=run)
    assert results([run]) == {"succeeded": 1}
    assert json.loads(step.output)["id"] == recorder.of("/held")[-1].given
    tries = list(Attempt.objects.filter(step=step).order_by("pk").values_list("outcome", "error_type"))
    # Celery acknowledges on its way back to its loop, so RabbitMQ gives a dead worker's task to the next one, sometimes in time.
    assert tries == [("timed_out", "timeout"), ("succeeded", "")] or (isinstance(broker, RabbitMQ) and not tries)
    assert len({request.key for request in recorder.of("/held")}) == 1


def test_an_answer_of_an_attempt_that_was_given_up_is_refused(processes: Processes, recorder: Recorder):
    held = theirs(timeout={"start_to_close": "3s"}, **{"with": {"path": "/held"}})
    for _ in range(2):
        shop(processes)
    processes.crew(workers=1)
    recorder.hold.clear()
    (run,) = begin(publish({"only": held, "after": post("/after", needs=["only"])}, name="one"), 1)
    wait_until(lambda: len(recorder.of("/held")) == 2, 60, "the task to be done by two at once")
    first = recorder.of("/held")[0]
    recorder.released.add(first.given)
    wait_until(lambda: first.answered, 10, "the older one to end")
    time.sleep(1)  # nothing to wait for: what must not happen is given its chance
    assert StepRun.objects.get(run=run, name="only").output == ""
    recorder.hold.set()
    wait_until(lambda: finished([run]) == 1, 60, "the run to finish")
    step = StepRun.objects.get(run=run, name="only")
    assert json.loads(step.output)["id"] in {request.given for request in recorder.of("/held")} - {first.given}
    assert len(recorder.of("/after")) == 1


def test_our_workers_may_die_while_their_tasks_are_at_work(processes: Processes, recorder: Recorder):
    version = publish(
        {
            "only": theirs(timeout={"start_to_close": "60s"}, **{"with": {"path": "/held"}}),
            "after": post("/after", needs=["only"]),
        }
    )
    shop(processes)
    control, beat = processes.worker("control"), processes.beat()
    steps = processes.worker()
    wait_until(lambda: WorkerProcess.objects.count() == 2, 60, "the workers")
    recorder.hold.clear()
    runs = begin(version, 3)
    wait_until(lambda: StepRun.objects.filter(status="waiting", waiting_kind="celery").count() == 3, 60, "their tasks")
    wait_until(lambda: len(recorder.of("/held")) == 1, 30, "the first of them to begin")
    for process in (control, beat, steps):
        os.kill(process.pid, signal.SIGKILL)
    recorder.hold.set()
    wait_until(lambda: sum(request.answered for request in recorder.of("/held")) == 3, 60, "their tasks to end")
    processes.crew(workers=1)
    wait_until(lambda: finished(runs) == 3, 90, "all runs to finish")
    nothing_lost_or_doubled(runs, recorder)
    assert len(recorder.of("/held")) == 3, "the answers waited for us"


def test_every_run_survives_workers_of_both_apps_killed_in_the_middle(processes: Processes, recorder: Recorder):
    version = publish(chain("5s"))
    chance = random.Random(7)
    start = [lambda: shop(processes), lambda: shop(processes), processes.worker, lambda: processes.worker("control")]
    alive = [one() for one in start]
    processes.beat()
    wait_until(lambda: WorkerProcess.objects.count() == 2, 60, "the workers")
    runs: list[uuid.UUID] = []
    for number in range(KILLS):
        feed(version, runs)
        before = len(recorder.all())
        wait_until(
            lambda seen=before: len(recorder.all()) > seen + 2 or finished(runs) == RUNS, 60, "work between two kills"
        )
        time.sleep(chance.random() * 0.2)  # anywhere inside a task
        victim = number % len(alive)
        os.kill(alive[victim].pid, signal.SIGKILL)
        alive[victim] = start[victim]()
    work_off(version, runs)
    nothing_lost_or_doubled(runs, recorder, redelivered=KILLS)


def test_steps_wait_for_a_broker_that_is_away(processes: Processes, recorder: Recorder, broker: AnyBroker):
    version = publish(chain("5s"))
    shop(processes)
    processes.crew(workers=1)
    warm = begin(version, 2)
    wait_until(lambda: finished(warm) == 2, 60, "the first runs")
    broker.halt()
    runs = begin(version, AT_ONCE)
    time.sleep(sized(2, 20))  # for this long there is no broker
    broker.resume()
    wait_until(lambda: finished(runs) == AT_ONCE, 120, "all runs to finish")
    nothing_lost_or_doubled(runs, recorder)
