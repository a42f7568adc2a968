"""The queue: runs that were started and may not begin yet, and their admission.

Whenever a worker has room, and in each round of the sweeper, the places that are free go to the teams by their shares; within
a team the higher priority comes first, then the older run. One process at a time decides, so that two don't give away the same
place. Owns which queued run begins. Never executes one, and never says what a new one meets: start.py does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from django.db import connection, transaction
from django.db.models import QuerySet

from orchestration import clock
from orchestration.engine import hot_sql, places
from orchestration.engine.begin import Begun, begin, failed_at_birth
from orchestration.engine.bounds import PAUSED, SHARE, Bounds, is_paused
from orchestration.engine.claim import RunFacts
from orchestration.engine.plans import plan_of
from orchestration.engine.prepared import read
from orchestration.engine.publish import send_later
from orchestration.engine.rows import Admission
from orchestration.engine.settle import states_of
from orchestration.engine.start import deadline, end_at_birth
from orchestration.limits import WAKE_BATCH
from orchestration.manifest import Plan
from orchestration.models import Run, StepRun
from orchestration.policies.shares import grants
from orchestration.states import RunStatus
from orchestration.telemetry import tracing
from orchestration.telemetry.outcomes import note

log = structlog.get_logger(__name__)

#: So many runs begin by messages at a time: a worker that takes one on looks at the queue itself, and fills the room that
#: it has without any.
FEW = 8
#: An advisory lock that whoever admits has until the end of the transaction.
_LOCK = "SELECT pg_advisory_xact_lock(hashtext('plumbline.queue'))"
#: Whether anybody waits for a share, and whether anybody waits for something else.
_ANYONE = """
SELECT EXISTS (SELECT 1 FROM orchestration_run WHERE status = 'queued' AND queued_for = 'share'),
       EXISTS (SELECT 1 FROM orchestration_run WHERE status = 'queued' AND NOT queued_for = 'share')
"""
# One step along an index for each workflow, however long its queue is.
_WORKFLOWS = """
WITH RECURSIVE waiting(workflow) AS (
    SELECT min(workflow_id) FROM orchestration_run WHERE status = 'queued' AND NOT queued_for = 'share'
    UNION ALL
    SELECT (SELECT min(r.workflow_id) FROM orchestration_run r
            WHERE r.status = 'queued' AND NOT r.queued_for = 'share' AND r.workflow_id > waiting.workflow)
    FROM waiting WHERE waiting.workflow IS NOT NULL
)
SELECT workflow FROM waiting WHERE workflow IS NOT NULL ORDER BY 1
"""


@dataclass(slots=True)
class _Chosen:
    """Runs that begin in this transaction, and those that were found to wait for something else than it was thought."""

    runs: list[Run] = field(default_factory=list)
    put_off: dict[str, list[Run]] = field(default_factory=lambda: defaultdict(list))


def admit(most: int | None = None) -> list[int]:
    """Admit what may begin now, `most` runs if that is given. The ids of its first steps, for workers to be woken; losing
    them costs seconds.
    """
    for_share, for_else = read(_ANYONE)[0]
    if not for_share and not for_else:
        return []
    with transaction.atomic():
        _one_at_a_time()
        now = clock.now()
        chosen = _choose(Bounds(), most, freed=bool(for_else))
        for why, runs in chosen.put_off.items():
            Run.objects.filter(pk__in=[run.pk for run in runs], status=RunStatus.QUEUED).update(queued_for=why)
        return _begin(chosen.runs, now) if chosen.runs else []


def due(_now: datetime) -> int:
    """The sweeper's look: admit a few, and wake workers; how many steps are ready with it."""
    ids = admit(FEW)
    send_later(ids)
    return len(ids)


def _one_at_a_time() -> None:
    """SQLite has one writer at a time in any case."""
    if connection.vendor == "postgresql":
        read(_LOCK)


def _choose(bounds: Bounds, most: int | None, *, freed: bool) -> _Chosen:
    chosen, mine = _Chosen(), defaultdict[int, list[Run]](list)
    for run in _freed(bounds) if freed else ():
        if run.parent_step_id is not None:
            chosen.runs.append(run)  # it waits for no share: its parent holds no place, and waits for it
        else:
            mine[run.team_id].append(run)
    standing = places.standing()
    waiting = {team: len(runs) for team, runs in mine.items()}
    waiting |= dict.fromkeys(standing.queued, WAKE_BATCH)
    for team, room in grants(standing, waiting, most).items():
        heads = [*mine[team], *_heads(team, room)] if team in standing.queued else mine[team]
        heads.sort(key=lambda run: (-run.priority, run.pk))
        _take(heads, room, bounds, chosen)
    return chosen


