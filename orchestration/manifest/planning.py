"""Builds the plan of a workflow from its normal form.

Owns defaults that depend on other fields (effect of a step, dependency of a compensation) and the body of each kind.
Takes the normal form of a valid manifest; never judges one: what is wrong was said when it was loaded.
"""

from typing import Any, Literal

from .expressions import compile_expression
from .graph import successors, topological
from .models import policies
from .models.documents import Workflow
from .models.steps import COMPENSATION_KINDS, Compensation, Fallback, HttpRequest, Step, Wait
from .places import step_places
from .plan import Plan, PlannedCompensation, PlannedFallback, PlannedFlag, PlannedStep, RetryPolicySpec, Timeouts
from .references import references_in
from .scalars import parse_duration
from .step_checks import kinds_of
from .templates import OPENING, Template, assemble, compile_path, compile_template
from .values import JSON

_READS = ("GET", "HEAD", "OPTIONS")
_NO_EFFECT = ("wait", "value", "approval", "event")


def build_plan(canonical: dict[str, JSON]) -> Plan:
    """Compile the normal form of a valid Workflow."""
    workflow = Workflow.model_validate(canonical)
    spec = workflow.spec
    documents: dict[str, Any] = canonical["spec"]["steps"]
    edges = {name: predecessors_of(name, step) for name, step in sorted(documents.items())}
    order = tuple(topological(edges))
    after = successors(edges)
    own_policies = {name: _policy(policy) for name, policy in spec.retry_policies.items()}
    steps = {
        name: _step(name, spec.steps[name], documents[name], (edges[name], after[name]), own_policies) for name in order
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
    )


def retry_policy_of(spec: dict[str, JSON]) -> RetryPolicySpec:
    """The policy of a RetryPolicy resource, from the `spec` of its normal form."""
    return _policy(policies.RetryPolicySpec.model_validate(spec))


def predecessors_of(name: str, step: dict[str, Any]) -> list[str]:
    """The steps before a step: those it reads and those it needs, sorted."""
    before = set(step.get("needs", ()))
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
    edges: tuple[list[str], list[str]],
    own_policies: dict[str, RetryPolicySpec],
) -> PlannedStep:
    (kind,) = kinds_of(document)
    retry, retry_ref = _retry(step.retry, own_policies)
    return PlannedStep(
        name=name,
        kind=kind,
        body=_body(kind, step, document),
        predecessors=tuple(edges[0]),
        successors=tuple(edges[1]),
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
        flag=PlannedFlag(step.flag.key, step.flag.when_off) if step.flag else None,
    )


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
    return PlannedFallback("last_good" if fallback.last_good else "skip")


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
