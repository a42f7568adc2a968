"""What expressions see: `input`, `run`, `steps`, and `step` in a compensation. Loads only the steps that are named.

Owns the shape of the scope. Never masks: the caller chooses the `secrets` it puts in.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from orchestration.engine.claim import RunFacts
from orchestration.engine.payloads import load
from orchestration.models import StepRun
from orchestration.states import STEP_GOOD

References = Iterable[tuple[str, ...]]
_NOT_REACHED: dict[str, Any] = {"output": None, "status": "pending"}


def scope_of(run: RunFacts, references: References, *, undoing: bool = False) -> dict[str, Any]:
    """The scope for expressions with these references. `undoing`: what a failed step gave is to be seen as well."""
    roots = {reference[0] for reference in references}
    scope: dict[str, Any] = {
        "run": {
            "id": str(run.id),
            "key": run.key,
            "workflow": run.workflow,
            "version": run.version,
            "started_at": run.started_at.isoformat(),
        }
    }
    if "input" in roots:
        scope["input"] = load(run.input)
    names = {reference[1] for reference in references if reference[0] == "steps" and len(reference) > 1}
    if "steps" in roots:
        scope["steps"] = {name: dict(_NOT_REACHED) for name in names} | _outputs(run, names, undoing)
    return scope


def own_step(step: StepRun) -> dict[str, Any]:
    """The `step` of a compensation."""
    return {"output": load(step.output), "input": load(step.input), "idempotency_key": step.idempotency_key}


def _outputs(run: RunFacts, names: set[str], undoing: bool) -> dict[str, Any]:
    rows = StepRun.objects.filter(run_id=run.id, name__in=names).values_list("name", "status", "output")
    return {
        name: {"output": load(output) if undoing or status in STEP_GOOD else None, "status": status}
        for name, status, output in rows
    }
