"""Reads of runs: filtered keyset pages and one run with everything that belongs to it. Never writes.

Query counts are constant: a page costs one query, a run's detail a fixed handful, however many steps it has.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Prefetch, QuerySet

from orchestration.engine.plans import plan_of
from orchestration.errors import InvalidInput, NotFound
from orchestration.ids import floor
from orchestration.manifest import Plan, PlannedStep
from orchestration.models import Attempt, Parking, Run, RunEvent, StepRun
from orchestration.selectors.waits import Waits, waits_of
from orchestration.states import RUN_OPEN, Compensation, RunResult, RunStatus, StepStatus, WaitingKind

MAX_PAGE = 200
#: The filter word for every status but finished.
OPEN = "open"
#: A list never needs payloads, which may be large.
_SUMMARY_DEFERRED = ("input", "output")


@dataclass(frozen=True, slots=True)
class RunFilter:
    """What a list asks for; empty strings and None ask for nothing. Times are inclusive from, exclusive to."""

    workflow: str = ""
    version: str = ""
    team: str = ""
    status: str = ""
    result: str = ""
    compensation: str = ""
    key: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def check(self) -> None:
        """Raise InvalidInput for a state that there is not."""
        for name, words in (("status", [*RunStatus, OPEN]), ("result", RunResult), ("compensation", Compensation)):
            value = getattr(self, name)
            if value and value not in set(words):
                known = ", ".join(word for word in words if word)
                raise InvalidInput(f"{name} {value[:40]!r} is no {name} of a run; use one of {known}")


@dataclass(frozen=True, slots=True)
class Page:
    """One keyset page, newest first. `next` is the cursor of the following one, None at the end."""

    items: list[Run]
    next: str | None


@dataclass(frozen=True, slots=True)
class RunDetail:
    """A run, its plan, its steps in the plan's order with their attempts, its events and the run that retried it."""

    run: Run
    plan: Plan
    steps: Mapping[str, StepRun]
    attempts: Mapping[int, list[Attempt]]
    events: list[RunEvent]
    retried_as: Run | None
    pending: tuple[str, ...] = field(default=())
    #: Steps that wait for their dependency, by id.
    parked: Mapping[int, Parking] = field(default_factory=dict)
    waits: Waits = field(default_factory=Waits)


def runs(wanted: RunFilter, *, cursor: str = "", limit: int = 50) -> Page:
    """A page of runs. Raises InvalidInput for an unreadable cursor or an unknown state."""
    wanted.check()
    rows = filtered(wanted)
    if cursor:
        try:
            rows = rows.filter(pk__lt=uuid.UUID(cursor))
        except ValueError:
            raise InvalidInput("the cursor is not one that this list gave out; begin again without it") from None
    size = max(1, min(limit, MAX_PAGE))
    items = list(rows.order_by("-pk")[: size + 1])
    more = len(items) > size
    items = items[:size]
    return Page(items, str(items[-1].pk) if more else None)


def filtered(wanted: RunFilter) -> QuerySet[Run]:
    """Runs that fit, unordered, with the names that a row shows."""
    rows = Run.objects.select_related("workflow", "version", "team", "started_by").defer(
        *_SUMMARY_DEFERRED, "version__canonical", "version__text"
    )
    exact: dict[str, Any] = {
        "workflow__name": wanted.workflow,
        "version__version": wanted.version,
        "team__name": wanted.team,
        "status": wanted.status,
        "result": wanted.result,
        "compensation": wanted.compensation,
        "idempotency_key": wanted.key,
    }
    if wanted.status == OPEN:
        exact["status"] = ""
        rows = rows.filter(status__in=sorted(RUN_OPEN))
    rows = rows.filter(**{name: value for name, value in exact.items() if value})
    if wanted.since is not None:
        rows = rows.filter(pk__gte=floor(wanted.since))
    if wanted.until is not None:
        rows = rows.filter(pk__lt=floor(wanted.until))
    return rows


def find_run(run_id: str | uuid.UUID) -> Run:
    """The run with its names, payloads included. Raises NotFound."""
    try:
        wanted = run_id if isinstance(run_id, uuid.UUID) else uuid.UUID(run_id)
    except ValueError:
        raise NotFound(f"{str(run_id)[:60]!r} is not a run id; it is a UUID, as in the run's URL") from None
    rows = Run.objects.select_related(
        "workflow", "version", "team", "started_by", "retry_of", "rerun_of", "parent_step"
    )
    rows = rows.defer("parent_step__input", "parent_step__output")
    run = rows.defer("version__canonical", "version__text").filter(pk=wanted).first()
    if run is None:
        raise NotFound(f"no run {wanted}")
    return run


def run_detail(run_id: str | uuid.UUID, *, payloads_of: str | None = None) -> RunDetail:
    """Everything a run's page shows, in a fixed number of queries, and one more to compile a version's plan.

    `payloads_of` names the one step whose input and output are read (empty: none); None reads all of them.
    """
    run = find_run(run_id)
    plan = plan_of(run.version_id)
    attempts = Attempt.objects.order_by("id")
    rows = StepRun.objects.filter(run=run, item=0).prefetch_related(Prefetch("attempts", queryset=attempts))
    if payloads_of is not None:
        rows = rows.defer("input", "output")  # 500 steps may hold 500 large payloads that nobody looks at
    found = {step.name: step for step in rows}
    if payloads_of and payloads_of in found:
        found[payloads_of].refresh_from_db(fields=["input", "output"])
    ordered = {name: found[name] for name in plan.order if name in found}
    events = list(RunEvent.objects.filter(run=run).select_related("actor"))
    return RunDetail(
        run=run, plan=plan, steps=ordered,
        attempts={step.pk: attempts_of(step, _attempted(plan.steps[name])) for name, step in ordered.items()},
        events=events, retried_as=run.retries.first(), pending=tuple(name for name in plan.order if name not in found),
        parked=_parked(found.values()), waits=waits_of(run.pk, plan, ordered.values()),
    )  # fmt: skip


def _parked(steps: Iterable[StepRun]) -> dict[int, Parking]:
    """Of a run in which nobody waits for a dependency this costs no query."""
    kinds = {WaitingKind.PARKED, WaitingKind.CAPACITY}
    ids = [step.pk for step in steps if step.status == StepStatus.WAITING and step.waiting_kind in kinds]
    return Parking.objects.in_bulk(ids) if ids else {}


def _attempted(planned: PlannedStep) -> bool:
    """A wait is no attempt: nobody was at it. Of a loop each item has attempts of its own."""
    return planned.kind not in {"wait", "approval", "event"} and planned.for_each is None


def attempts_of(step: StepRun, attempted: bool = True) -> list[Attempt]:
    """Every attempt of a step, in order. That of a success at the first claim is made from the step: it has no row."""
    found = list(step.attempts.all())
    told = any(one.phase == "forward" for one in found)
    if step.status != StepStatus.SUCCEEDED or told or not attempted or step.reused_from_id is not None:
        return found
    assert step.started_at is not None
    assert step.finished_at is not None
    first = Attempt(
        step=step, phase="forward", number=1, started_at=step.started_at, finished_at=step.finished_at,
        outcome="succeeded", fence=1,
    )  # fmt: skip
    return [first, *found]
