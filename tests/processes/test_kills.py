"""Workers killed and frozen in the middle of things, against a server that logs every request."""

from __future__ import annotations

import json
import os
import random
import signal
import time

import pytest
import yaml

from orchestration.engine import plans
from orchestration.models import Attempt, Run, StepRun, Team, WorkflowVersion
from orchestration.services.manifests import Document, Signature, apply
from orchestration.services.runs import start_run
from tests.processes.conftest import Processes, wait_until
from tests.processes.recorder import Recorder

pytestmark = pytest.mark.processes

#: `make chaos` is the long form.
KILLS, RUNS = (100, 400) if os.environ.get("CHAOS") == "long" else (20, 100)


@pytest.fixture
def recorded_workflow(processes: Processes, recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> WorkflowVersion:
    """Three writes in a row at the recorder, and a branch beside them."""
    plans.plan_of.cache_clear()
    plans.ports_of.cache_clear()
    monkeypatch.setattr("orchestration.engine.publish.send", lambda ids: 0)  # the sweeper and the workers carry it
    return publish_recorded(
        {
            "one": post("/one"),
            "two": post("/two", needs=["one"]),
            "side": post("/side", needs=["one"]),
            "three": post("/three", needs=["two", "side"]),
        }
    )


def post(path: str, **more: object) -> dict[str, object]:
    return {
        "http": {"method": "POST", "path": path, "query": {"seconds": "0.03"}, "json": {"run": "${{ run.id }}"}},
        "dependency": "recorder", "effect": "write", "timeout": {"start_to_close": "20s"}, **more,
    }  # fmt: skip


def publish_recorded(steps: dict[str, object], name: str = "recorded") -> WorkflowVersion:
    Team.objects.get_or_create(name="checkout")
    resources = [
        {
            "kind": "Dependency",
            "metadata": {"name": "recorder", "owner": "checkout"},
            "spec": {"base_url": "${{ env.RECORDER_URL }}"},
        },
        {
            "kind": "Workflow",
            "metadata": {"name": name, "version": "1.0.0", "owner": "checkout"},
            "spec": {"steps": steps},
        },
    ]
    text = "\n---\n".join(yaml.safe_dump({"apiVersion": "plumbline/v1", **item}, sort_keys=False) for item in resources)
    apply([Document(text, "recorded.yaml")], Signature(None, "a test"))
    return WorkflowVersion.objects.select_related("workflow").get(workflow__name=name)


def test_every_run_survives_twenty_killed_workers_with_one_key_per_step(
    recorded_workflow: WorkflowVersion, processes: Processes, recorder: Recorder
):
    chance = random.Random(20)
    processes.worker("control", threads=1)
    processes.beat()
    workers = [processes.worker(), processes.worker()]
    wait_until(lambda: all(worker.poll() is None for worker in workers))
    runs = [start_run(version=recorded_workflow, input={"n": n})[0].pk for n in range(RUNS)]

    for _ in range(KILLS):
        before = len(recorder.requests)
        wait_until(
            lambda seen=before: len(recorder.requests) > seen + 2 or finished(runs) == RUNS,
            60,
            "work between two kills",
        )
        time.sleep(chance.random() * 0.2)  # anywhere inside a step, not at its start
        victim = chance.randrange(len(workers))
        os.kill(workers[victim].pid, signal.SIGKILL)
        workers[victim] = processes.worker()

    wait_until(lambda: finished(runs) == RUNS, RUNS, "all runs to finish")
    assert set(Run.objects.values_list("result", flat=True)) == {"succeeded"}
    keys: dict[tuple[str, str], set[str]] = {}
    given: dict[str, set[int]] = {}
    for request in recorder.requests:
        keys.setdefault((request.body["run"], request.path), set()).add(request.key)
        given.setdefault(request.key, set()).add(request.given)
    assert len(keys) == RUNS * 4
    assert all(len(found) == 1 for found in keys.values())
    for step in StepRun.objects.all():
        assert json.loads(step.output)["id"] in given[step.idempotency_key]
    assert Attempt.objects.filter(outcome="lost").exists(), "no kill hit a step: the test showed nothing"


def test_the_late_result_of_a_frozen_worker_is_refused(
    recorded_workflow: WorkflowVersion, processes: Processes, recorder: Recorder
):
    version = publish_recorded({"only": post("/held/only"), "after": post("/after", needs=["only"])}, name="held")
    processes.worker("control", threads=1)
    processes.beat()
    frozen = processes.worker()
    recorder.hold.clear()
    run, _ = start_run(version=version, input={})
    wait_until(lambda: len(recorder.of("/held/only")) == 1, 30, "the first worker's request")
    os.kill(frozen.pid, signal.SIGSTOP)
    processes.worker()
    wait_until(lambda: len(recorder.of("/held/only")) == 2, 30, "the second worker to take over")
    recorder.hold.set()
    wait_until(lambda: finished([run.pk]) == 1, 30, "the run to finish")
    os.kill(frozen.pid, signal.SIGCONT)
    first = recorder.of("/held/only")[0]
    wait_until(lambda: first.answered, 10, "the frozen worker's answer")
    time.sleep(1.5)  # nothing to wait for: what must not happen is given its chance

    step = StepRun.objects.get(run=run, name="only")
    assert json.loads(step.output)["id"] == recorder.of("/held/only")[1].given
    assert len({request.key for request in recorder.of("/held/only")}) == 1
    assert len(recorder.of("/after")) == 1
    outcomes = list(Attempt.objects.filter(step=step).order_by("id").values_list("outcome", flat=True))
    assert outcomes == ["lost", "succeeded"]


def finished(runs: list[object]) -> int:
    return Run.objects.filter(pk__in=runs, status="finished").count()
