"""What gate policies ask of the dependencies of a workflow: how many it may call, and how each call is guarded.

A call's timeout and retry may be the step's own or its dependency's; its fallback is the step's, or the reason why it has none.
Owns the rules and the sentences. Never reads a run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from governance.gate.requirements import concerns
from governance.models import GatePolicy
from orchestration.hooks import PolicyFault
from orchestration.manifest import Finding
from orchestration.manifest.problems import Path

#: The kind of change that a policy's `changes` must name, if it names any.
KIND = "workflow.release"


class _Call(NamedTuple):
    """A step, or its compensation, that calls a dependency."""

    path: Path
    name: str
    declared: Mapping[str, Any]
    dependency: str


@dataclass(frozen=True, slots=True)
class DependencyRules:
    """All policies that concern a workflow together. `wanted`: guard → the policy that wants it."""

    limits: Sequence[tuple[int, str]]
    wanted: Mapping[str, str]
    refusing: frozenset[str]

    def over(self, called: int) -> tuple[int, str] | None:
        """The limit that so many are over: the strictest that refuses, else the strictest there is."""
        passed = [limit for limit in self.limits if called > limit[0]]
        return min(passed, key=lambda limit: (limit[1] not in self.refusing, limit), default=None)


def faults(
    canonical: Mapping[str, Any], name: str, owner: str, specs: Mapping[str, Mapping[str, Any]]
) -> Sequence[PolicyFault]:
    """What a workflow, in its normal form, has against the applied policies. `specs`: those of the dependencies, by name."""
    found = [policy for policy in GatePolicy.objects.all() if _concerns(policy.document["spec"], name, owner)]
    return list(_faults(canonical, specs, combined(found))) if found else []


def combined(policies: Iterable[GatePolicy]) -> DependencyRules:
    """Strict together: the fewest dependencies, everything that any of them wants, refused where any refuses."""
    rules = {
        policy.name: policy.document["spec"]["dependencies"] for policy in sorted(policies, key=lambda one: one.name)
    }
    refusing = frozenset(name for name, asked in rules.items() if asked.get("enforce") != "tell")
    wanted: dict[str, str] = {}
    for name in sorted(rules, key=lambda one: one not in refusing):
        for guard in rules[name].get("require", []):
            wanted.setdefault(guard, name)
    return DependencyRules(
        [(asked["most"], name) for name, asked in rules.items() if "most" in asked], wanted, refusing
    )


def _concerns(spec: Mapping[str, Any], name: str, owner: str) -> bool:
    return "dependencies" in spec and concerns(dict(spec), KIND, name, owner)


def _faults(
    canonical: Mapping[str, Any], specs: Mapping[str, Mapping[str, Any]], rules: DependencyRules
) -> Iterator[PolicyFault]:
    calls = list(_calls(canonical))
    called = sorted({call.dependency for call in calls})
    over = rules.over(len(called))
    if over is not None:
        noun = "dependency" if len(called) == 1 else "dependencies"
        text = f"it calls {len(called)} {noun} ({', '.join(called)}); policy {over[1]} allows {over[0]}; split it"
        yield PolicyFault(Finding(("spec", "steps"), text, at_key=True), over[1] in rules.refusing)
    for call in calls:
        spec = specs.get(call.dependency, {})
        for guard, policy in rules.wanted.items():
            remedy = _missing(guard, call, spec)
            if remedy:
                text = f"calls {call.dependency} without {_WORDS[guard]}, which policy {policy} wants; {remedy}"
                yield PolicyFault(Finding(call.path, text, at_key=True), policy in rules.refusing)


_WORDS = {"timeout": "a timeout", "retry": "a retry policy", "fallback": "a fallback"}


def _missing(guard: str, call: _Call, spec: Mapping[str, Any]) -> str:
    """What would put it right; empty when nothing is missing."""
    if guard == "timeout":
        has = any(where.get("timeout", {}).get("start_to_close") for where in (call.declared, spec))
        return "" if has else f"set timeout.start_to_close here or in Dependency {call.dependency}"
    if guard == "retry":
        has = any(where.get("retry") is not None for where in (call.declared, spec))
        return "" if has else f"set retry here or in Dependency {call.dependency}"
    undoing = call.path[-1] == "compensate"  # there is nothing to fall back to: it is tried until a person takes over
    has = undoing or "fallback" in call.declared or "no_fallback" in call.declared
    return "" if has else "set fallback, or say in no_fallback why there can't be one"


def _calls(canonical: Mapping[str, Any]) -> Iterator[_Call]:
    for name, step in canonical["spec"]["steps"].items():
        path: Path = ("spec", "steps", name)
        if step.get("dependency"):
            yield _Call(path, name, step, step["dependency"])
        undo = step.get("compensate") or {}
        if undo.get("dependency") or ("http" in undo and step.get("dependency")):
            yield _Call((*path, "compensate"), name, undo, undo.get("dependency") or step["dependency"])
