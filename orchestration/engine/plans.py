"""Compiled plans by workflow version: a published version never changes, so a plan is compiled once per process.

Owns the cache and the resolution of shared retry policies. Never reads YAML: the canonical form is stored.
"""

from __future__ import annotations

import functools
from typing import Any

from orchestration.manifest import Plan, PlannedCompensation, PlannedStep, RetryPolicySpec, build_plan
from orchestration.models import Port, WorkflowVersion
from orchestration.policies.retry import DefaultPolicy, Policy
from orchestration.selectors.targets import dependency_spec, retry_policy_spec


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


def retry_policy(planned: PlannedStep | PlannedCompensation) -> Policy:
    """The step's own policy, else the shared one it names, else its dependency's, else the default."""
    if planned.retry is not None:
        return planned.retry
    found = _shared(planned.retry_ref)
    if found is None and planned.dependency:
        spec = dependency_spec(planned.dependency) or {}
        named = spec.get("retry")
        found = _shared(named) if isinstance(named, str) else None
    return found or DefaultPolicy()


def start_to_close(planned: PlannedStep | PlannedCompensation, default: float) -> float:
    """Seconds for one attempt: the step's, else its dependency's, else the default."""
    if planned.timeout.start_to_close is not None:
        return planned.timeout.start_to_close
    spec: dict[str, Any] = (dependency_spec(planned.dependency) or {}) if planned.dependency else {}
    timeout = spec.get("timeout")
    if isinstance(timeout, dict) and isinstance(timeout.get("start_to_close"), int | float):
        return float(timeout["start_to_close"])
    return default


def _shared(name: str | None) -> Policy | None:
    spec = retry_policy_spec(name) if name else None
    if not spec:
        return None
    named = {**spec, "non_retryable_errors": tuple(spec.get("non_retryable_errors", ()))}
    return RetryPolicySpec(**named)
