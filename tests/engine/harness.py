"""Drives the engine in this process on a clock that tests move: no broker, no threads, every path the same code."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import yaml

from orchestration import clock
from orchestration.engine import wake as wake_module
from orchestration.engine.wake import wake
from orchestration.engine.work import work
from orchestration.models import Run, StepRun, Team, WorkflowVersion
from orchestration.services.manifests import Document, Signature, apply
from orchestration.services.runs import start_run
from tests.undoing import said


def publish(
    steps: dict[str, Any], *, name: str = "demo", version: str = "1.0.0", owner: str = "checkout", **spec: Any
) -> WorkflowVersion:
    """Publish a workflow with these steps, owned by team checkout unless said otherwise."""
    Team.objects.get_or_create(name=owner)
    manifest = {
        "apiVersion": "plumbline/v1",
        "kind": "Workflow",
        "metadata": {"name": name, "version": version, "owner": owner},
        "spec": {"steps": said(steps), **spec},
    }
    apply([Document(yaml.safe_dump(manifest, sort_keys=False), "demo.yaml")], Signature(None, "a test"))
    return WorkflowVersion.objects.select_related("workflow").get(workflow__name=name, version=version)


def begin(version: WorkflowVersion, input: Any = None, **options: Any) -> Run:
    """Start a run."""
    return start_run(version=version, input={} if input is None else input, **options)[0]


def pump() -> int:
    """Work on everything that is ready now, as delivered messages would; how many attempts were executed."""
    done = 0
    while True:
        ready = list(StepRun.objects.filter(status="ready").values_list("pk", flat=True))
        ready += list(
            StepRun.objects.filter(compensation="running", worker_id="")
            .exclude(not_before__gt=clock.now())
            .values_list("pk", flat=True)
        )
        executed = sum(work(step_id) for step_id in ready)
        if not executed:
            return done
        done += executed


def pass_time(seconds: float) -> None:
    """Move the clock and let the sweeper see it."""
    clock.advance(timedelta(seconds=seconds))
    wake()


def settle_down(run: Run, *, horizon: float = 7200, stride: float = 30) -> Run:
    """Work, and let time pass, until the run is finished."""
    passed = 0.0
    while True:
        pump()
        run.refresh_from_db()
        if run.status == "finished":
            return run
        assert passed < horizon, (
            f"run is still {run.status}: {[(s.name, s.status, s.error_message) for s in run.steps.all()]}"
        )
        pass_time(stride)
        passed += stride


def step(run: Run, name: str) -> StepRun:
    """One step's row."""
    return StepRun.objects.get(run=run, name=name)


def echo(value: Any = None, **more: Any) -> dict[str, Any]:
    """A python step that returns what it is given."""
    return {"python": "test.echo", "with": {"value": value}, **more}


def write(undo: str, value: Any = None, **more: Any) -> dict[str, Any]:
    """A write step with a compensation."""
    return echo(value, effect="write", compensate={"python": "test.undo", "with": {"value": undo}}, **more)


__all__ = ["begin", "echo", "pass_time", "publish", "pump", "settle_down", "step", "wake_module", "write"]
