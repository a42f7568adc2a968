"""What may begin next, and whether a run is over. Pure: a plan and the states of its steps in, names out.

The rules: a step begins when all its predecessors are over (join: any, at the first success); it is skipped when all of
them were skipped. A failed step ends its run, unless every successor of it joins `any` and may still begin by another.
Never evaluates an expression and never touches the database.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from orchestration.manifest import Plan, PlannedStep
from orchestration.states import STEP_BAD, STEP_GOOD, STEP_OPEN, StepStatus

States = Mapping[str, StepStatus]


@dataclass(frozen=True, slots=True)
class Next:
    """Names in declaration order. `begin` still have their `when` to pass; `skip` are skipped for certain."""

    begin: tuple[str, ...]
    skip: tuple[str, ...]


def following(plan: Plan, states: States, after: str | None) -> Next:
    """What follows now. `after` narrows the look to the successors of the step that just ended; None looks at all."""
    names = plan.steps if after is None else plan.steps[after].successors
    begin, skip = [], []
    for name in names:
        if name in states:
            continue
        match _readiness(plan.steps[name], states):
            case "begin":
                begin.append(name)
            case "skip":
                skip.append(name)
    return Next(tuple(begin), tuple(skip))


def fatal(plan: Plan, states: States) -> str | None:
    """The failed step that ends the run, or None."""
    for name in plan.order:
        if states.get(name) in STEP_BAD and not _tolerated(plan, states, name):
            return name
    return None


def is_over(plan: Plan, states: States) -> bool:
    """Whether every step has ended."""
    return all(name in states and states[name] not in STEP_OPEN for name in plan.steps)


def _readiness(step: PlannedStep, states: States) -> str:
    if step.stands_in_for is not None:  # it is begun by the failure itself (engine/stand_ins.py)
        state = states.get(step.stands_in_for)
        return "wait" if state is None or state in STEP_OPEN else "skip"
    before = [states.get(name) for name in step.predecessors]
    if step.join == "any" and any(state in STEP_GOOD for state in before):
        return "begin"
    if any(state is None or state in STEP_OPEN for state in before):
        return "wait"
    if before and all(state == StepStatus.SKIPPED for state in before):
        return "skip"
    if step.join == "any" and before:
        return "wait"  # over, none succeeded and not all skipped: the failure among them is fatal
    return "begin"


def _tolerated(plan: Plan, states: States, name: str) -> bool:
    if plan.steps[name].stands_in_for is not None:
        return True  # the step that it stands in for fails then
    successors = [other for other in plan.steps[name].successors if plan.steps[other].stands_in_for != name]
    return bool(successors) and all(
        plan.steps[successor].join == "any" and _may_begin_without(plan.steps[successor], states)
        for successor in successors
    )


def _may_begin_without(step: PlannedStep, states: States) -> bool:
    """Some predecessor succeeded or still may."""
    return any(
        states.get(name) is None or states[name] in STEP_OPEN or states[name] in STEP_GOOD for name in step.predecessors
    )
