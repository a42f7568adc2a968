"""What happened in a window to some workflows and dependencies, out of the live database, as lines of a timeline.

Failed runs are counted by where and how they failed, never listed one by one. Each kind is one bounded query by an index: a
window over ten million runs reads those that failed in it. Never writes; what people made of the lines is incident_lines.py's.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Min, Q, QuerySet

from governance.models import Change, ContractVersion, Exercise, Review
from governance.postmortems.lines import Found, Line, ordered
from orchestration.ids import floor
from orchestration.models import Alert, AlertEvent, BreakerTransition, Dependency, Port, Run, WorkflowVersion
from orchestration.states import RESULT_BAD, RunResult

#: Of each kind so many lines; what is left out is said.
MOST = 100
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


def events(began: datetime, ended: datetime, workflows: Collection[str], dependencies: Collection[str]) -> Found:
    """Every line, by time. Eleven queries at most."""
    found = Found()
    sources: list[tuple[str, Callable[[], list[Line]]]] = [
        ("published versions", lambda: _versions(began, ended, workflows)),
        ("contract versions", lambda: _contracts(began, ended, workflows)),
        ("manifests of dependencies", lambda: _manifests(began, ended, dependencies)),
        ("changes at the gate", lambda: _changes(began, ended, {*workflows, *dependencies})),
        ("reviews", lambda: _reviews(began, ended, {*workflows, *dependencies})),
        ("moves of breakers", lambda: _breakers(began, ended, dependencies)),
        ("events of alerts", lambda: _alerts(began, ended, workflows, dependencies)),
        ("kinds of failed runs", lambda: _runs(began, ended, workflows)),
        ("retries", lambda: _retries(began, ended, workflows)),
        ("exercises of runbooks", lambda: _exercises(began, ended, workflows, dependencies)),
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
        text = f"Breaker of {row.name}: {_words(row.source)} to {_words(row.target)}, {why}"
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
    """Runbooks that were gone through because of these alerts: when each was begun, and how it ended."""
    alerts = _open_then(began, ended, workflows, dependencies)
    rows = Exercise.objects.filter(alert__in=alerts).select_related("runbook", "started_by", "holder").defer("steps")
    found = []
    for row in rows.order_by("started_at", "pk")[: MOST + 1]:
        if began <= row.started_at <= ended:
            who = row.started_by or "The alert itself"
            text = f"{who} began to go through runbook {row.runbook.slug}"
            key = f"exercise:{row.pk}:began"
            found.append(Line(key, row.started_at, "action", text, noun="exercise", name=str(row.pk)))
        if row.ended_at is not None and began <= row.ended_at <= ended:
            said = f": {row.summary}" if row.summary else ""
            text = f"{row.holder or 'The system'} {row.state} runbook {row.runbook.slug}{said}"
            key = f"exercise:{row.pk}:ended"
            found.append(Line(key, row.ended_at, "action", text, noun="exercise", name=str(row.pk)))
    return found


def _versions(began: datetime, ended: datetime, workflows: Collection[str]) -> list[Line]:
    rows = WorkflowVersion.objects.filter(
        workflow__name__in=workflows, published_at__gte=began, published_at__lte=ended
    )
    rows = rows.select_related("workflow", "published_by").defer("canonical", "text").order_by("published_at")
    return [
        Line(
            f"version:{row.pk}", row.published_at, "version",
            f"{row.published_by or 'The system'} published {row.workflow.name} {row.version}: {row.reason}",
            noun="workflow", name=row.workflow.name,
        )
        for row in rows[: MOST + 1]
    ]  # fmt: skip


def _contracts(began: datetime, ended: datetime, workflows: Collection[str]) -> list[Line]:
    used = Port.objects.filter(version__workflow__name__in=workflows).values("contract")
    rows = ContractVersion.objects.filter(contract__name__in=used, published_at__gte=began, published_at__lte=ended)
    rows = rows.select_related("contract", "published_by").defer("schema", "canonical").order_by("published_at")
    return [
        Line(
            f"contract:{row.pk}", row.published_at, "version",
            f"{row.published_by or 'The system'} published the contract {row}: {row.reason}",
            noun="contract", name=row.contract.name,
        )
        for row in rows[: MOST + 1]
    ]  # fmt: skip


def _manifests(began: datetime, ended: datetime, dependencies: Collection[str]) -> list[Line]:
    """Each time that a dependency's manifest was applied."""
    rows = Dependency.history.filter(name__in=dependencies, history_date__gte=began, history_date__lte=ended)
    return [
        Line(
            f"manifest:{row.history_id}", row.history_date, "version",
            f"{row.history_user or 'The system'} applied {row.name}: {row.history_change_reason or 'no reason given'}",
            noun="dependency", name=row.name,
        )
        for row in rows.select_related("history_user").order_by("history_date")[: MOST + 1]
    ]  # fmt: skip


def _changes(began: datetime, ended: datetime, names: Collection[str]) -> list[Line]:
    """What was asked at the gate, and what was decided."""
    within = {"gte": began, "lte": ended}
    opened, decided = (
        Q(**{f"{field}__{how}": at for how, at in within.items()}) for field in ("opened_at", "decided_at")
    )
    rows = (
        Change.objects.filter(opened | decided, name__in=names).select_related("base", "author").order_by("opened_at")
    )
    found = []
    for row in rows.defer("report", "proposal")[: MOST + 1]:
        if began <= row.opened_at <= ended:
            text = f"{row.author or 'The system'} asked for {row.object}: {row.reason}"
            found.append(
                Line(f"change:{row.pk}:opened", row.opened_at, "change", text, noun="change", name=str(row.pk))
            )
        if row.decided_at is not None and began <= row.decided_at <= ended:
            text = f"Change {row.pk}, {row.object}: {row.get_state_display()}"
            found.append(
                Line(f"change:{row.pk}:decided", row.decided_at, "change", text, noun="change", name=str(row.pk))
            )
    return found


def _reviews(began: datetime, ended: datetime, names: Collection[str]) -> list[Line]:
    rows = Review.objects.filter(change__name__in=names, at__gte=began, at__lte=ended)
    return [
        Line(
            f"review:{row.pk}", row.at, "approval",
            f"{row.person} for {row.team}: {_words(row.vote)} on {row.change.object}", noun="change",
            name=str(row.change_id),
        )
        for row in rows.select_related("person", "team", "change").defer("change__report").order_by("at")[: MOST + 1]
    ]  # fmt: skip


def _words(state: str) -> str:
    return state.replace("_", " ")
