"""Which patterns a workflow uses, read out of its manifest in its normal form and of those of the dependencies that it calls.

Pure. Owns one rule for each pattern of the library; a pattern that people wrote has none, and nobody is said to use it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Spec = Mapping[str, Any]
Rule = Callable[[Spec, list[Spec]], bool]
#: A way back from fewer writes than this is an undo, not a saga.
FEWEST_WRITES = 2


def uses(canonical: Mapping[str, Any], dependencies: Mapping[str, Spec]) -> frozenset[str]:
    """Names of patterns. `dependencies`: the specs of those that are known, by name."""
    spec: Spec = canonical.get("spec") or {}
    called = [dependencies[name] for name in sorted(_called(spec)) if name in dependencies]
    return frozenset(name for name, rule in RULES.items() if rule(spec, called))


def _steps(spec: Spec) -> Iterator[Spec]:
    for step in (spec.get("steps") or {}).values():
        if isinstance(step, Mapping):
            yield step


def _called(spec: Spec) -> set[str]:
    return {str(step["dependency"]) for step in _steps(spec) if step.get("dependency")}


def _writes(spec: Spec) -> list[Spec]:
    return [step for step in _steps(spec) if step.get("effect") == "write"]


def _saga(spec: Spec, called: list[Spec]) -> bool:
    undone = [step for step in _writes(spec) if "none" not in (step.get("compensate") or {"none": ""})]
    return len(undone) >= FEWEST_WRITES


def _idempotent(spec: Spec, called: list[Spec]) -> bool:
    """A write that is tried again under its key: an http write that has a policy of its own or of its dependency."""
    return any("http" in step and ("retry" in step or any("retry" in one for one in called)) for step in _writes(spec))


def _retry(spec: Spec, called: list[Spec]) -> bool:
    return any("retry" in step for step in _steps(spec)) or any("retry" in one for one in called)


def _fallback(spec: Spec, called: list[Spec]) -> bool:
    return any("fallback" in step for step in _steps(spec))


def _breaker(spec: Spec, called: list[Spec]) -> bool:
    return any("breaker" in one for one in called)


def _bulkhead(spec: Spec, called: list[Spec]) -> bool:
    return any("bulkhead" in one or "rate_limit" in one for one in called)


def _budget(spec: Spec, called: list[Spec]) -> bool:
    return "timeout" in spec and any("timeout" in step for step in _steps(spec))


def _wait(spec: Spec, called: list[Spec]) -> bool:
    return any("wait" in step for step in _steps(spec))


def _contract(spec: Spec, called: list[Spec]) -> bool:
    return "contract" in (spec.get("input") or {})


def _expect(spec: Spec, called: list[Spec]) -> bool:
    return any(step.get("expect") for step in _steps(spec))


RULES: Mapping[str, Rule] = {
    "saga": _saga,
    "idempotent-write": _idempotent,
    "retry-with-backoff": _retry,
    "fallback": _fallback,
    "circuit-breaker": _breaker,
    "bulkhead": _bulkhead,
    "timeout-budget": _budget,
    "wait-with-timer": _wait,
    "contract-first": _contract,
    "check-the-answer": _expect,
}
