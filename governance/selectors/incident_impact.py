"""What an incident came to: runs of its window against the same length of time before, budgets spent, teams touched.

Read from rollups, so that it costs the same over ten million runs; how many were compensated is counted among the runs that ended
badly in the window, by an index. Never writes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q

from governance.models import Postmortem
from governance.selectors.incident_events import LONGEST_RUN
from governance.selectors.postmortems import about
from orchestration import clock
from orchestration.ids import floor
from orchestration.models import Objective, Run, Series, Workflow
from orchestration.policies import burn
from orchestration.selectors.curves import totals
from orchestration.selectors.series import Grain, Span
from orchestration.states import RESULT_BAD, Compensation, RunResult

#: For how long, at least, there are rows of minutes and of hours; a window is read in one grain, so it goes by its beginning.
_MINUTES_KEPT, _HOURS_KEPT = timedelta(hours=44), timedelta(days=86)


@dataclass(frozen=True, slots=True)
class WorkflowImpact:
    """One workflow. `late`: over its latency objective, None where it has none."""

    workflow: str
    team: str
    ended: int
    bad: int
    degraded: int
    ended_before: int
    bad_before: int
    late: int | None
    compensated: int
    not_undone: int


@dataclass(frozen=True, slots=True)
class BudgetImpact:
    """One objective: how much of its whole budget the window used up, as a share of 1; None where nothing was counted."""

    objective: str
    team: str
    bad: int
    total: int
    spent: float | None


@dataclass(frozen=True, slots=True)
class Impact:
    """All of it."""

    workflows: list[WorkflowImpact]
    budgets: list[BudgetImpact]
    teams: list[str]

    @property
    def burned(self) -> list[BudgetImpact]:
        """Objectives that lost anything, those that lost most first."""
        return sorted((one for one in self.budgets if one.bad), key=lambda one: (-(one.spent or 0.0), one.objective))

    @property
    def bad(self) -> int:
        """Runs that failed or timed out."""
        return sum(one.bad for one in self.workflows)

    @property
    def ended(self) -> int:
        """Runs that ended with a result that counts."""
        return sum(one.ended for one in self.workflows)

    @property
    def bad_before(self) -> int:
        """How many did so in the same length of time before."""
        return sum(one.bad_before for one in self.workflows)


def impact_shown(postmortem: Postmortem) -> Impact:
    """Of a postmortem: as counted now, or as it was when it was published."""
    if postmortem.is_published and isinstance(postmortem.frozen, dict):
        return _of_frozen(postmortem.frozen.get("impact", {}))
    linked = about(postmortem)
    return impact_of(postmortem.began_at, postmortem.ended_at, linked.workflows, linked.dependencies)


def impact_of(
    began: datetime, ended: datetime | None, workflows: Collection[str], dependencies: Collection[str]
) -> Impact:
    """Of the window up to now where it goes on; of one long ago in whole hours, or days, which is all that is kept of it."""
    began, until = _kept(began, min(ended or clock.now(), clock.now()))
    length = until - began
    rows = Series.objects.filter(kind=Series.Kind.RUN, version="", workflow__in=workflows)
    series = dict(rows.values_list("workflow", "pk"))
    now, before = (
        totals(series.values(), low, high, hist=False) for low, high in ((began, until), (began - length, began))
    )
    owners = dict(Workflow.objects.filter(name__in=workflows).values_list("name", "owner__name"))
    compensated = _compensated(began, until, workflows)
    budgets, late = _budgets(began, until, workflows, dependencies)
    touched = []
    for name in sorted(owners):
        key = series.get(name, 0)
        spent, usual = now.get(key, Span()), before.get(key, Span())
        done, failed = compensated.get(name, (0, 0))
        touched.append(
            WorkflowImpact(
                name, owners[name], spent.n, spent.bad, spent.degraded, usual.n, usual.bad, late.get(name), done, failed
            )
        )
    teams = {one.team for one in touched if one.bad or one.degraded} | {one.team for one in budgets if one.bad}
    return Impact(touched, budgets, sorted(teams))


def _kept(began: datetime, until: datetime) -> tuple[datetime, datetime]:
    """The window, widened to the whole hours or days around it where finer rows are gone: one that lies within an hour would
    otherwise count nothing."""
    age = clock.now() - began
    grain = Grain.DAY if age > _HOURS_KEPT else Grain.HOUR if age > _MINUTES_KEPT else Grain.MINUTE
    return grain.floor(began), min(grain.ceil(until), clock.now())


def _of_frozen(kept: Mapping[str, Any]) -> Impact:
    """As it was kept when the postmortem was published."""
    return Impact(
        [WorkflowImpact(**row) for row in kept.get("workflows", [])],
        [BudgetImpact(**row) for row in kept.get("budgets", [])],
        list(kept.get("teams", [])),
    )


def _compensated(began: datetime, until: datetime, workflows: Collection[str]) -> dict[str, tuple[int, int]]:
    """Workflow → runs whose writes were undone, and runs whose writes could not be."""
    ended_badly = [*RESULT_BAD, RunResult.CANCELLED]
    rows = (
        Run.objects.filter(
            pk__gte=floor(began - LONGEST_RUN),
            finished_at__gte=began,
            finished_at__lte=until,
            workflow__name__in=workflows,
            result__in=ended_badly,
        )
        .values("workflow__name")
        .annotate(
            done=Count("pk", filter=Q(compensation=Compensation.DONE)),
            failed=Count("pk", filter=Q(compensation=Compensation.FAILED)),
        )
        .order_by()
    )
    return {row["workflow__name"]: (row["done"], row["failed"]) for row in rows}


def _budgets(
    began: datetime, until: datetime, workflows: Collection[str], dependencies: Collection[str]
) -> tuple[list[BudgetImpact], dict[str, int]]:
    """Objectives with what the window took of them; and by workflow how many runs were late."""
    mine = Q(workflow__in=workflows) | Q(dependency__in=dependencies)
    objectives = list(Objective.objects.select_related("owner").filter(mine, retired_at__isnull=True).order_by("name"))
    labels = [str(one.pk) for one in objectives]
    found = Series.objects.filter(kind=Series.Kind.OBJECTIVE, label__in=labels).values_list("label", "pk")
    series = {int(label): pk for label, pk in found}
    window = totals(series.values(), began, until, hist=False)
    whole: dict[int, Span] = {}
    for days in {one.window_days for one in objectives}:
        keys = [series[one.pk] for one in objectives if one.window_days == days and one.pk in series]
        whole |= totals(keys, until - timedelta(days=days), until, hist=False)
    budgets, late = [], dict[str, int]()
    for one in objectives:
        key = series.get(one.pk, 0)
        spent = window.get(key, Span())
        may_be_bad = float(burn.allowed(one.target)) * whole.get(key, Span()).n
        share = spent.slo_bad / may_be_bad if may_be_bad else None
        budgets.append(BudgetImpact(one.name, one.owner.name, spent.slo_bad, spent.n, share))
        if one.indicator == Objective.Indicator.LATENCY and one.workflow and not one.step:
            late[one.workflow] = max(late.get(one.workflow, 0), spent.slo_bad)
    return budgets, late
