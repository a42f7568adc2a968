"""Reads of approvals: the open ones of some teams, one keyset page, one with what it is about. Never writes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import QuerySet

from orchestration.engine.plans import plan_of
from orchestration.errors import NotFound
from orchestration.manifest import Plan, PlannedStep
from orchestration.models import Approval, StepRun
from orchestration.states import StepStatus

OPEN = "open"
#: Words of the filter: the decisions, and open for none.
STATES = (OPEN, "approved", "rejected", "withdrawn")


@dataclass(frozen=True, slots=True)
class ApprovalFilter:
    """What is looked for; empty fields don't filter."""

    state: str = ""
    team: str = ""
    workflow: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """What an approval is about: the step that asks, what came before it, and what comes after a yes."""

    planned: PlannedStep
    before: list[StepRun]
    after: list[str]
    #: Steps whose effects a no undoes, the last first.
    undone: list[str]


def approvals(wanted: ApprovalFilter) -> QuerySet[Approval]:
    """Newest first."""
    rows = _rows()
    if wanted.state:
        rows = rows.filter(decision="" if wanted.state == OPEN else wanted.state)
    given = {"team__name": wanted.team, "run__workflow__name": wanted.workflow}
    return rows.filter(**{name: value for name, value in given.items() if value}).order_by("-pk")


def open_for(team_ids: Collection[int], *, not_started_by: int | None = None, most: int) -> list[Approval]:
    """Open ones of these teams, the oldest first; without those of runs that this person started."""
    rows = _rows().filter(decision=Approval.Decision.OPEN, team_id__in=team_ids)
    if not_started_by is not None:
        rows = rows.exclude(run__started_by=not_started_by)
    return list(rows.order_by("pk")[:most])


def find_approval(number: int) -> Approval:
    """By number. Raises NotFound."""
    found = _rows().filter(pk=number).first()
    if found is None:
        raise NotFound(f"no approval {number}; those of runs that were removed are removed with them")
    return found


def question_of(approval: Approval) -> Question:
    """In a fixed number of queries: the payloads of the steps right before it are read, and no others."""
    plan = plan_of(approval.run.version_id)
    planned = plan.steps[approval.step.name]
    steps = StepRun.objects.filter(run_id=approval.run_id, item=0)
    before = {step.name: step for step in steps.filter(name__in=planned.predecessors)}
    effects = {name for name, effect in steps.values_list("name", "effect") if effect != "none"}
    return Question(
        planned=planned,
        before=[before[name] for name in plan.order if name in before],
        after=_after(plan, approval.step.name),
        undone=[name for name in reversed(plan.order) if name in effects and plan.steps[name].compensate is not None],
    )


def _after(plan: Plan, name: str) -> list[str]:
    """Everything that follows from a step, in the plan's order."""
    reached = {name}
    for other in plan.order:
        if reached & set(plan.steps[other].predecessors):
            reached.add(other)
    return [other for other in plan.order if other in reached - {name}]


def _rows() -> QuerySet[Approval]:
    rows = Approval.objects.select_related(
        "team", "decided_by", "step", "run__workflow", "run__version", "run__started_by"
    )
    return rows.defer(
        "team__document", "step__input", "step__output", "run__input", "run__output", "run__version__canonical",
        "run__version__text",
    )  # fmt: skip


def waits_still(approval: Approval) -> bool:
    """Whether the step waits for this very answer."""
    step = approval.step
    return approval.decision == "" and step.status == StepStatus.WAITING and step.fence == approval.fence
