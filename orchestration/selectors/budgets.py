"""What objectives have left of their budgets, how fast these burn, and when they will be spent. Three queries for many.

Owns which windows are read and from which rows. Never decides what is an alert: policies/burn.py does; never reads a run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import Any

from django.db.models import Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from orchestration.errors import NotFound
from orchestration.models import Objective, Series
from orchestration.policies import burn
from orchestration.policies.burn import Counts
from orchestration.selectors.series import Grain, pieces
from orchestration.services.world import suggestion

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
#: The burn rates that pages show.
SHOWN: Mapping[str, timedelta] = {"1 h": HOUR, "6 h": 6 * HOUR, "1 d": DAY, "3 d": 3 * DAY}
#: A forecast goes by the last day: an hour is too nervous, and three days still speak of what is over.
FORECAST = DAY
#: Minutes are kept for two days, so the beginning of a longer window is that of its hour.
_BY_MINUTE = timedelta(hours=46)
#: A budget that burns as fast as a ticket's shorter pair asks.
BURNING = burn.PAIRS[burn.Severity.TICKET][0].factor


class BudgetState(StrEnum):
    """How a budget stands."""

    SPENT = "spent"
    BURNING = "burning"
    HEALTHY = "healthy"
    NO_DATA = "no_data"


@dataclass(frozen=True, slots=True)
class Budget:
    """An objective's budget at a moment. `burns`: by the words of SHOWN, None where nothing happened."""

    objective: Objective
    counts: Counts
    remaining: Fraction
    burns: Mapping[str, Fraction | None]
    exhausts_in: timedelta | None

    @property
    def allowed(self) -> float:
        """How many of the window's events may be bad."""
        return float(burn.allowed(self.objective.target) * self.counts.total)

    @property
    def state(self) -> BudgetState:
        """Spent, burning too fast, or neither."""
        if not self.counts.total:
            return BudgetState.NO_DATA
        if self.remaining <= 0:
            return BudgetState.SPENT
        return BudgetState.BURNING if (self.burns["1 d"] or 0) >= BURNING else BudgetState.HEALTHY


def find_objective(name: str) -> Objective:
    """By name, retired ones too. Raises NotFound, which suggests."""
    found = Objective.objects.select_related("owner").filter(name=name).first()
    if found is None:
        known = Objective.objects.values_list("name", flat=True)
        raise NotFound(f"no objective {name[:80]!r}{suggestion(name[:80], known)}")
    return found


def objectives(
    *, workflow: str = "", dependency: str = "", team: str = "", retired: bool = False
) -> QuerySet[Objective]:
    """By name; those that are counted now, unless the retired ones are wanted too."""
    found = Objective.objects.select_related("owner").order_by("name")
    given = {"workflow": workflow, "dependency": dependency, "owner__name": team}
    found = found.filter(**{name: value for name, value in given.items() if value})
    return found if retired else found.filter(retired_at__isnull=True)


def budget_of(objective: Objective, now: datetime) -> Budget:
    """One."""
    return budgets([objective], now)[0]


def budgets(wanted: Iterable[Objective], now: datetime) -> list[Budget]:
    """Each of them, in the order given: four queries, and three more for each moment at which some began to count anew."""
    found = list(wanted)
    spans = {one.pk: timedelta(days=one.window_days) for one in found}
    counts = burns(found, {*SHOWN.values(), *spans.values()}, now)
    return [_budget(one, counts[one.pk], spans[one.pk]) for one in found]


def burns(
    wanted: Iterable[Objective], windows: Iterable[timedelta], now: datetime
) -> dict[int, dict[timedelta, Counts]]:
    """Objective id → window → its events."""
    found, spans = list(wanted), sorted(set(windows))
    rows = Series.objects.filter(kind=Series.Kind.OBJECTIVE, label__in=[str(one.pk) for one in found])
    series = {row.pk: int(row.label) for row in rows}
    result: dict[int, dict[timedelta, Counts]] = {one.pk: dict.fromkeys(spans, Counts()) for one in found}
    together: dict[datetime | None, list[int]] = {}
    longest = now - max(spans, default=DAY)
    starts = {one.pk: one.recounted_at for one in found if one.recounted_at and one.recounted_at > longest}
    for key, objective_id in series.items():
        together.setdefault(starts.get(objective_id), []).append(key)
    for start, keys in together.items():
        for key, counted in _counted(keys, spans, now, start).items():
            result[series[key]] = counted
    return result


