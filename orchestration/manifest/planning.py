"""Builds the plan of a workflow from its normal form.

Owns defaults that depend on other fields (effect of a step, dependency of a compensation) and the body of each kind.
Takes the normal form of a valid manifest; never judges one: what is wrong was said when it was loaded.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from .expressions import compile_expression
from .graph import successors, topological
from .models import policies
from .models.documents import Workflow
from .models.specs import Concurrency
from .models.steps import COMPENSATION_KINDS, Approval, Compensation, Event, Fallback, ForEach, HttpRequest, Step, Wait
from .places import step_places
from .plan import (
    Plan,
    PlannedCompensation,
    PlannedConcurrency,
    PlannedFallback,
    PlannedFlag,
    PlannedLoop,
    PlannedStep,
    RetryPolicySpec,
    Timeouts,
)
from .references import references_in
from .scalars import parse_duration
from .stand_ins import stand_ins_of
from .step_checks import kinds_of
from .templates import OPENING, Template, assemble, compile_path, compile_template
from .values import JSON

_READS = ("GET", "HEAD", "OPTIONS")
_NO_EFFECT = ("wait", "value", "approval", "event", "emit")
#: Of a `for_each` that does not say how many items are done at a time.
MAX_PARALLEL = 10


class _Among(NamedTuple):
    """A step among the others."""

    before: list[str]
    after: list[str]
    stands_in_for: str | None


def build_plan(canonical: dict[str, JSON]) -> Plan:
    """Compile the normal form of a valid Workflow."""
    workflow = Workflow.model_validate(canonical)
    spec = workflow.spec
    documents: dict[str, Any] = canonical["spec"]["steps"]
    stand_ins = stand_ins_of(documents)
    edges = {name: predecessors_of(name, step, stand_ins.get(name)) for name, step in sorted(documents.items())}
    order = tuple(topological(edges))
    after = successors(edges)
    own_policies = {name: _policy(policy) for name, policy in spec.retry_policies.items()}
    steps = {
        name: _step(
            name, spec.steps[name], documents[name], _Among(edges[name], after[name], stand_ins.get(name)), own_policies
        )
        for name in order
    }
    value = spec.output.value if spec.output else None
    return Plan(
        workflow=workflow.metadata.name,
        version=workflow.metadata.version,
        owner=workflow.metadata.owner,
        steps=steps,
        order=order,
        input_contract=spec.input.contract if spec.input else None,
        output_contract=spec.output.contract if spec.output else None,
        output=compile_template(value.root) if value is not None else None,
        timeout=spec.timeout,
        retry_policies=own_policies,
        concurrency=_concurrency(spec.concurrency) if spec.concurrency else None,
    )


def retry_policy_of(spec: dict[str, JSON]) -> RetryPolicySpec:
    """The policy of a RetryPolicy resource, from the `spec` of its normal form."""
    return _policy(policies.RetryPolicySpec.model_validate(spec))


def predecessors_of(name: str, step: dict[str, Any], stands_in_for: str | None = None) -> list[str]:
    """The steps before a step: those it reads, those it needs and the one it stands in for, sorted."""
    before = set(step.get("needs", ())) | ({stands_in_for} if stands_in_for else set())
    for place in step_places(name, step):
        if place.part == "compensate":
            continue
        for _, references in references_in(place):
            before |= {reference[1] for reference in references if reference[0] == "steps"}
    # Only `expect` may read the step itself, and that is no edge.
    return sorted(before - {name})


def _step(
    name: str,
    step: Step,
    document: dict[str, Any],
    among: _Among,
    own_policies: dict[str, RetryPolicySpec],
) -> PlannedStep:
    (kind,) = kinds_of(document)
    retry, retry_ref = _retry(step.retry, own_policies)
    return PlannedStep(
        name=name,
        kind=kind,
        body=_body(kind, step, document),
        predecessors=tuple(among.before),
        successors=tuple(among.after),
        join=step.join,
        when=compile_expression(step.when) if step.when else None,
        expect=tuple(compile_expression(condition) for condition in step.expect),
        dependency=step.dependency,
        effect=step.effect or _effect(kind, step),
        input_contract=step.contract.input if step.contract else None,
        output_contract=step.contract.output if step.contract else None,
        retry=retry,
        retry_ref=retry_ref,
        timeout=_timeouts(step.timeout),
        compensate=_compensation(step, document, own_policies) if step.compensate else None,
        compensate_on_unknown=step.compensate_on_unknown,
        intent=step.intent or "",
        fallback=_fallback(step.fallback),
        for_each=_loop(step.for_each) if step.for_each else None,
        stands_in_for=among.stands_in_for,
        flag=PlannedFlag(step.flag.key, step.flag.when_off) if step.flag else None,
    )


def _concurrency(limits: Concurrency) -> PlannedConcurrency:
    key = compile_template(limits.key) if limits.key else None
    return PlannedConcurrency(limits.limit, key, limits.per_key, limits.on_limit)


def _effect(kind: str, step: Step) -> Literal["none", "read", "write"]:
    """What a step does to the world when it doesn't say. Unknown code may write, so it counts as writing."""
    if kind in _NO_EFFECT:
        return "none"
    return "read" if step.http and step.http.method in _READS else "write"


