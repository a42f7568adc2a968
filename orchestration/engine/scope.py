"""What expressions see: `input`, `run`, `steps`, and `step` in a compensation. Loads only the steps that are named.

Owns the shape of the scope. Never masks: the caller chooses the `secrets` it puts in.
"""

from __future__ import annotations

import functools
from typing import Any

from orchestration.engine.claim import Claim, Known, RunFacts
from orchestration.engine.items import item_of
from orchestration.engine.payloads import load
from orchestration.engine.rows import HeldStep
from orchestration.models import StepRun
from orchestration.states import STEP_GOOD

References = frozenset[tuple[str, ...]]
_NOT_REACHED: dict[str, Any] = {"output": None, "status": "pending"}


def scope_of(
    run: RunFacts, references: References, known: Known | None = None, *, undoing: bool = False
) -> dict[str, Any]:
    """The scope for expressions with these references. `undoing`: what a failed step gave is to be seen as well.

    Values are made anew each time: whoever is handed one may change it.
    """
    roots, names = _named(references)
    scope: dict[str, Any] = {}
    if "run" in roots:
        scope["run"] = {
            "id": run.text_id,
            "key": run.key,
            "workflow": run.workflow,
            "version": run.version,
            "started_at": run.started_at.isoformat(),
        }
    if "input" in roots:
        scope["input"] = load(run.input)
    if "steps" in roots:
        scope["steps"] = _outputs(run, names, known or {}, undoing)
    return scope


def scope_for(claim: Claim, references: References, *, undoing: bool = False) -> dict[str, Any]:
    """The scope for a step's own expressions: of an item of a loop with its value, under the name that the loop gives it."""
    scope, loop, step = (
        scope_of(claim.run, references, claim.known, undoing=undoing),
        claim.planned.for_each,
        claim.step,
    )
    if loop is not None and step.item:
        scope[loop.name] = item_of(claim.run.id, step.name, step.item)
        if undoing and "steps" in scope:  # its own output is the item's, not the list of all
            scope["steps"][step.name] = {"output": load(step.output), "status": step.status}
    return scope


def own_step(step: HeldStep) -> dict[str, Any]:
    """The `step` of a compensation."""
    return {"output": load(step.output), "input": load(step.input), "idempotency_key": step.idempotency_key}


@functools.lru_cache(maxsize=4096)
def _named(references: References) -> tuple[frozenset[str], frozenset[str]]:
    """The roots and the steps that these references name."""
    steps = (reference[1] for reference in references if reference[0] == "steps" and len(reference) > 1)
    return frozenset(reference[0] for reference in references), frozenset(steps)


def _outputs(run: RunFacts, names: frozenset[str], known: Known, undoing: bool) -> dict[str, Any]:
    asked = [name for name in names if name not in known]
    found = _read(run, asked) if asked else {}
    outputs: dict[str, Any] = {}
    for name in names:
        status, output = known.get(name) or found.get(name) or ("", "")
        seen = undoing or status in STEP_GOOD
        outputs[name] = {"output": load(output) if seen else None, "status": status} if status else dict(_NOT_REACHED)
    return outputs


def _read(run: RunFacts, names: list[str]) -> Known:
    rows = StepRun.objects.filter(run_id=run.id, name__in=names, item=0).values_list("name", "status", "output")
    return {name: (status, output) for name, status, output in rows}