def _budget(objective: Objective, counts: Mapping[timedelta, Counts], window: timedelta) -> Budget:
    target, whole = objective.target, counts[window]
    left = burn.remaining(target, whole)
    rates = {words: burn.burn(target, counts[span]) for words, span in SHOWN.items()}
    forecast = burn.exhausts_in(window, left, burn.burn(target, counts[FORECAST]))
    return Budget(objective, whole, left, rates, forecast if whole.total else None)


def _counted(
    series: Sequence[int], spans: Sequence[timedelta], now: datetime, start: datetime | None
) -> dict[int, dict[timedelta, Counts]]:
    """One query for each grain, whatever the number of windows: each is a sum of its own over the same rows."""
    cuts: dict[Grain, list[tuple[int, datetime, datetime]]] = {}
    for number, span in enumerate(spans):
        begin = now - span
        if start is not None and start > begin:
            begin = _whole(start, now)
        elif span > _BY_MINUTE:
            begin = Grain.HOUR.floor(begin)
        for grain, low, high in pieces(begin, now):
            cuts.setdefault(grain, []).append((number, low, high))
    found: dict[int, dict[timedelta, Counts]] = {key: dict.fromkeys(spans, Counts()) for key in series}
    for grain, cut in cuts.items():
        rows = grain.model._default_manager.filter(
            series_id__in=series, ts__gte=min(low for _, low, _ in cut), ts__lt=max(high for _, _, high in cut)
        )
        sums = {
            f"{column}_{at}": Coalesce(Sum(column, filter=Q(ts__gte=low, ts__lt=high)), 0)
            for at, (_, low, high) in enumerate(cut)
            for column in ("n", "slo_bad")
        }
        summed: QuerySet[Any, Any] = rows.values("series_id").annotate(**sums).order_by()
        for row in summed:
            own = found[row["series_id"]]
            for at, (number, _, _) in enumerate(cut):
                before = own[spans[number]]
                own[spans[number]] = Counts(before.total + row[f"n_{at}"], before.bad + row[f"slo_bad_{at}"])
    return found


def _whole(start: datetime, now: datetime) -> datetime:
    """The first whole minute, or hour where minutes are gone, in which everything was judged as it is since `start`."""
    grain = Grain.MINUTE if start > now - _BY_MINUTE else Grain.HOUR
    return min(grain.ceil(start), now)


def burn_down(budget: Budget, now: datetime) -> list[tuple[datetime, int, Fraction]]:
    """By days: when each begins, its bad events, and what was left of the window's budget at its end, or now."""
    objective, whole = budget.objective, budget.counts
    begin = Grain.HOUR.floor(now - timedelta(days=objective.window_days))
    begin = max(begin, objective.recounted_at) if objective.recounted_at else begin
    series = Series.objects.filter(kind=Series.Kind.OBJECTIVE, label=str(objective.pk)).values_list("pk", flat=True)
    hours = Grain.HOUR.model._default_manager.filter(series_id__in=list(series), ts__gte=begin, ts__lt=now)
    by_day: dict[datetime, int] = {}
    day = Grain.DAY.floor(begin)
    while day < now:
        by_day[day] = 0
        day += DAY
    for ts, bad in hours.values_list("ts", "slo_bad"):
        by_day[Grain.DAY.floor(ts)] += bad
    found, spent = [], 0
    for day, bad in by_day.items():
        spent += bad
        left = burn.remaining(objective.target, Counts(whole.total, spent))
        found.append((day, bad, left))
    if found:  # the hours lag a few seconds behind, and the last point is what the page says
        found[-1] = (found[-1][0], max(found[-1][1] + whole.bad - spent, 0), budget.remaining)
    return found
