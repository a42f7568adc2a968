"""Compiled plans by workflow version: a published version never changes, so a plan is compiled once per process.

Owns the cache and the resolution of shared retry policies. Never reads YAML: the canonical form is stored.
"""

from __future__ import annotations

import functools
from typing import Any

from orchestration.manifest import Plan, PlannedCompensation, PlannedStep, build_plan, parse_duration, retry_policy_of
from orchestration.models import Port, WorkflowVersion
from orchestration.policies.retry import DefaultPolicy, Policy
from orchestration.selectors.targets import dependency_spec, retry_policy_spec

_AHEAD_KINDS = frozenset({"python", "value"})


@functools.lru_cache(maxsize=512)
def plan_of(version_id: int) -> Plan:
    """The plan of a published version."""
    canonical = WorkflowVersion.objects.values_list("canonical", flat=True).get(pk=version_id)
    return build_plan(canonical)


@functools.lru_cache(maxsize=2048)
def ports_of(version_id: int) -> dict[tuple[str, str], tuple[str, str]]:
    """(step, direction) → (contract, resolved version), as resolved at publish."""
    rows = Port.objects.filter(version_id=version_id).values_list("step", "direction", "contract", "resolved")
    return {(step, direction): (contract, resolved) for step, direction, contract, resolved in rows}


@functools.lru_cache(maxsize=2048)
def sole_speakers(version_id: int) -> frozenset[str]:
    """Steps whose success alone says what follows, whatever the other steps do.

    Either all that comes next waits for nobody else and has no `when` and no flag; or nothing comes next, and every other step is
    over by then, and well: it stands before this one, and no step joins `any`, which is what lets a failure pass, or has a
    fallback, which is what makes the run degraded.
    """
    plan = plan_of(version_id)
    strict = all(step.join == "all" and not _may_degrade(step) for step in plan.steps.values())
    return frozenset(name for name in plan.steps if _speaks_alone(plan, name, strict=strict))


@functools.lru_cache(maxsize=2048)
def free_of_effects(version_id: int) -> frozenset[str]:
    """Steps that may be executed before what came before them is durable: doing one again harms nobody.

    They follow one step alone and say alone what follows them. What talks to somebody else or waits would gain nothing,
    and a heartbeat needs a row.
    """
    plan, alone = plan_of(version_id), sole_speakers(version_id)
    return frozenset(
        name
        for name, step in plan.steps.items()
        if step.kind in _AHEAD_KINDS
        and not may_write(step)
        and name in alone
        and step.dependency is None
        and step.timeout.heartbeat is None
    )


def forget() -> None:
    """Read every version anew: after a change of database."""
    for cache in (plan_of, ports_of, sole_speakers, free_of_effects):
        cache.cache_clear()


def _may_degrade(step: PlannedStep) -> bool:
    return step.fallback is not None or step.for_each is not None or step.kind == "workflow"


def _speaks_alone(plan: Plan, name: str, *, strict: bool) -> bool:
    step = plan.steps[name]
    if step.for_each is not None or step.stands_in_for or (step.fallback is not None and step.fallback.kind == "step"):
        return False
    after = step.successors
    if after:
        return all(plan.steps[one].predecessors == (name,) and plan.steps[one].begins_freely for one in after)
    before: set[str] = set()
    look = [name]
    while look:
        found = set(plan.steps[look.pop()].predecessors) - before
        before |= found
        look.extend(found)
    return strict and len(before) == len(plan.steps) - 1


def retry_policy(planned: PlannedStep | PlannedCompensation) -> Policy:
    """The step's own policy, else the shared one it names, else its dependency's, else the default."""
    if planned.retry is not None:
        return planned.retry
    found = _shared(planned.retry_ref)
    if found is None and planned.dependency:
        spec = dependency_spec(planned.dependency) or {}
        named = spec.get("retry")
        found = retry_policy_of(named) if isinstance(named, dict) else _shared(named)
    return found or DefaultPolicy()


def start_to_close(planned: PlannedStep | PlannedCompensation, default: float) -> float:
    """Seconds for one attempt: the step's, else its dependency's, else the default."""
    if planned.timeout.start_to_close is not None:
        return planned.timeout.start_to_close
    spec: dict[str, Any] = (dependency_spec(planned.dependency) or {}) if planned.dependency else {}
    named = spec.get("timeout", {}).get("start_to_close")
    return parse_duration(str(named)) if named is not None else default


def undo_of(planned: PlannedStep) -> PlannedCompensation | None:
    """The step's compensation; None where it has none, or says why it needs none."""
    compensate = planned.compensate
    return compensate if compensate is not None and compensate.kind != "none" else None


def may_write(planned: PlannedStep) -> bool:
    """Whether an attempt that ended unclear may have had its effect."""
    return planned.effect == "write" or undo_of(planned) is not None


def _shared(name: str | None) -> Policy | None:
    spec = retry_policy_spec(name) if name else None
    return retry_policy_of(spec) if spec else None
