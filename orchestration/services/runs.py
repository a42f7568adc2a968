"""What people and pipelines do to runs: start, cancel, terminate, retry. Keyword-only; checks input, then asks the engine.

Never asks who may: portal does before it calls.
"""

from __future__ import annotations

import uuid
from typing import Any

from orchestration.engine import cancel as stopping
from orchestration.engine.payloads import digest, encode, load
from orchestration.engine.plans import ports_of
from orchestration.engine.start import Request, start
from orchestration.errors import Conflict, InvalidInput, NotFound
from orchestration.hooks import hooks
from orchestration.models import Run, StepRun, Workflow, WorkflowVersion
from orchestration.services.governed import require_reason
from orchestration.services.world import suggestion
from orchestration.states import STEP_GOOD, Compensation, RunResult, RunStatus, StepStatus
from orchestration.versions import newest

MAX_KEY = 200


def version_to_run(*, workflow: str, version: str | None = None) -> WorkflowVersion:
    """The named version, or the highest active one. Raises NotFound, which suggests."""
    if not Workflow.objects.filter(name=workflow).exists():
        known = Workflow.objects.values_list("name", flat=True)
        raise NotFound(f"no workflow {workflow[:80]!r}{suggestion(workflow[:80], known)}")
    versions = WorkflowVersion.objects.select_related("workflow").filter(workflow__name=workflow)
    if version is None:
        active = versions.filter(state=WorkflowVersion.State.ACTIVE)
        version = newest(active.values_list("version", flat=True))
        if version is None:
            raise NotFound(f"workflow {workflow!r} has no active version; publish one with `plumbline apply`")
    found = versions.filter(version=version).first()
    if found is None:
        there = ", ".join(sorted(versions.values_list("version", flat=True)))
        raise NotFound(f"workflow {workflow!r} has no version {version[:80]!r}; it has {there}")
    return found


def start_run(
    *,
    version: WorkflowVersion,
    input: Any,  # noqa: A002 - the field's word, as in the manifest and the API
    key: str | None = None,
    actor: Any = None,
    trace_id: str | None = None,
) -> tuple[Run, bool]:
    """Start a run; the same key and input give the same run (False: it was there).

    Raises InvalidInput with every violation, Conflict for a key used with another input, TooLarge.
    """
    if key is not None:
        _check_key(key)
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
    actor_id = actor.pk if actor is not None else None
    return start(Request(version, text, digest(input), key, actor_id, trace_id))


def cancel_run(*, run_id: uuid.UUID, actor: Any, reason: str) -> Run:
    """Stop at the next step boundary and compensate. Raises Conflict for one that is over."""
    return stopping.cancel(run_id, actor_id=actor.pk if actor else None, reason=require_reason(reason))


def terminate_run(*, run_id: uuid.UUID, actor: Any, reason: str) -> Run:
    """End now, compensating nothing. Raises Conflict for one that is over."""
    return stopping.terminate(run_id, actor_id=actor.pk if actor else None, reason=require_reason(reason))


def retry_run(*, run: Run, actor: Any, key: str | None = None) -> tuple[Run, bool]:
    """A new run linked to a failed one, of the same version: what still stands is reused, the rest runs again.

    A step keeps its Idempotency-Key where its earlier effect is unclear, so that the server can tell; a compensated
    one gets a new key. Raises Conflict while the old run is open, undone by halves, or already retried.
    """
    if key is not None:
        _check_key(key)
        known = Run.objects.filter(workflow_id=run.workflow_id, idempotency_key=key).first()
        if known is not None and known.retry_of_id == run.pk:
            return known, False
    _refuse_retry(run)
    standing = [step for step in StepRun.objects.filter(run=run) if _stands(step)]
    version = WorkflowVersion.objects.select_related("workflow").get(pk=run.version_id)
    request = Request(
        version, encode(load(run.input), "the input"), run.input_hash, key, actor.pk if actor is not None else None,
        retry_of=run, reused=tuple(standing),
    )  # fmt: skip
    return start(request)


def why_not_retry(run: Run) -> str | None:
    """Why a run can't be retried, as a sentence; None when it can."""
    if run.status != RunStatus.FINISHED:
        return f"run {run.short_id} is still {run.status}; wait for its end or cancel it"
    if run.result in {RunResult.SUCCEEDED, RunResult.DEGRADED}:
        return f"run {run.short_id} {run.result}; there is nothing to retry"
    if run.compensation == Compensation.FAILED:
        return f"run {run.short_id} is undone only by halves: a compensation failed; put that right by hand first"
    later = run.retries.first()
    if later is not None:
        return f"run {run.short_id} was retried already, as run {later.short_id}; retry that one"
    return None


def _refuse_retry(run: Run) -> None:
    reason = why_not_retry(run)
    if reason is not None:
        raise Conflict(reason)


def _stands(step: StepRun) -> bool:
    """Its outcome counts for the new run too: it was not undone."""
    return step.status in STEP_GOOD | {StepStatus.SKIPPED} and step.compensation == Compensation.NONE


def _check_key(key: str) -> None:
    if not key or len(key) > MAX_KEY or any(ord(character) < 32 for character in key):
        raise InvalidInput(f"an idempotency key has 1 to {MAX_KEY} printable characters")


def _sentence(violations: Any) -> str:
    first = violations[0]
    more = f" and {len(violations) - 1} more" if len(violations) > 1 else ""
    return f"{first.pointer or '/'}: {first.message}{more}"
