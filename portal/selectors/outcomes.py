"""How runs ended, counted by the database: buckets of time, open runs, and a bounded sample of the newest of each workflow.

Owns the SQL that both databases understand. Every query reads a range of one index (`finished_at`, or workflow
and id), and none grows with what finished before the period. Never writes and never words a conclusion.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import CharField, Count, F, FloatField, Func, Q, Value

from orchestration.ids import floor
from orchestration.models import Run
from orchestration.states import RESULT_BAD, RunResult

#: What counts in a rate: cancelled and terminated runs count as neither good nor bad.
COUNTED = [RunResult.SUCCEEDED, RunResult.DEGRADED, RunResult.FAILED, RunResult.TIMED_OUT]
#: Newest runs of one workflow that percentiles and "since when" are computed from.
SAMPLE = 200
#: Workflows that are sampled, those with most errors first: bounds the rows read to SAMPLE times this.
SAMPLED_WORKFLOWS = 40
#: A run that ended in the period may have begun earlier; one that took longer than this is left out of the sample.
LONGEST_LOOK_BACK = timedelta(days=7)


class Ended(NamedTuple):
    """How the runs of a workflow ended in one bucket; cancelled and terminated ones are not counted."""

    workflow_id: int
    bucket: str
    succeeded: int
    degraded: int
    failed: int
    timed_out: int

    @property
    def total(self) -> int:
        """All that count in a rate."""
        return self.succeeded + self.degraded + self.failed + self.timed_out

    @property
    def bad(self) -> int:
        """Those that count as errors."""
        return self.failed + self.timed_out


class Sample(NamedTuple):
    """One finished run, as far as percentiles and conclusions need it."""

    workflow_id: int
    finished_at: datetime
    seconds: float | None
    result: str
    failed_step: str
    error_type: str

    @property
    def is_bad(self) -> bool:
        """Whether it counts as an error."""
        return self.result in RESULT_BAD


class Bucket(Func):
    """The first characters of a time in UTC, `2031-05-06 14:03`: 16 for minutes, 15 for ten of them, 13 for hours.

    Cutting text is the one way that both databases do fast: Django's Trunc calls back into Python on SQLite.
    """

    output_field = CharField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """SQLite stores times as such text."""
        return self.as_sql(compiler, connection, template="substr(%(expressions)s, 1, %(length)s)", **context)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """PostgreSQL formats them."""
        template = "left(to_char(%(expressions)s AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'), %(length)s)"
        return self.as_sql(compiler, connection, template=template, **context)


class Seconds(Func):
    """Seconds(end, begin): how long between."""

    output_field = FloatField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """Days as a float are good to 0.05 ms, which is finer than what is shown."""
        template = "86400.0 * (julianday(%(expressions)s))"
        return self.as_sql(compiler, connection, template=template, arg_joiner=") - julianday(", **context)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """An interval's seconds."""
        template = "extract(epoch from (%(expressions)s))::double precision"
        return self.as_sql(compiler, connection, template=template, arg_joiner=" - ", **context)


def ended_since(since: datetime, *, characters: int, team_id: int | None = None) -> list[Ended]:
    """Runs that ended since, by workflow and bucket. One query.

    Nothing is filtered or grouped by a plain column but `finished_at`: otherwise SQLite takes an index on the workflow
    or the result, which has every run there ever was.
    """
    rows = Run.objects.filter(finished_at__gte=since)
    if team_id is not None:
        rows = rows.annotate(of_team=F("team_id") + 0).filter(of_team=team_id)
    counted = (
        rows.annotate(bucket=Bucket(F("finished_at"), length=characters), of=F("workflow_id") + 0)
        .values_list("of", "bucket")
        .annotate(**{f"{result}_runs": Count(Value(1), filter=Q(result=result)) for result in COUNTED})
        .order_by()
    )
    return [ended for ended in (Ended(*row) for row in counted) if ended.total]


def open_by_workflow(team_id: int | None = None) -> dict[int, int]:
    """Workflow id → runs that are not finished. One query, by the index on `finished_at`, where open runs are together."""
    rows = Run.objects.filter(finished_at=None)
    if team_id is not None:
        rows = rows.annotate(of_team=F("team_id") + 0).filter(of_team=team_id)
    return dict(rows.annotate(of=F("workflow_id") + 0).values_list("of").annotate(count=Count("*")).order_by())


def newest_ended(workflow_ids: Sequence[int], *, since: datetime) -> dict[int, list[Sample]]:
    """Workflow id → at most SAMPLE counted runs that ended since, newest end first. One query.

    A union of one bounded read per workflow: a busy workflow never crowds out one that runs once a day.
    """
    if not workflow_ids:
        return {}
    parts = [_newest(workflow_id, since) for workflow_id in workflow_ids[:SAMPLED_WORKFLOWS]]
    rows: Iterable[Any] = parts[0].union(*parts[1:], all=True) if len(parts) > 1 else parts[0]
    found: dict[int, list[Sample]] = {workflow_id: [] for workflow_id in workflow_ids}
    for row in rows:
        found[row[0]].append(Sample(*row))
    for samples in found.values():
        samples.sort(key=lambda sample: sample.finished_at, reverse=True)
    return found


def _newest(workflow_id: int, since: datetime) -> Any:
    newest = (
        Run.objects.filter(
            workflow_id=workflow_id,
            pk__gte=floor(since - LONGEST_LOOK_BACK),
            finished_at__gte=since,
            result__in=COUNTED,
        )
        .order_by("-pk")
        .values("pk")[:SAMPLE]
    )
    # SQLite refuses LIMIT inside a union, but not inside the subquery of one of its parts.
    return Run.objects.filter(pk__in=newest).values_list(
        "workflow_id", "finished_at", Seconds(F("finished_at"), F("started_at")), "result", "failed_step", "error_type"
    )
