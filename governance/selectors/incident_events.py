"""What happened in a window to some workflows and dependencies, out of the live database, as lines of a timeline.

Failed runs are counted by where and how they failed, never listed one by one. Each kind is one bounded query by an index: a
window over ten million runs reads those that failed in it. What people changed is incident_changes.py's, and what they made of
the lines incident_lines.py's. Never writes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Min, Q, QuerySet

from governance.models import ExerciseEntry
from governance.postmortems.lines import MOST, Found, Line, ordered, spaced
from governance.selectors import incident_changes as asked
from orchestration.ids import floor
from orchestration.models import Alert, AlertEvent, BreakerTransition, Run
from orchestration.states import RESULT_BAD, RunResult

#: An alert that was open in the window may have opened so much earlier.
LOOK_BACK = timedelta(days=7)
#: A run that ended in the window may have begun so much earlier. Without a bound a planner may go through every failed run there
#: ever was; with it each index that it may choose is read in part. One that took longer is not among the lines.
LONGEST_RUN = timedelta(days=31)
_RESULTS = {
    "failed": "failed",
    "timed_out": "timed out",
    "cancelled": "were cancelled",
    "terminated": "were terminated",
}

#: What is told of an exercise, and how.
_TURNS: dict[str, str] = {
    ExerciseEntry.What.STARTED: "began to go through",
    ExerciseEntry.What.COMPLETED: "completed",
    ExerciseEntry.What.ABANDONED: "abandoned",
}


def events(began: datetime, ended: datetime, workflows: Collection[str], dependencies: Collection[str]) -> Found:
    """Every line, by time. Eleven queries at most."""
    found = Found()
    sources: list[tuple[str, Callable[[], list[Line]]]] = [
        ("published versions", lambda: asked.versions(began, ended, workflows)),
        ("contract versions", lambda: asked.contracts(began, ended, workflows)),
        ("manifests of dependencies", lambda: asked.manifests(began, ended, dependencies)),
        ("changes at the gate", lambda: asked.changes(began, ended, workflows, dependencies)),
        ("reviews", lambda: asked.reviews(began, ended, workflows, dependencies)),
        ("moves of breakers", lambda: _breakers(began, ended, dependencies)),
        ("events of alerts", lambda: _alerts(began, ended, workflows, dependencies)),
        ("kinds of failed runs", lambda: _runs(began, ended, workflows)),
        ("retries", lambda: _retries(began, ended, workflows)),
        ("turns of exercises", lambda: _exercises(began, ended, workflows, dependencies)),
    ]
    for words, read in sources:
        lines = read()
        if len(lines) > MOST:
            found.cut.append(f"the first {MOST} {words}")
        found.lines += lines[:MOST]
    found.lines = ordered(found.lines)
    return found


def _runs(began: datetime, ended: datetime, workflows: Collection[str]) -> list[Line]:
    """Runs that failed, or that somebody stopped, by workflow, result, step and error."""
    results = [*RESULT_BAD, RunResult.CANCELLED, RunResult.TERMINATED]
    groups: QuerySet[Any, Any] = (
        Run.objects.filter(
            pk__gte=floor(began - LONGEST_RUN),
            finished_at__gte=began,
            finished_at__lte=ended,
            workflow__name__in=workflows,
            result__in=results,
        )
        .values("workflow__name", "result", "failed_step", "error_type")
        .annotate(count=Count("pk"), first=Min("finished_at"), last=Max("finished_at"))
        .order_by("-count")
    )
    found = []
    for row in groups[: MOST + 1]:
        name, result, step, error = row["workflow__name"], row["result"], row["failed_step"], row["error_type"]
        noun = "run" if row["count"] == 1 else "runs"
        verb = _RESULTS[result] if row["count"] > 1 else _RESULTS[result].replace("were", "was")
        where = f" at {step}" if step else ""
        why = f": {error}" if error else ""
        text = f"{row['count']:,} {noun} of {name} {verb}{where}{why}"
        until = row["last"] if row["last"] > row["first"] else None
        key = f"runs:{name}:{result}:{step}:{error}"[:255]
        kind = "runs" if result in RESULT_BAD else "action"
        found.append(Line(key, row["first"], kind, text, until, "runs", f"{name} {result}"))
    return found


def _retries(began: datetime, ended: datetime, workflows: Collection[str]) -> list[Line]:
    """Runs that somebody started again, by workflow and person. Ids sort by their time, so the window is a range of them."""
    groups: QuerySet[Any, Any] = (
        Run.objects.filter(
            pk__gte=floor(began), pk__lte=floor(ended), workflow__name__in=workflows, retry_of__isnull=False
        )
        .values("workflow__name", "started_by__username")
        .annotate(count=Count("pk"), first=Min("created_at"), last=Max("created_at"))
        .order_by("workflow__name", "started_by__username")
    )
    found = []
    for row in groups[: MOST + 1]:
        name, who, count = row["workflow__name"], row["started_by__username"] or "the system", row["count"]
        text = f"{who} retried {count:,} {'run' if count == 1 else 'runs'} of {name}"
        until = row["last"] if row["last"] > row["first"] else None
        found.append(Line(f"retries:{name}:{who}"[:255], row["first"], "action", text, until, "workflow", name))
    return found


def _breakers(began: datetime, ended: datetime, dependencies: Collection[str]) -> list[Line]:
    rows = BreakerTransition.objects.filter(name__in=dependencies, at__gte=began, at__lte=ended)
    found = []
    for row in rows.select_related("actor").order_by("at")[: MOST + 1]:
        why = f"{row.actor} forced it: {row.reason}" if row.actor else row.why
        text = f"Breaker of {row.name}: {spaced(row.source)} to {spaced(row.target)}, {why}"
        kind = "action" if row.actor else "breaker"
        found.append(Line(f"breaker:{row.pk}", row.at, kind, text, noun="breaker", name=row.name))
    return found


def _alerts(began: datetime, ended: datetime, workflows: Collection[str], dependencies: Collection[str]) -> list[Line]:
    open_then = _open_then(began, ended, workflows, dependencies)
    rows = AlertEvent.objects.filter(alert__in=open_then, at__gte=began, at__lte=ended)
    rows = rows.exclude(what=AlertEvent.What.TOLD)  # that people are told follows from its opening
    found = []
    for row in rows.select_related("alert", "person").order_by("at", "pk")[: MOST + 1]:
        by = f" by {row.person}" if row.person else ""
        more = f": {row.text}" if row.text else ""
        text = f"{row.alert.severity.capitalize()} of {row.alert.subject} {row.what}{by}{more}"
        found.append(Line(f"alert:{row.pk}", row.at, "alert", text, noun="alert", name=str(row.alert_id)))
    return found


def _open_then(
    began: datetime, ended: datetime, workflows: Collection[str], dependencies: Collection[str]
) -> QuerySet[Any, Any]:
    """Ids of the alerts about these that may have been open in the window."""
    mine = Q(workflow__in=workflows) | Q(objective__workflow__in=workflows) | Q(objective__dependency__in=dependencies)
    return Alert.objects.filter(mine, opened_at__gte=began - LOOK_BACK, opened_at__lte=ended).values("pk")


def _exercises(
    began: datetime, ended: datetime, workflows: Collection[str], dependencies: Collection[str]
) -> list[Line]:
    """Runbooks that were gone through because of these alerts: who began when, and who ended it how."""
    alerts = _open_then(began, ended, workflows, dependencies)
    rows = ExerciseEntry.objects.filter(exercise__alert__in=alerts, what__in=_TURNS, at__gte=began, at__lte=ended)
    found = []
    for row in (
        rows.select_related("exercise__runbook", "person").defer("exercise__steps").order_by("at", "pk")[: MOST + 1]
    ):
        who = row.person or ("The alert itself" if row.what == ExerciseEntry.What.STARTED else "The system")
        said = f": {row.note}" if row.note and row.what != ExerciseEntry.What.STARTED else ""
        text = f"{who} {_TURNS[row.what]} runbook {row.exercise.runbook.slug}{said}"
        found.append(Line(f"exercise:{row.pk}", row.at, "action", text, noun="exercise", name=str(row.exercise_id)))
    return found
