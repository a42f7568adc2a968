"""What people and pipelines do to runs: start, cancel, terminate, retry. Keyword-only; checks input, then asks the engine.

Never asks who may: portal does before it calls.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from django.db import transaction

from orchestration import clock
from orchestration.engine import cancel as stopping
from orchestration.engine.flags import came_of_flag
from orchestration.engine.payloads import digest, encode, store, text_of
from orchestration.engine.plans import may_write, plan_of, ports_of
from orchestration.engine.settle import lock
from orchestration.engine.start import Request, start, start_all
from orchestration.errors import Conflict, InvalidInput, NotFound
from orchestration.hooks import hooks
from orchestration.manifest import PlannedStep
from orchestration.models import InputEdit, Run, RunEvent, StepRun, Workflow, WorkflowVersion
from orchestration.services.governed import require_reason
from orchestration.services.world import suggestion
from orchestration.states import STEP_GOOD, Compensation, Effect, RunResult, RunStatus, StepStatus
from orchestration.telemetry.spans import here
from orchestration.versions import highest, newest

MAX_KEY = 200
#: Priorities go from minus this to this.
MOST_PRIORITY = 100
STEP_OVER_WELL = STEP_GOOD | {StepStatus.SKIPPED}


def version_to_run(*, workflow: str, version: str | None = None) -> WorkflowVersion:
    """The named version, or the highest active one. Raises NotFound, which suggests, and Conflict for one that is not live."""
    if not workflow.isprintable() or not Workflow.objects.filter(name=workflow).exists():
        known = Workflow.objects.values_list("name", flat=True)
        raise NotFound(f"no workflow {workflow[:80]!r}{suggestion(workflow[:80], known)}")
    versions = WorkflowVersion.objects.select_related("workflow").filter(workflow__name=workflow)
    if version is None:
        active = versions.filter(state=WorkflowVersion.State.ACTIVE)
        version = newest(active.values_list("version", flat=True))
        if version is None:
            raise NotFound(f"workflow {workflow!r} has no active version; publish one with `plumbline apply`")
    found = versions.filter(version=version).first() if version.isprintable() else None
    if found is None:
        there = ", ".join(sorted(versions.values_list("version", flat=True)))
        raise NotFound(f"workflow {workflow!r} has no version {version[:80]!r}; it has {there}")
    if found.state not in (WorkflowVersion.State.ACTIVE, WorkflowVersion.State.DEPRECATED):
        raise Conflict(f"{found} is {found.state}; only an active or deprecated version can be started")
    return found


def version_in_range(*, reference: str) -> WorkflowVersion:
    """The highest active version that `name@range` fits. Raises NotFound."""
    name, _, range_ = reference.partition("@")
    versions = WorkflowVersion.objects.select_related("workflow").filter(workflow__name=name)
    active = versions.filter(state=WorkflowVersion.State.ACTIVE)
    version = highest(active.values_list("version", flat=True), range_ or "*")
    if version is None:
        raise NotFound(f"no active version of workflow {reference}; publish one, or change the reference")
    return versions.get(version=version)


def start_run(
    *,
    version: WorkflowVersion,
    input: Any,
    key: str | None = None,
    actor: Any = None,
    trace_id: str | None = None,
    origin: str = "",
    detail: str = "",
    priority: int = 0,
) -> tuple[Run, bool]:
    """Start a run; the same key and input give the same run (False: it was there).

    `origin` is what started it where nobody did, and `detail` that in words.

    Raises InvalidInput with every violation, Conflict for a key used with another input, TooLarge.
    """
    if key is not None:
        check_key(key)
    check_priority(priority)
    trace_id = trace_id or trace_here()
    request = _request(version, input, key=key, actor=actor, trace_id=trace_id, origin=origin, detail=detail)
    return start(replace(request, priority=priority))


def start_runs(*, version: WorkflowVersion, inputs: Sequence[Any], actor: Any = None) -> list[Run]:
    """Start a run for each input, in one transaction: all of them, or none.

    Raises InvalidInput that names the first input which is refused by its place, TooLarge.
    """
    requests = []
    for place, input in enumerate(inputs):
        try:
            requests.append(_request(version, input, actor=actor))
        except InvalidInput as error:
            raise InvalidInput(f"input {place}: {error}", error.violations) from error
    return start_all(requests)


def _request(
    version: WorkflowVersion, input: Any, *, key: str | None = None, actor: Any = None, trace_id: str | None = None,
    origin: str = "", detail: str = "",
) -> Request:  # fmt: skip
    """What the engine starts from, once the input fits its contract."""
    text = fitting_input(version, input)
    actor_id = actor.pk if actor is not None else None
    return Request(version, text, digest(input), key, actor_id, trace_id, origin=origin, detail=detail)


def fitting_input(version: WorkflowVersion, input: Any) -> str:
    """The input as JSON text, where it fits the version's contract. Raises InvalidInput with every violation, TooLarge."""
    try:
        text = encode(input, "the input")
    except ValueError as error:
        raise InvalidInput(str(error)) from error
    port = ports_of(version.pk).get(("", "input"))
    violations = hooks.contracts.validate(port[0], port[1], input) if port else ()
    if violations:
        assert port is not None
        name = f"{port[0]}@{port[1]}"
        raise InvalidInput(f"the input does not fit contract {name}: {_sentence(violations)}", violations)
    return text


def cancel_run(*, run_id: uuid.UUID, actor: Any, reason: str) -> Run:
    """Stop at the next step boundary and compensate. Raises Conflict for one that is over."""
    return stopping.cancel(run_id, actor_id=actor.pk if actor else None, reason=require_reason(reason))


def terminate_run(*, run_id: uuid.UUID, actor: Any, reason: str) -> Run:
    """End now, compensating nothing. Raises Conflict for one that is over."""
    return stopping.terminate(run_id, actor_id=actor.pk if actor else None, reason=require_reason(reason))


