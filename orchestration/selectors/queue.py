"""Reads of the queue: who waits, since when, in which place, and for what. Never admits: engine/queue.py does."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Min, Window
from django.db.models.functions import RowNumber

from orchestration.engine import places
from orchestration.engine.bounds import KEY, LIMIT, PAUSED
from orchestration.engine.plans import plan_of
from orchestration.models import Run, Team
from orchestration.policies.shares import Standing
from orchestration.states import RUN_OPEN, RunStatus

PER_PAGE = 100
#: Further pages are not given: whoever looks for one run filters, or opens the run.
MOST_PAGES = 50


@dataclass(frozen=True, slots=True)
class TeamQueue:
    """A team with queued or active runs. `share`: the places that are its own whatever the others want."""

    team: str
    queued: int
    oldest: datetime | None
    active: int
    share: int
    weight: float


@dataclass(frozen=True, slots=True)
class Waiting:
    """A queued run. `position`: of its team's, in the order of admission, from 1. `held` of `bound` are taken."""

    run: Run
    position: int
    waits_for: str
    held: int
    bound: int
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Queue:
    """What the page shows."""

    places: int
    taken: int
    teams: list[TeamQueue]
    runs: list[Waiting]
    total: int
    has_more: bool


def queue(*, team: str = "", workflow: str = "", page: int = 1) -> Queue:
    """The queue, in a fixed number of queries and one for each version that is seen for the first time."""
    standing = places.standing()
    counted = Run.objects.filter(status=RunStatus.QUEUED).values_list("team_id")
    lengths = {pk: (runs, oldest) for pk, runs, oldest in counted.annotate(Count("pk"), Min("created_at"))}
    names = dict(Team.objects.filter(pk__in={*lengths, *standing.active}).values_list("pk", "name"))
    ahead = Window(RowNumber(), partition_by=F("team_id"), order_by=[F("priority").desc(), F("pk").asc()])
    rows = Run.objects.filter(status=RunStatus.QUEUED).annotate(position=ahead)
    rows = rows.select_related("workflow", "version", "team", "started_by")
    rows = rows.defer("input", "output", "version__canonical", "version__text").order_by("-priority", "pk")
    found = rows.filter(pk__in=_wanted(team, workflow)) if workflow else rows
    found = found.filter(team__name=team) if team else found
    start = (max(1, min(page, MOST_PAGES)) - 1) * PER_PAGE
    shown = list(found[start : start + PER_PAGE + 1])
    return Queue(
        standing.places, standing.taken,
        sorted((_team(pk, name, lengths.get(pk), standing) for pk, name in names.items()), key=_longest_first),
        _explained(shown[:PER_PAGE], standing), sum(runs for runs, _ in lengths.values()), len(shown) > PER_PAGE,
    )  # fmt: skip


def lengths() -> list[tuple[str, int, datetime]]:
    """By team: how many runs are queued, and since when the oldest is."""
    rows = Run.objects.filter(status=RunStatus.QUEUED).values_list("team__name")
    return list(rows.annotate(Count("pk"), Min("created_at")).order_by("team__name"))


def _wanted(team: str, workflow: str) -> list[uuid.UUID]:
    rows = Run.objects.filter(status=RunStatus.QUEUED, workflow__name=workflow).order_by("-priority", "pk")
    return list((rows.filter(team__name=team) if team else rows).values_list("pk", flat=True)[: PER_PAGE * MOST_PAGES])


def _team(pk: int, name: str, length: tuple[int, datetime] | None, standing: Standing) -> TeamQueue:
    queued, oldest = length or (0, None)
    return TeamQueue(name, queued, oldest, standing.active.get(pk, 0), standing.share(pk), standing.weight(pk))


def _longest_first(one: TeamQueue) -> tuple[int, str]:
    return -one.queued, one.team


def _explained(runs: Sequence[Run], standing: Standing) -> list[Waiting]:
    held = _held({run.workflow_id for run in runs if run.queued_for in (LIMIT, KEY)})
    return [_waiting(run, held, standing) for run in runs]


def _held(workflows: set[int]) -> dict[int, dict[str, int]]:
    """Open runs by workflow and key."""
    found: dict[int, dict[str, int]] = defaultdict(dict)
    rows = Run.objects.filter(workflow_id__in=workflows, limited=True, status__in=sorted(RUN_OPEN - {RunStatus.QUEUED}))
    for workflow, key, runs in rows.values_list("workflow_id", "concurrency_key").annotate(Count("pk")):
        found[workflow][key] = runs
    return found


def _waiting(run: Run, held: dict[int, dict[str, int]], standing: Standing) -> Waiting:
    position: int = run.position  # type: ignore[attr-defined]
    bounds = plan_of(run.version_id).concurrency
    if run.queued_for == LIMIT and bounds is not None:
        return Waiting(run, position, LIMIT, sum(held[run.workflow_id].values()), bounds.limit or 0)
    if run.queued_for == KEY and bounds is not None:
        return Waiting(run, position, KEY, held[run.workflow_id].get(run.concurrency_key, 0), bounds.per_key or 0)
    if run.queued_for == PAUSED:
        return Waiting(run, position, PAUSED, 0, 0)
    team = run.team_id
    return Waiting(run, position, "share", standing.active.get(team, 0), standing.share(team), standing.weight(team))
