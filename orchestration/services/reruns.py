"""Rerun a run from a step: a new run that takes over what the earlier one did before it, and does the rest once more.

Unlike a retry it is meant to happen again: what runs does so under new idempotency keys, so writes are doubled, and the
preview names them. Owns what is taken over. Never asks who may: portal does before it calls.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db import transaction

from orchestration.engine.payloads import load, text_of
from orchestration.engine.plans import plan_of, ports_of
from orchestration.engine.settle import lock
from orchestration.engine.start import Request, start
from orchestration.errors import Conflict, InvalidInput, NotFound
from orchestration.hooks import hooks
from orchestration.manifest import Plan
from orchestration.models import Run, StepRun, WorkflowVersion
from orchestration.services.governed import require_reason
from orchestration.services.runs import (
    STEP_OVER_WELL,
    check_key,
    fitting_input,
    stands_anyway,
    trace_here,
    version_to_run,
)
from orchestration.services.world import suggestion
from orchestration.states import STEP_GOOD, Compensation, Effect, RunResult, RunStatus

_ENDED_WELL = frozenset({RunResult.SUCCEEDED, RunResult.DEGRADED})


class Which(StrEnum):
    """Of which version the new run is."""

    ORIGINAL = "original"
    LATEST = "latest"


@dataclass(frozen=True, slots=True)
class Preview:
    """What a rerun would do, in the order of the new version's plan. `anew`: step → why it isn't taken over."""

    version: WorkflowVersion
    reused: tuple[str, ...]
    again: tuple[str, ...]
    anew: dict[str, str]
    #: Steps among `again` whose write happened in the earlier run, or may have, and was not undone.
    doubled: tuple[str, ...]


def preview_rerun(*, run: Run, from_step: str, version: str = Which.ORIGINAL) -> Preview:
    """What would be taken over and what done again. Raises Conflict, NotFound and InvalidInput as `rerun_run` does."""
    return _preview(run, from_step, version)[0]


def rerun_run(
    *, run: Run, from_step: str, version: str = Which.ORIGINAL, actor: Any, reason: str, key: str | None = None
) -> tuple[Run, bool]:
    """The new run, and whether this call started it: the same key gives the same run.

    Raises Conflict for a run that is open or undone by halves and for a key that is another's, NotFound for a step that
    the version has not, InvalidInput for an input that no longer fits.
    """
    reason = require_reason(reason)
    if key is not None:
        check_key(key)
    with transaction.atomic():
        run = lock(run.pk)
        known = Run.objects.filter(workflow_id=run.workflow_id, idempotency_key=key).first() if key else None
        if known is not None and known.rerun_of_id == run.pk:
            return known, False
        if known is not None:
            raise Conflict(f"idempotency key {key!r} belongs to run {known.short_id}; use a new key for this rerun")
        preview, rows = _preview(run, from_step, version)
        request = Request(
            preview.version, text_of(run.input), run.input_hash, key, actor.pk if actor is not None else None,
            trace_id=trace_here(), rerun_of=run, reused=tuple(rows[name] for name in preview.reused),
            detail=f"rerun of run {run.short_id} from {from_step}: {reason}", inherits=run.result not in _ENDED_WELL,
        )  # fmt: skip
        return start(request)


def why_not_rerun(run: Run) -> str | None:
    """Why a run can't be rerun, as a sentence; None when it can."""
    if run.status != RunStatus.FINISHED:
        return f"run {run.short_id} is still {run.status}; wait for its end or cancel it"
    if run.compensation == Compensation.FAILED:
        return f"run {run.short_id} is undone only by halves: a compensation failed; resume its compensation first"
    return None


def _preview(run: Run, from_step: str, which: str) -> tuple[Preview, dict[str, StepRun]]:
    refusal = why_not_rerun(run)
    if refusal is not None:
        raise Conflict(refusal)
    version = _version(run, which)
    plan, rows = plan_of(version.pk), {step.name: step for step in StepRun.objects.filter(run=run, item=0)}
    if from_step not in plan.steps:
        hint = suggestion(from_step[:63], plan.steps)
        raise NotFound(f"{version} has no step {from_step[:63]!r}{hint}")
    if version.pk != run.version_id:
        fitting_input(version, load(run.input))
    later = _from_on(plan, from_step)
    anew: dict[str, str] = {}
    reused: dict[str, StepRun] = {}
    for name in plan.order:
        if name == from_step:
            why = "it is the step to rerun from"
        elif name in later:
            why = f"it comes after {from_step}"
        else:
            why = _why_anew(run, version, name, rows, reused)
        if why:
            anew[name] = why
        else:
            reused[name] = rows[name]
    again = tuple(name for name in plan.order if name in anew)
    doubled = tuple(name for name in again if name in rows and _wrote(plan_of(run.version_id), rows[name]))
    return Preview(version, tuple(reused), again, anew, doubled), rows


def _version(run: Run, which: str) -> WorkflowVersion:
    if which not in set(Which):
        raise InvalidInput(f"version {which[:40]!r} is neither original nor latest; choose one of them")
    if which == Which.LATEST:
        return version_to_run(workflow=run.workflow.name)
    return WorkflowVersion.objects.select_related("workflow").get(pk=run.version_id)


def _from_on(plan: Plan, name: str) -> set[str]:
    """The step and all that come after it."""
    found, look = {name}, [name]
    while look:
        after = set(plan.steps[look.pop()].successors) - found
        found |= after
        look.extend(after)
    return found


def _why_anew(
    run: Run, version: WorkflowVersion, name: str, rows: dict[str, StepRun], reused: dict[str, StepRun]
) -> str:
    """Why an earlier step runs again all the same; empty where its outcome is taken over.

    As in a retry, what was made of something that runs again is made again, and a write that happened stands.
    """
    step, old, new = rows.get(name), plan_of(run.version_id), plan_of(version.pk)
    if step is None or name not in old.steps:
        return f"run {run.short_id} did not get to it"
    if why := _unfit(run, step):
        return why
    planned = new.steps[name]
    if planned.kind != old.steps[name].kind:
        return f"it is a {planned.kind} step in {version.version} and was a {old.steps[name].kind} step"
    reached = [other for other in planned.predecessors if other in rows or other not in old.steps]
    kept = any if planned.join == "any" and reached else all
    if not stands_anyway(old.steps[name], step) and not kept(other in reused for other in reached):
        return "a step before it runs again"
    if version.pk != run.version_id and step.status in STEP_GOOD and not _fits(version, step):
        return f"its output does not fit the contract that {version.version} has for it"
    return ""


def _unfit(run: Run, step: StepRun) -> str:
    """Why its outcome counts for nobody any more; empty where it does."""
    if step.status not in STEP_OVER_WELL:
        return f"it {step.status.replace('_', ' ')} in run {run.short_id}"
    return "it was undone" if step.compensation != Compensation.NONE else ""


def _fits(version: WorkflowVersion, step: StepRun) -> bool:
    port = ports_of(version.pk).get((step.name, "output"))
    if port is None:
        return True
    return not hooks.contracts.validate(port[0], port[1], json.loads(text_of(step.output) or "null"), masked=True)


def _wrote(plan: Plan, step: StepRun) -> bool:
    """Its write happened, or may have, and was not undone."""
    planned = plan.steps.get(step.name)
    if planned is None or step.compensation != Compensation.NONE:
        return False
    return step.effect != Effect.NONE or stands_anyway(planned, step)