def prioritize_run(*, run_id: uuid.UUID, priority: int, actor: Any) -> Run:
    """Move a queued run before or behind the others of its team. Raises Conflict for one that is queued no more."""
    check_priority(priority)
    with transaction.atomic():
        run = lock(run_id)
        if run.status != RunStatus.QUEUED:
            raise Conflict(f"run {run.short_id} is {run.status}; only a queued run has a place in the queue")
        before, run.priority = run.priority, priority
        run.save(update_fields=["priority"])
        RunEvent.objects.create(
            run=run, at=clock.now(), kind="prioritized", actor_id=actor.pk if actor else None,
            detail=f"priority {before} → {priority}",
        )  # fmt: skip
    return run


def check_priority(priority: int) -> None:
    """Raise InvalidInput for one out of range."""
    if not -MOST_PRIORITY <= priority <= MOST_PRIORITY:
        raise InvalidInput(f"priority is {priority}; use a whole number from {-MOST_PRIORITY} to {MOST_PRIORITY}")


def retry_run(
    *, run: Run, actor: Any, key: str | None = None, edit: Callable[[Run, Run], None] | None = None
) -> tuple[Run, bool]:
    """A new run linked to a failed one, of the same version: what still stands is reused, the rest runs again.

    A step keeps its Idempotency-Key where its earlier effect is unclear, so that the server can tell; a compensated
    one gets a new key. Raises Conflict while the old run is open, undone by halves, or already retried, and for a key
    that belongs to another run.
    """
    if key is not None:
        check_key(key)
    with transaction.atomic():
        run = lock(run.pk)  # two retries at once: the second sees the first
        known = (
            Run.objects.filter(workflow_id=run.workflow_id, idempotency_key=key).first() if key is not None else None
        )
        if known is not None and known.retry_of_id == run.pk:
            return known, False
        if known is not None:
            raise Conflict(f"idempotency key {key!r} belongs to run {known.short_id}; use a new key for this retry")
        _refuse_retry(run)
        version = WorkflowVersion.objects.select_related("workflow").get(pk=run.version_id)
        request = Request(
            version, text_of(run.input), run.input_hash, key, actor.pk if actor is not None else None,
            trace_id=trace_here(), retry_of=run, reused=_standing(run), priority=run.priority,
        )  # fmt: skip
        new, created = start(request)
        if created:
            _keep_edits(run, new)
        if created and edit is not None:
            edit(run, new)
        return new, created


def _keep_edits(old: Run, new: Run) -> None:
    """Inputs that were edited for the old run count for its retry too."""
    edits = list(InputEdit.objects.filter(run=old))
    kept = (
        set(StepRun.objects.filter(run=new, reused_from__isnull=False).values_list("name", flat=True))
        if edits
        else set()
    )
    for edit in edits:
        if edit.step not in kept:
            text = store(text_of(edit.input), new.pk)
            InputEdit.objects.create(
                run=new, step=edit.step, input=text, actor_id=edit.actor_id, reason=edit.reason, at=edit.at
            )


def why_not_retry(run: Run) -> str | None:
    """Why a run can't be retried, as a sentence; None when it can."""
    if run.status != RunStatus.FINISHED:
        return f"run {run.short_id} is still {run.status}; wait for its end or cancel it"
    if run.result in {RunResult.SUCCEEDED, RunResult.DEGRADED}:
        return f"run {run.short_id} {run.result}; there is nothing to retry"
    if run.compensation == Compensation.FAILED:
        return f"run {run.short_id} is undone only by halves: a compensation failed; resume its compensation first"
    later = run.retries.first()
    if later is not None:
        return f"run {run.short_id} was retried already, as run {later.short_id}; retry that one"
    return None


def _refuse_retry(run: Run) -> None:
    reason = why_not_retry(run)
    if reason is not None:
        raise Conflict(reason)


def _standing(run: Run) -> tuple[StepRun, ...]:
    """Steps whose outcome counts for the new run too.

    It was not undone, and nothing before it runs again, since it was made from what that gave. A write that happened
    and was not undone stands in any case: it must not happen twice. What a flag skipped or sent to its fallback is asked anew.
    """
    steps = {step.name: step for step in StepRun.objects.filter(run=run, item=0)}
    plan, standing = plan_of(run.version_id), dict[str, StepRun]()
    for name in plan.order:
        step = steps.get(name)
        if step is None or step.status not in STEP_OVER_WELL or step.compensation != Compensation.NONE:
            continue
        if came_of_flag(step.status, step.error_type):
            continue
        reached = [other for other in plan.steps[name].predecessors if other in steps]
        kept = any if plan.steps[name].join == "any" and reached else all
        if stands_anyway(plan.steps[name], step) or kept(other in standing for other in reached):
            standing[name] = step
    return tuple(standing.values())


def stands_anyway(planned: PlannedStep, step: StepRun) -> bool:
    """A write that happened, in this run or in the one that it was taken over from: it must not happen twice."""
    return step.effect == Effect.HAPPENED or (step.reused_from_id is not None and may_write(planned))


def trace_here() -> str | None:
    """The trace of the request that asks, if one does."""
    origin = here.get()
    return origin.trace_id if origin is not None else None


def check_key(key: str) -> None:
    """Raise InvalidInput for a key that can't be one."""
    if not key or len(key) > MAX_KEY or not key.isprintable():
        raise InvalidInput(f"an idempotency key has 1 to {MAX_KEY} printable characters")


def _sentence(violations: Any) -> str:
    first = violations[0]
    more = f" and {len(violations) - 1} more" if len(violations) > 1 else ""
    return f"{first.pointer or '/'}: {first.message}{more}"
