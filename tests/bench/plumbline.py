"""Plumbline's side: the product's own command lines for its workers, its own services for the submission.

Two `steps` workers, the control worker and beat, as `manage.py start` builds them; where the broker is embedded that
too. Looks for the end of a run in the database. Before it takes orders it makes sure that contracts are enforced.
"""

from __future__ import annotations

import json
import os
import uuid
from collections import Counter
from collections.abc import Callable
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

from tests.bench.payload import RESULT, STEPS, WIDTH
from tests.bench.side import LOOK_BATCH, LOOK_SINGLE, serve, wait_for

PROCESSES = 2
#: Runs given to one bulk start: the first are at work while the rest is submitted.
BULK = 100
STEPS_OF = {"bench-chain": STEPS, "bench-fan": WIDTH + 1}


class Plumbline:
    """Workers below this process, which submits."""

    def __init__(self) -> None:
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        self.versions = publish()
        self.children = start_workers()
        self._prove_validation()
        self.asked: Counter[str] = Counter()
        self.before = {name: done(version) for name, version in self.versions.items()}

    def batch(self, runs: int) -> None:
        from orchestration.models import Run
        from orchestration.services.runs import start_runs
        from orchestration.states import RunStatus

        first = None
        for begin in range(0, runs, BULK):
            inputs = [RESULT] * min(BULK, runs - begin)
            started = start_runs(version=self.versions["bench-chain"], inputs=inputs)
            first = first or min(run.pk for run in started)
        self.asked["bench-chain"] += runs
        going = [status for status in RunStatus if status != RunStatus.FINISHED]
        wait_for(lambda: not Run.objects.filter(status__in=going, pk__gte=first).exists(), LOOK_BATCH)

    def single(self) -> None:
        self._one("bench-chain")

    def fan(self) -> None:
        self._one("bench-fan")

    def check(self) -> None:
        """Every run asked for succeeded, and so did every step of it: none was lost and none doubled."""
        for name, asked in self.asked.items():
            runs, steps = (now - then for now, then in zip(done(self.versions[name]), self.before[name], strict=True))
            assert (runs, steps) == (asked, asked * STEPS_OF[name]), (
                f"{name}: {asked} asked, {runs} runs, {steps} steps"
            )

    def facts(self) -> dict[str, str]:
        return {name: installed(name) for name in ("django", "celery", "psycopg", "redis", "jsonschema-rs")}

    def _one(self, name: str) -> None:
        from orchestration.services.runs import start_run

        run, _ = start_run(version=self.versions[name], input=RESULT)
        self.asked[name] += 1
        wait_for(finished(run.pk), LOOK_SINGLE)

    def _prove_validation(self) -> None:
        """What breaks its contract must be refused at the start, before a step and after it: else we would be fast for
        the wrong reason."""
        from orchestration.errors import InvalidInput
        from orchestration.models import Run
        from orchestration.services.runs import start_run

        try:
            start_run(version=self.versions["bench-chain"], input=RESULT | {"qty": "two"})
        except InvalidInput:
            pass
        else:
            raise AssertionError("a run was started with an input that breaks its contract")
        for name in ("bench-bad-input", "bench-bad-output"):
            run, _ = start_run(version=self.versions[name], input=RESULT)
            wait_for(finished(run.pk), LOOK_SINGLE)
            run = Run.objects.get(pk=run.pk)
            assert (run.result, run.error_type) == ("failed", "contract.violation"), (name, run.result, run.error_type)


def publish() -> dict[str, Any]:
    """The manifests, applied as a person would; workflow versions by name."""
    from orchestration.models import Team, WorkflowVersion
    from orchestration.services.manifests import Document, Signature, apply
    from tests.bench.work import manifests

    Team.objects.get_or_create(name="bench")
    apply([Document(json.dumps(each), "bench.yaml") for each in manifests()], Signature(None, "benchmark"))
    return {version.workflow.name: version for version in WorkflowVersion.objects.select_related("workflow")}


def start_workers() -> list[Any]:
    """The product's children but for the web server; a second `steps` worker differs by its node name alone."""
    from portal.supervisor.child import Child
    from portal.supervisor.plan import Options, children, worker_command

    found = []
    for child in children(Options("127.0.0.1", 0, None, None)):
        if child.name == "web":
            continue
        found.append(child)
        if child.name == "steps":
            found.append(Child("steps2", worker_command("steps", "steps2"), child.environment))
    for child in found:
        child.start()
    return found


def done(version: Any) -> tuple[int, int]:
    """How many runs of the version succeeded, and how many of their steps."""
    from orchestration.models import Run, StepRun

    runs = Run.objects.filter(version=version, result="succeeded").count()
    return runs, StepRun.objects.filter(run__version=version, status="succeeded").count()


def finished(run_id: uuid.UUID) -> Callable[[], bool]:
    """A look that costs the database a little and this process next to nothing: its SQL is built once."""
    from django.db import connection

    from orchestration.engine.prepared import fetch

    if connection.vendor == "postgresql":
        sql, found = "SELECT 1 FROM orchestration_run WHERE id = %(run)s AND result <> ''", run_id
    else:
        sql, found = "SELECT 1 FROM orchestration_run WHERE id = :run AND result <> ''", run_id.hex
    return lambda: bool(fetch(sql, {"run": found}))


def main() -> None:
    """Serve until the input ends; the workers die with this process (portal/supervisor/child.py)."""
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"
    django.setup()
    Path(os.environ["PLUMBLINE_DATA_DIR"]).mkdir(parents=True, exist_ok=True)
    serve(Plumbline)


if __name__ == "__main__":
    main()
