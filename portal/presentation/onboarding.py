"""A workflow told to somebody who is new to it: its steps one by one, and whom to ask. Owns those words; never queries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orchestration.manifest import Plan
from orchestration.policies.escalation import steps_of
from portal.presentation import step_words
from portal.presentation.quantities import duration


@dataclass(frozen=True, slots=True)
class StepRow:
    """One step in words."""

    name: str
    kind: str
    icon: str
    intent: str
    does: str
    after: tuple[str, ...]
    dependency: str
    undo: str
    fallback: str


def steps(plan: Plan, canonical: Mapping[str, Any]) -> list[StepRow]:
    """Every step in the order in which they can run."""
    declared = canonical["spec"]["steps"]
    found = []
    for name in plan.order:
        step = plan.steps[name]
        found.append(
            StepRow(
                name, step_words.kind_words(step), step_words.KIND_ICON[step.kind], step.intent,
                step_words.short_call(step.kind, declared[name]), step.predecessors, step.dependency or "",
                _undo(plan, name, declared[name]), step_words.fallback(step.fallback),
            )
        )  # fmt: skip
    return found


def _undo(plan: Plan, name: str, declared: Mapping[str, Any]) -> str:
    """How it is taken back; empty where it changes nothing."""
    step = plan.steps[name]
    if step.compensate is None:
        return "cannot be undone" if step.effect == "write" else ""
    way_back = declared["compensate"]
    if step.compensate.kind == "none":
        return f"nothing to undo: {way_back['none']}"
    return step_words.short_call(step.compensate.kind, way_back)


def on_call(document: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """Whom the team's escalation tells, and after how long: what it means to be on call for it."""
    return [
        ("at once" if not step.after else f"after {duration(step.after)}", step.notify) for step in steps_of(document)
    ]
