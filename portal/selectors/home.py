"""The health of workflows, from rollups: a fixed number of queries, whatever there is, shared by all readers for a moment.

Owns what "failing", "degraded" and "late" mean: stated in RULES, from what was measured only. Never words a sentence and
never writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max, OuterRef, Subquery
from django.db.models.fields.json import KT

from orchestration.manifest.scalars import parse_duration
from orchestration.models import RollupMinute, Series, Workflow, WorkflowVersion
from orchestration.selectors.curves import UNSETTLED, Curve, along, curves, times_of, whole
from orchestration.selectors.series import Grain
from portal.dashboards.shared import shared
from portal.selectors.failing import open_by_workflow, why

DAY = timedelta(hours=24)
#: The newest runs that decide whether a workflow fails now; a minute's runs are taken together.
RECENT = 10
#: The minutes that are read first.
LATELY = timedelta(minutes=15)
#: Rows of the health table; the rest is a link away.
SHOWN = 12
RULES = (
    f"Failing: half or more of the newest {RECENT} runs that ended within 24 h failed or timed out. "
    "Degraded: more runs of the 24 h did than the declared objective allows or, without one, any of the newest "
    f"{RECENT}. Late: p95 is above the declared objective. Runs of one minute are taken together, so the newest "
    f"{RECENT} may be more."
)
ORDER = ("failing", "degraded", "late", "healthy", "running", "no_runs")


@dataclass(frozen=True, slots=True)
class Failing:
    """A stretch of failures that lasts until now: since when, where most of them failed, and why."""

    since: datetime
    bad: int
    of: int
    step: str = ""
    error_type: str = ""


@dataclass(frozen=True, slots=True)
class Ended:
    """What ended in an interval that begins then."""

    at: datetime
    n: int
    bad: int


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
    owner_id: int = 0

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
    """Every workflow (of the team), worst first. At most nine queries, one while the figures are shared.

    What was published a moment ago is among them: its page is the next that is looked at.
    """
    newest = WorkflowVersion.objects.aggregate(newest=Max("pk"))["newest"]
    rows = shared(f"workflow-health:{newest}", lambda: _measured(now))
    return rows if team_id is None else [row for row in rows if row.owner_id == team_id]


def failing_stretch(newest_first: Sequence[Ended]) -> Failing | None:
    """The longest stretch up to now in which at least half of the runs failed; None when the newest RECENT don't.

    "Since" is the oldest failure before successes prevailed.
    """
    newest = _newest(newest_first)
    if not newest or 2 * sum(item.bad for item in newest) < sum(item.n for item in newest):
        return None
    bad, count, stretch = 0, 0, Failing(newest[0].at, 0, 0)
    for item in newest_first:
        bad, count = bad + item.bad, count + item.n
        if item.bad and 2 * bad >= count:
            stretch = Failing(item.at, bad, count)
    return stretch


def _newest(newest_first: Iterable[Ended]) -> list[Ended]:
    """The newest intervals that hold RECENT runs, or all there are."""
    taken, count = [], 0
    for item in newest_first:
        if count >= RECENT:
            break
        taken.append(item)
        count += item.n
    return taken


def _measured(now: datetime) -> list[Health]:
    since = Grain.HOUR.floor(now - DAY)
    fresh = Grain.HOUR.floor(now) - UNSETTLED
    series = dict(Series.objects.filter(kind=Series.Kind.RUN, version="").values_list("workflow", "pk"))
    hourly = curves(series.values(), since, now, Grain.HOUR)
    newest = _newest_minutes(series.values(), fresh, now)
    going_on, hours = open_by_workflow(), times_of(since, now, Grain.HOUR)
    rows: dict[int, tuple[Health, list[Ended]]] = {}
    for workflow in _workflows():
        pk = series.get(workflow.name, 0)
        ended = newest.get(pk, []) + _before(hourly.get(pk, {}), fresh)
        rows[workflow.pk] = _health(workflow, hourly.get(pk, {}), ended, going_on.get(workflow.pk, 0), hours), ended
    worst = sorted(rows, key=lambda pk: -(rows[pk][0].error_rate or 0.0))
    reasons = why({pk: failing.since for pk in worst if (failing := rows[pk][0].failing) is not None})
    found = []
    for pk, (row, ended) in rows.items():
        if row.failing is not None and pk in reasons:
            since_, step, error_type = reasons[pk]
            exact = max(since_, row.failing.since)
            row = replace(row, failing=replace(row.failing, since=exact, step=step, error_type=error_type))  # noqa: PLW2901
        found.append(replace(row, state=_state(row, ended)))
    return sorted(found, key=lambda row: (ORDER.index(row.state), -(row.error_rate or 0.0), row.name))


def _workflows() -> list[Any]:
    latest = WorkflowVersion.objects.filter(workflow=OuterRef("pk"), state=WorkflowVersion.State.ACTIVE)
    latest = latest.order_by("-precedence")
    rows = Workflow.objects.select_related("owner").annotate(
        latest=Subquery(latest.values("pk")[:1]),
        success=Subquery(latest.annotate(success=KT("canonical__spec__objectives__success")).values("success")[:1]),
        p95=Subquery(latest.annotate(p95=KT("canonical__spec__objectives__latency__p95")).values("p95")[:1]),
    )
    return list(rows)


def _newest_minutes(ids: Iterable[int], fresh: datetime, now: datetime) -> dict[int, list[Ended]]:
    """Series id → its last minutes one by one, newest first; as far back as decides whether it fails, and since when.

    Of a busy workflow that does not fail the last minutes say so; of the others all since `fresh` are read.
    """
    lately = max(Grain.MINUTE.floor(now - LATELY), fresh)
    found = _minutes(ids, lately, now)
    calm = {
        pk for pk, rows in found.items() if sum(item.n for item in rows) >= RECENT and failing_stretch(rows) is None
    }
    for pk, rows in _minutes([pk for pk in ids if pk not in calm], fresh, lately).items():
        found.setdefault(pk, []).extend(rows)
    return found


def _minutes(ids: Iterable[int], begin: datetime, end: datetime) -> dict[int, list[Ended]]:
    rows = RollupMinute.objects.filter(series_id__in=list(ids), ts__gte=begin, ts__lt=end, n__gt=0).order_by("-ts")
    found: dict[int, list[Ended]] = {}
    for pk, ts, n, error, timeout in rows.values_list("series_id", "ts", "n", "error", "timeout"):
        found.setdefault(pk, []).append(Ended(ts, n, error + timeout))
    return found


def _before(hours: Curve, fresh: datetime) -> list[Ended]:
    """Newest first: the hours before the minutes."""
    found = [Ended(at, span.n, span.bad) for at, span in hours.items() if span.n and at < fresh]
    return sorted(found, key=lambda item: item.at, reverse=True)


def _health(workflow: Any, curve: Curve, ended: list[Ended], open_runs: int, hours: list[datetime]) -> Health:
    day = whole(curve)
    return Health(
        name=workflow.name, owner=workflow.owner.name, owner_id=workflow.owner_id, version_id=workflow.latest, state="",
        open=open_runs, finished=day.n, bad=day.bad, rates=[span.error_rate for span in along(curve, hours)],
        p95=day.quantile(0.95),
        p95_objective=parse_duration(workflow.p95) if workflow.p95 else None,
        allowed=1 - float(workflow.success.rstrip("%")) / 100 if workflow.success else None,
        failing=failing_stretch(ended),
    )  # fmt: skip


def _state(row: Health, ended: list[Ended]) -> str:
    if row.failing is not None:
        return "failing"
    if row.is_over or (row.allowed is None and any(item.bad for item in _newest(ended))):
        return "degraded"
    if row.is_late:
        return "late"
    if row.finished:
        return "healthy"
    return "running" if row.open else "no_runs"
