"""Where the p95 of a workflow goes: a bounded sample of real runs around it, each split along its critical path.

Owns which runs are taken: of the newest that succeeded in the period, those nearest the p95 that the rollups measured.
Reads at most NEWEST rows of one index, and the steps and attempts of SAMPLE runs. Never writes.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from orchestration.engine.plans import plan_of
from orchestration.ids import floor
from orchestration.models import Attempt, Run, Series, StepRun
from orchestration.policies.critical_path import KINDS, Part, Timed, Try, saved, split
from orchestration.selectors.curves import totals
from orchestration.selectors.series import find, merged
from orchestration.states import RunResult

NEWEST, SAMPLE = 1000, 20


@dataclass(frozen=True, slots=True)
class Where:
    """A step's mean share of the sampled runs' time, and how much sooner they had ended if it took half as long."""

    step: str
    seconds: Mapping[str, float]
    saved: float

    @property
    def total(self) -> float:
        """All kinds together."""
        return sum(self.seconds.values())


@dataclass(frozen=True, slots=True)
class Split:
    """The p95, the runs that were looked at, and where their time went. `looked_through`: among how many they are."""

    p95: float
    runs: Sequence[tuple[uuid.UUID, float]]
    looked_through: int
    steps: Sequence[Where]

    @property
    def mean(self) -> float:
        """Of the sampled runs' durations: what the steps add up to."""
        return sum(seconds for _, seconds in self.runs) / len(self.runs)


def where_the_p95_goes(workflow_id: int, workflow: str, since: datetime, until: datetime) -> Split | None:
    """None when nothing that succeeded in the period was measured."""
    series = find(Series.Kind.RUN, workflow=workflow)
    p95 = merged(totals([one.pk for one in series], since, until).values()).quantile(0.95)
    rows = Run.objects.filter(workflow_id=workflow_id, result=RunResult.SUCCEEDED, pk__gte=floor(since))
    newest = list(rows.order_by("-pk").values_list("pk", "version_id", "created_at", "finished_at")[:NEWEST])
    durations = {pk: (end - begin).total_seconds() for pk, _, begin, end in newest if end is not None}
    if p95 is None or not durations:
        return None
    near = sorted(durations, key=lambda pk: (abs(durations[pk] - p95), pk))[:SAMPLE]
    versions = {pk: version for pk, version, _, _ in newest}
    begun = {pk: begin for pk, _, begin, _ in newest}
    steps = _steps(near, versions, begun)
    chosen = [pk for pk in near if steps.get(pk)]
    if not chosen:
        return None
    runs = [(pk, durations[pk]) for pk in chosen]
    return Split(p95, runs, len(durations), _means([(steps[pk], durations[pk]) for pk in chosen]))


def _steps(
    ids: Sequence[uuid.UUID], versions: Mapping[uuid.UUID, int], begun: Mapping[uuid.UUID, datetime]
) -> dict[uuid.UUID, dict[str, Timed]]:
    """Run → its steps that took time. Two queries."""
    columns = ("pk", "run_id", "name", "status", "started_at", "finished_at", "ready_at")
    rows = StepRun.objects.filter(run_id__in=ids, reused_from=None).exclude(status="skipped").values_list(*columns)
    tries: dict[int, list[tuple[datetime, datetime, str]]] = {}
    attempts = Attempt.objects.filter(step__run_id__in=ids, phase="forward").order_by("started_at", "pk")
    for step_id, begin, end, outcome in attempts.values_list("step_id", "started_at", "finished_at", "outcome"):
        tries.setdefault(step_id, []).append((begin, end, outcome))
    found: dict[uuid.UUID, dict[str, Timed]] = {}
    for pk, run_id, name, status, started, finished, ready in rows:
        planned = plan_of(versions[run_id]).steps.get(name)
        if planned is None or finished is None:
            continue
        zero = begun[run_id]
        begin = started or ready or finished
        own = [Try(_since(zero, one), _since(zero, end), outcome) for one, end, outcome in tries.get(pk, ())]
        if not any(one.outcome != "parked" for one in own) and started is not None:
            own.append(Try(max(_since(zero, started), own[-1].end if own else 0.0), _since(zero, finished), status))
        found.setdefault(run_id, {})[name] = Timed(
            _since(zero, begin), _since(zero, finished), planned.predecessors, own, planned.kind == "wait"
        )
    return found


def _since(zero: datetime, moment: datetime) -> float:
    return (moment - zero).total_seconds()


def _means(runs: Sequence[tuple[dict[str, Timed], float]]) -> list[Where]:
    """By step, over all runs: one that was on the path of half of them counts half. The longest first."""
    parts: dict[str, list[Part]] = {}
    for steps, duration in runs:
        for part in split(steps, duration):
            parts.setdefault(part.step, []).append(part)
    found = [
        Where(
            step,
            {kind: sum(part.seconds[kind] for part in members) / len(runs) for kind in KINDS},
            sum(saved(steps, duration, step) for steps, duration in runs) / len(runs),
        )
        for step, members in parts.items()
    ]
    return sorted(found, key=lambda where: (-where.total, where.step))