def _fallback(fallback: Fallback | None) -> PlannedFallback | None:
    if fallback is None:
        return None
    if fallback.value is not None:
        return PlannedFallback("value", compile_template(fallback.value.root))
    if fallback.step is not None:
        return PlannedFallback("step", step=fallback.step)
    return PlannedFallback("last_good" if fallback.last_good else "skip")


def _loop(loop: ForEach) -> PlannedLoop:
    tolerated = (loop.tolerate_failures or 0.0) / 100
    return PlannedLoop(compile_template(loop.in_), loop.as_, loop.max_parallel or MAX_PARALLEL, tolerated)


def _compensation(
    step: Step, document: dict[str, Any], own_policies: dict[str, RetryPolicySpec]
) -> PlannedCompensation | None:
    compensate = step.compensate
    if compensate is None:
        return None
    (kind,) = kinds_of(document["compensate"], COMPENSATION_KINDS)
    retry, retry_ref = _retry(compensate.retry, own_policies)
    return PlannedCompensation(
        kind=kind,
        body=_body(kind, compensate, document["compensate"]),
        dependency=compensate.dependency or (step.dependency if kind == "http" else None),
        retry=retry,
        retry_ref=retry_ref,
        timeout=_timeouts(compensate.timeout),
    )


def _body(kind: str, step: Step | Compensation, document: dict[str, Any]) -> Template:
    if step.http:
        return _http_body(step.http)
    if kind == "python":
        return assemble({"task": compile_template(step.python), "with": compile_template(step.with_ or {})})
    if isinstance(step, Step) and step.wait:
        return _wait_body(step.wait)
    if isinstance(step, Step) and step.event:
        return _event_body(step.event)
    if isinstance(step, Step) and step.approval:
        return _approval_body(step.approval)
    parts = {kind: compile_template(document[kind])}
    if step.with_ is not None:
        parts["with"] = compile_template(step.with_)
    return assemble(parts)


def _http_body(request: HttpRequest) -> Template:
    return assemble(
        {
            "method": compile_template(request.method),
            "path": compile_path(request.path),
            "query": compile_template(request.query or {}),
            "headers": compile_template(request.headers or {}),
            "json": compile_template(request.json_),
        }
    )


def _wait_body(wait: Wait) -> Template:
    if wait.until:
        return assemble({"until": compile_template(wait.until)})
    length = wait.for_ or ""
    return assemble({"for": compile_template(length if OPENING in length else parse_duration(length))})


def _event_body(event: Event) -> Template:
    """Seconds, and the run's own id where no correlation is given: whoever answers sends it back."""
    correlation = "${{ run.id }}" if event.correlation is None else event.correlation
    return assemble(
        {
            "type": compile_template(event.type),
            "correlation": compile_template(correlation),
            "timeout": compile_template(event.timeout),
        }
    )


def _approval_body(approval: Approval) -> Template:
    return assemble(
        {
            "team": compile_template(approval.team),
            "timeout": compile_template(approval.timeout),
            "on_timeout": compile_template(approval.on_timeout or "reject"),
        }
    )


def _retry(
    retry: str | policies.RetryPolicySpec | None, own_policies: dict[str, RetryPolicySpec]
) -> tuple[RetryPolicySpec | None, str | None]:
    if retry is None:
        return None, None
    if isinstance(retry, str):
        return (own_policies[retry], None) if retry in own_policies else (None, retry)
    return _policy(retry), None


def _policy(policy: policies.RetryPolicySpec) -> RetryPolicySpec:
    return RetryPolicySpec(
        policy.initial_interval,
        policy.backoff_coefficient,
        policy.maximum_interval,
        policy.maximum_attempts,
        policy.jitter,
        tuple(policy.non_retryable_errors),
    )


def _timeouts(timeout: policies.TimeoutSpec | None) -> Timeouts:
    if timeout is None:
        return Timeouts()
    return Timeouts(timeout.schedule_to_start, timeout.start_to_close, timeout.schedule_to_close, timeout.heartbeat)
