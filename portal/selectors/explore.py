"""The lines that Explore draws: any series, split and narrowed down as the reader asked. A few queries, whatever there is.

Owns which series answer which question, and which lines are drawn when there are more than can be told apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import QuerySet

from orchestration.models import Dependency, Objective, Series, Team, Workflow, WorkflowVersion
from orchestration.selectors.curves import along, curves, summed, times_of, totals, whole
from orchestration.selectors.series import Grain, Span
from portal.presentation.explore_form import PREVIOUS, TIMES, Wanted

#: More lines than these can't be told apart; of two things compared, half as many.
MOST = 8


@dataclass(frozen=True, slots=True)
class Drawn:
    """One line: its values by time, and the value of the whole period. `other`: of what is compared with."""

    name: str
    values: tuple[float | None, ...]
    whole: float | None
    n: int
    other: bool = False


@dataclass(frozen=True, slots=True)
class Explored:
    """All lines, the longest first, and how many there were besides."""

    times: tuple[datetime, ...]
    lines: tuple[Drawn, ...]
    left_out: int

    @property
    def is_empty(self) -> bool:
        """Whether nothing was counted."""
        return not any(line.n for line in self.lines)


class Cut(NamedTuple):
    """A stretch of time and how finely it is cut."""

    since: datetime
    until: datetime
    grain: Grain


@dataclass(frozen=True, slots=True)
class Choices:
    """What the form offers."""

    workflow: list[str]
    version: list[str]
    step: list[str]
    dependency: list[str]
    team: list[str]
    objective: list[str]


#: measure → its value of a span; None of nothing.
MEASURES: Mapping[str, Callable[[Span], float | None]] = {
    "count": lambda span: span.n,
    "retries": lambda span: span.retries,
    "error_rate": lambda span: span.error_rate,
    "degraded": lambda span: span.degraded / span.n if span.n else None,
    "slow": lambda span: span.slo_bad / span.n if span.n else None,
    "p50": lambda span: span.quantile(0.5),
    "p95": lambda span: span.quantile(0.95),
    "p99": lambda span: span.quantile(0.99),
}


def explore(wanted: Wanted, now: datetime) -> Explored:
    """At most a dozen queries: the series, their counts, and the histograms of the lines that are drawn."""
    since, until = wanted.span(now)
    grain = wanted.grain(now)
    cut = Cut(grain.floor(since), until, grain)
    times, lines = times_of(*cut), _lines(wanted, wanted.filters)
    if not wanted.compare:
        return _together(times, [_drawn(wanted, lines, cut, MOST)])
    if wanted.compare == PREVIOUS:
        found = _drawn(wanted, lines, cut, MOST // 2)
        length = times[-1] + grain.value - cut.since
        earlier = {line.name: lines[line.name] for line in found[0]}
        before = Cut(cut.since - length, until - length, grain)
        return _together(times, [found, _drawn(wanted, earlier, before, MOST // 2, suffix="before", other=True)])
    others = _lines(wanted, {**wanted.filters, "version": wanted.compare})
    own = _drawn(wanted, lines, cut, MOST // 2, suffix=wanted.filters["version"])
    return _together(times, [own, _drawn(wanted, others, cut, MOST // 2, suffix=wanted.compare, other=True)])


def choices(wanted: Wanted) -> Choices:
    """Names that exist; versions and steps of the chosen workflow alone."""
    workflow = wanted.filters.get("workflow", "")
    steps = Series.objects.filter(kind=Series.Kind.STEP, workflow=workflow, version="")
    versions = WorkflowVersion.objects.filter(workflow__name=workflow).order_by("-precedence")
    return Choices(
        workflow=list(Workflow.objects.values_list("name", flat=True)),
        version=list(versions.values_list("version", flat=True)) if workflow else [],
        step=list(steps.order_by("step").values_list("step", flat=True)) if workflow else [],
        dependency=list(Dependency.objects.values_list("name", flat=True)),
        team=list(Team.objects.order_by("name").values_list("name", flat=True)),
        objective=list(Objective.objects.values_list("name", flat=True)) if wanted.what == "objective" else [],
    )


def _lines(wanted: Wanted, filters: Mapping[str, str]) -> dict[str, list[int]]:
    """Name of a line → its series."""
    rows = _narrowed(Series.objects.filter(kind=Series.Kind(wanted.what)), wanted, filters)
    teams = (
        dict(Workflow.objects.values_list("name", "owner__name")) if wanted.by == "team" or "team" in filters else {}
    )
    objectives = (
        {str(pk): name for pk, name in Objective.objects.values_list("pk", "name")}
        if wanted.what == "objective"
        else {}
    )
    found: dict[str, list[int]] = {}
    for row in rows.values("pk", "workflow", "version", "step", "dependency", "label"):
        if "team" in filters and teams.get(row["workflow"]) != filters["team"]:
            continue
        if "objective" in filters and objectives.get(row["label"]) != filters["objective"]:
            continue
        found.setdefault(_name(wanted, row, teams, objectives), []).append(row["pk"])
    return found


def _narrowed(rows: QuerySet[Series], wanted: Wanted, filters: Mapping[str, str]) -> QuerySet[Series]:
    exact = {name: filters[name] for name in ("workflow", "step", "dependency") if name in filters}
    rows = rows.filter(**exact)
    if wanted.what in {"run", "step"}:
        if "version" in filters:
            return rows.filter(version=filters["version"])
        return rows.exclude(version="") if wanted.by == "version" else rows.filter(version="")
    if wanted.what == "call":
        by_caller = wanted.by in {"workflow", "step", "team"} or {"workflow", "step", "team"} & filters.keys()
        return rows.exclude(workflow="") if by_caller else rows.filter(workflow="")
    return rows


def _name(wanted: Wanted, row: Mapping[str, Any], teams: Mapping[str, str], objectives: Mapping[str, str]) -> str:
    match wanted.by:
        case "":
            return wanted.filters.get("workflow") or wanted.filters.get("dependency") or "All"
        case "team":
            return teams.get(row["workflow"], "no team now")
        case "error":
            return row["label"] or "unknown"
        case "objective":
            return objectives.get(row["label"], "an objective that is gone")
        case "step" | "version" if "workflow" not in wanted.filters:
            return f"{row['workflow']} {row[wanted.by]}"
        case _:
            return str(row[wanted.by])


def _drawn(
    wanted: Wanted, lines: Mapping[str, Sequence[int]], cut: Cut, most: int, *, suffix: str = "", other: bool = False
) -> tuple[list[Drawn], int]:
    """The lines with most in them, and how many are left out. Histograms are read for the drawn ones alone."""
    counted = totals([pk for ids in lines.values() for pk in ids], cut.since, cut.until, hist=False)
    weights = {name: sum(counted[pk].n for pk in ids if pk in counted) for name, ids in lines.items()}
    best = [name for name in sorted(weights, key=lambda name: (-weights[name], name)) if weights[name]][:most]
    measured = curves([pk for name in best for pk in lines[name]], *cut, hist=wanted.measure in TIMES)
    chosen = {name: summed(measured[pk] for pk in lines[name] if pk in measured) for name in best}
    value, times = MEASURES[wanted.measure], times_of(*cut)
    drawn = [
        Drawn(
            f"{name}, {suffix}" if suffix else name,
            tuple(value(span) for span in along(curve, times)),
            value(whole(curve)),
            weights[name],
            other,
        )
        for name, curve in chosen.items()
    ]
    return drawn, sum(1 for weight in weights.values() if weight) - len(best)


def _together(times: Sequence[datetime], parts: Sequence[tuple[list[Drawn], int]]) -> Explored:
    return Explored(tuple(times), tuple(line for lines, _ in parts for line in lines), max(left for _, left in parts))