def _take(heads: Sequence[Run], room: int, bounds: Bounds, chosen: _Chosen) -> None:
    """As many of a team's as there is room for. What its workflow's concurrency holds up waits for that from now on."""
    for run in heads:
        if not room:
            return
        if is_paused(run.workflow):
            chosen.put_off[PAUSED].append(run)  # it was paused while the run waited for its team's share
            continue
        if run.limited and run.queued_for == SHARE:
            why = bounds.obstacle(run.workflow_id, plan_of(run.version_id), run.concurrency_key)
            if why:
                chosen.put_off[why].append(run)
                continue
            bounds.count(run.workflow_id, run.concurrency_key)
        chosen.runs.append(run)
        room -= 1


def _heads(team_id: int, count: int) -> list[Run]:
    """The first of a team's that wait for nothing but its share."""
    return _first(Run.objects.filter(team_id=team_id, status=RunStatus.QUEUED, queued_for=SHARE), count)


def _freed(bounds: Bounds) -> list[Run]:
    """Runs that waited for a limit or a pause which does not hold them up any more; each is counted as open already."""
    return [run for (workflow,) in read(_WORKFLOWS) for run in _freed_of(workflow, bounds)]


def _freed_of(workflow_id: int, bounds: Bounds) -> list[Run]:
    rows = Run.objects.filter(workflow_id=workflow_id, status=RunStatus.QUEUED).exclude(queued_for=SHARE)
    if bounds.of(workflow_id).paused:
        return []
    plans = [plan_of(version) for version in rows.values_list("version_id", flat=True).distinct()]
    full = bounds.full_keys(workflow_id, _most_per_key(plans))
    found = []
    for run in _first(rows.exclude(concurrency_key__in=full) if full else rows, WAKE_BATCH):
        if not run.limited:
            found.append(run)
        elif not bounds.obstacle(workflow_id, plan_of(run.version_id), run.concurrency_key):
            bounds.count(workflow_id, run.concurrency_key)
            found.append(run)
    return found


def _most_per_key(plans: Sequence[Plan]) -> int | None:
    """Of several versions the widest bound: a key that is full by it is full for all of them."""
    bounds = [plan.concurrency.per_key if plan.concurrency is not None else None for plan in plans]
    return None if None in bounds else max((bound for bound in bounds if bound is not None), default=None)


def _first(rows: QuerySet[Run], count: int) -> list[Run]:
    """In the order of the queue, locked; what somebody just cancels or changes is left to the next look."""
    rows = rows.select_related("workflow").order_by("-priority", "pk")
    return list(rows.select_for_update(skip_locked=True, of=("self",))[:count])


def _begin(runs: Sequence[Run], now: datetime) -> list[int]:
    begun: list[tuple[RunFacts, Plan, Begun]] = []
    admissions, bounds = [], _given_by_parents(runs)
    for run in runs:
        plan = plan_of(run.version_id)
        run.started_at = now
        facts = RunFacts.of(run, plan.workflow, plan.version)
        states = states_of(run.pk) if run.retry_of_id or run.rerun_of_id else {}
        begun.append((facts, plan, begin(facts, plan, states, None, now, inline=False)))
        admissions.append(
            Admission(run.pk, now, deadline(plan, bounds.get(run.parent_step_id), now), _waited(run, now))
        )
    if not hot_sql.admit(admissions, [row for _, _, one in begun for row in one.born]):
        raise AssertionError("a queued run that was locked is not queued any more")
    ready = []
    for facts, plan, one in begun:
        tracing.run_started(facts.id, facts.trace_id, facts.workflow, facts.version, now)
        if one.errors:
            note(failed_at_birth(facts, one))
        if one.errors or not one.ready:
            end_at_birth(facts, plan, one, now)
        else:
            ready += [row.pk for row in one.ready]
    return ready


def _given_by_parents(runs: Sequence[Run]) -> dict[int | None, float | None]:
    """Of the steps whose children these are the `start_to_close`, in seconds: it runs from the child's beginning."""
    parents = [run.parent_step_id for run in runs if run.parent_step_id is not None]
    steps = StepRun.objects.filter(pk__in=parents).values_list("pk", "run__version_id", "name") if parents else []
    return {pk: plan_of(version).steps[name].timeout.start_to_close for pk, version, name in steps}


def _waited(run: Run, now: datetime) -> str:
    return f"after {max((now - run.created_at).total_seconds(), 0):.1f} s in the queue"
