"""What Home shows: the health of workflows, and what needs the reader. A fixed number of queries, whatever there is.

Owns what "failing", "degraded" and "late" mean while there are no budgets: stated in RULES, from measured runs only.
Never words a sentence and never writes.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import OuterRef, Subquery
from django.db.models.fields.json import KT

from orchestration.manifest.scalars import parse_duration
from orchestration.models import Workflow, WorkflowVersion
from portal.selectors.outcomes import SAMPLED_WORKFLOWS, Ended, Sample, ended_since, newest_ended, open_by_workflow

DAY = timedelta(hours=24)
HOURS = 24
#: The newest runs that decide whether a workflow fails now.
RECENT = 10
#: Rows of the health table; the rest is a link away.
SHOWN = 12
RULES = (
    f"Failing: half or more of the newest {RECENT} runs that ended within 24 h failed or timed out. "
    "Degraded: more runs of the 24 h did than the declared objective allows or, without one, any of the newest "
    f"{RECENT}. Late: p95 is above the declared objective."
)
ORDER = ("failing", "degraded", "late", "healthy", "running", "no_runs")


@dataclass(frozen=True, slots=True)
class Failing:
    """A stretch of failures that lasts until now: since when, where most of them failed, and why."""

    since: datetime
    bad: int
    of: int
    step: str
    error_type: str


@dataclass(frozen=True, slots=True)
class Health:
    """One workflow: what is measured of its last 24 h, beside what its manifest declares."""

    name: str
    owner: str
    version_id: int | None
    state: str
    finished: int
    bad: int
    open: int
    rates: list[float | None] = field(default_factory=list)
    p95: float | None = None
    p95_objective: float | None = None
    allowed: float | None = None
    failing: Failing | None = None

    @property
    def error_rate(self) -> float | None:
        """A share of 1; None of none."""
        return self.bad / self.finished if self.finished else None

    @property
    def is_late(self) -> bool:
        """Whether p95 is above what is declared."""
        return self.p95 is not None and self.p95_objective is not None and self.p95 > self.p95_objective

    @property
    def is_over(self) -> bool:
        """Whether more runs failed than is declared."""
        return self.allowed is not None and (self.error_rate or 0.0) > self.allowed


def workflow_health(*, now: datetime, team_id: int | None = None) -> list[Health]:
    """Every workflow (of the team), worst first. Four queries."""
    since = now - DAY
    workflows = _workflows(team_id)
    ended: dict[int, list[Ended]] = {workflow.pk: [] for workflow in workflows}
    for row in ended_since(since, characters=13, team_id=team_id):
        ended.setdefault(row.workflow_id, []).append(row)
    busy = sorted((pk for pk, rows in ended.items() if rows), key=lambda pk: (-_share(ended[pk]), pk))
    samples = newest_ended(busy[:SAMPLED_WORKFLOWS], since=since)
    going_on = open_by_workflow(team_id)
    hours = _hours(now)
    rows = [
        _health(item, ended[item.pk], samples.get(item.pk, []), going_on.get(item.pk, 0), hours) for item in workflows
    ]
    return sorted(rows, key=lambda row: (ORDER.index(row.state), -(row.error_rate or 0.0), row.name))


def percentile(values: Sequence[float], share: float) -> float | None:
    """The nearest-rank percentile: a value that was measured, never one between two."""
    ordered = sorted(values)
    return ordered[math.ceil(share * len(ordered)) - 1] if ordered else None


def failing_stretch(samples: Sequence[Sample]) -> Failing | None:
    """The longest stretch up to now in which at least half of the runs failed; None when the newest RECENT don't.

    Samples come newest first; so "since" is the oldest failure before successes prevailed.
    """
    recent = samples[:RECENT]
    if not recent or 2 * sum(sample.is_bad for sample in recent) < len(recent):
        return None
    bad, length = 0, 0
    for count, sample in enumerate(samples, start=1):
        bad += sample.is_bad
        if sample.is_bad and 2 * bad >= count:
            length = count
    stretch = samples[:length]
    failed = [sample for sample in stretch if sample.is_bad]
    step, _ = Counter(sample.failed_step for sample in failed).most_common(1)[0]
    error, _ = Counter(sample.error_type for sample in failed if sample.failed_step == step).most_common(1)[0]
    return Failing(stretch[-1].finished_at, len(failed), length, step, error)


def _workflows(team_id: int | None) -> list[Any]:
    latest = WorkflowVersion.objects.filter(workflow=OuterRef("pk"), state=WorkflowVersion.State.ACTIVE)
    latest = latest.order_by("-precedence")
    rows = Workflow.objects.select_related("owner").annotate(
        latest=Subquery(latest.values("pk")[:1]),
        success=Subquery(latest.annotate(success=KT("canonical__spec__objectives__success")).values("success")[:1]),
        p95=Subquery(latest.annotate(p95=KT("canonical__spec__objectives__latency__p95")).values("p95")[:1]),
    )
    return list(rows if team_id is None else rows.filter(owner_id=team_id))


def _health(workflow: Any, ended: list[Ended], samples: list[Sample], open_runs: int, hours: list[str]) -> Health:
    row = Health(
        name=workflow.name, owner=workflow.owner.name, version_id=workflow.latest, state="", open=open_runs,
        finished=sum(row.total for row in ended), bad=_bad(ended),
        rates=[_rate([row for row in ended if row.bucket == hour]) for hour in hours],
        p95=percentile([sample.seconds for sample in samples if sample.seconds is not None], 0.95),
        p95_objective=parse_duration(workflow.p95) if workflow.p95 else None,
        allowed=1 - float(workflow.success.rstrip("%")) / 100 if workflow.success else None,
        failing=failing_stretch(samples),
    )  # fmt: skip
    return replace(row, state=_state(row, samples))


def _state(row: Health, samples: list[Sample]) -> str:
    if row.failing is not None:
        return "failing"
    if row.is_over or (row.allowed is None and any(sample.is_bad for sample in samples[:RECENT])):
        return "degraded"
    if row.is_late:
        return "late"
    if row.finished:
        return "healthy"
    return "running" if row.open else "no_runs"


def _hours(now: datetime) -> list[str]:
    """The keys of the last 24 hourly buckets and the one that has just begun, oldest first."""
    utc = now.astimezone(UTC)
    return [(utc - timedelta(hours=back)).strftime("%Y-%m-%d %H") for back in range(HOURS, -1, -1)]


def _bad(rows: Sequence[Ended]) -> int:
    return sum(row.bad for row in rows)


def _rate(rows: Sequence[Ended]) -> float | None:
    total = sum(row.total for row in rows)
    return _bad(rows) / total if total else None


def _share(rows: Sequence[Ended]) -> float:
    return _rate(rows) or 0.0
