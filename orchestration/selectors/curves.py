"""Rollups as curves and totals: of many series, what ended in each minute, hour or day. Few queries, however many series.

Owns how the newest intervals, whose sums are still on their way into coarser rows, are made of finer ones. Reads rows as
plain tuples: a page over hundreds of series has no time for objects. Never reads a run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max, Min, Sum

from orchestration import clock
from orchestration.selectors.series import COUNTS, Cut, Grain, Span, merged, pieces
from orchestration.telemetry import histogram
from orchestration.telemetry.joined import Joined

Curve = dict[datetime, Span]
#: The hour and day rows of what ended less than this ago may not have all of it yet.
UNSETTLED = timedelta(hours=1)
_ADDED = (*COUNTS, "sum")
_SUMS: Mapping[str, Any] = {f"all_{name}": Sum(name) for name in _ADDED} | {
    "all_min": Min("min"), "all_max": Max("max"),
}  # fmt: skip


def curves(
    series: Iterable[int], since: datetime, until: datetime, grain: Grain, *, hist: bool = True
) -> dict[int, Curve]:
    """Series id → beginning of interval → what ended in it; intervals in which nothing did are absent.

    What is finer than the grain is added up by the database. At most seven queries.
    """
    ids = list(series)
    found: dict[int, Curve] = {}
    if not ids:
        return found
    for finer, begin, end in cuts(since, until, grain):
        if finer is grain:
            _gather(found, _rows(ids, finer, begin, end, hist=hist))
            continue
        # One query for each of the few intervals: SQLite has no fast way to cut a time.
        for at in times_of(begin, end - timedelta(microseconds=1), grain):
            between = max(at, begin), min(at + grain.value, end)
            _gather(found, _sums(ids, finer, *between, at=at, hist=hist))
    return found


def totals(series: Iterable[int], since: datetime, until: datetime, *, hist: bool = True) -> dict[int, Span]:
    """Series id → all that ended in the period, added up by the database. At most five queries."""
    ids = list(series)
    found: dict[int, Curve] = {}
    for grain, begin, end in pieces(since, until) if ids else []:
        _gather(found, _sums(ids, grain, begin, end, at=since, hist=hist))
    return {pk: curve[since] for pk, curve in found.items()}


def together(series: Iterable[int], since: datetime, until: datetime, grain: Grain) -> Curve:
    """All series as one curve, without histograms: for counts over very many of them."""
    ids = list(series)
    found: dict[int, Curve] = {}
    for finer, begin, end in cuts(since, until, grain) if ids else []:
        rows = finer.model._default_manager.filter(series_id__in=ids, ts__gte=begin, ts__lt=end).order_by()
        for ts, *sums in rows.values("ts").annotate(**_SUMS).values_list("ts", *_SUMS):
            _gather(found, [(0, grain.floor(ts), *sums)])
    return found.get(0, {})


def cuts(since: datetime, until: datetime, grain: Grain) -> list[Cut]:
    """The period in parts that are read from rows of one grain each, never coarser than the curve's own, oldest first.

    Whole intervals of the grain, except that the last one ends with the period where it is not settled yet.
    """
    begin, edge = grain.floor(since), settled(until)
    if grain is Grain.MINUTE or begin >= edge:
        return [Cut(Grain.MINUTE, Grain.MINUTE.floor(begin), until)]
    if until <= edge:
        return [Cut(grain, begin, grain.ceil(until))]
    whole_until = max(grain.floor(edge), begin)
    found = [Cut(grain, begin, whole_until), Cut(Grain.HOUR, whole_until, edge), Cut(Grain.MINUTE, edge, until)]
    return [cut for cut in found if cut.begin < cut.end]


def settled(until: datetime) -> datetime:
    """Up to when hour and day rows have all there is; after it minutes do, which are counted first."""
    return Grain.HOUR.floor(max(clock.lately(), until)) - UNSETTLED


def along(curve: Curve, times: Sequence[datetime]) -> list[Span]:
    """One span for each time; an empty one where nothing ended."""
    return [curve.get(time) or Span() for time in times]


def times_of(since: datetime, until: datetime, grain: Grain) -> list[datetime]:
    """The beginnings of the intervals from `since` to `until`, both their own included."""
    at, found = grain.floor(since), []
    while at <= until:
        found.append(at)
        at += grain.value
    return found


def summed(curves_: Iterable[Curve]) -> Curve:
    """Several curves as one."""
    gathered: dict[datetime, list[Span]] = {}
    for curve in curves_:
        for time, span in curve.items():
            gathered.setdefault(time, []).append(span)
    return {time: _one(spans) for time, spans in gathered.items()}


def whole(curve: Curve) -> Span:
    """All of a curve as one span."""
    return _one(list(curve.values())) if curve else Span()


def _one(spans: Sequence[Span]) -> Span:
    return spans[0] if len(spans) == 1 else merged(spans)


def _rows(ids: list[int], grain: Grain, begin: datetime, end: datetime, *, hist: bool) -> Iterable[Any]:
    columns = ("series_id", "ts", *_ADDED, "min", "max", *(["hist"] if hist else []))
    rows = grain.model._default_manager.filter(series_id__in=ids, ts__gte=begin, ts__lt=end)
    return rows.order_by().values_list(*columns)


def _sums(ids: list[int], grain: Grain, begin: datetime, end: datetime, *, at: datetime, hist: bool) -> Iterable[Any]:
    rows = grain.model._default_manager.filter(series_id__in=ids, ts__gte=begin, ts__lt=end).order_by()
    wanted: Mapping[str, Any] = {**_SUMS, **({"all_hist": Joined("hist")} if hist else {})}
    for row in rows.values("series_id").annotate(**wanted).values_list("series_id", *wanted):
        hists = [histogram.added_up(bytes(row[-1]))] if hist and row[-1] else []
        yield (row[0], at, *row[1 : 1 + len(_SUMS)], *hists)


def _gather(found: dict[int, Curve], rows: Iterable[Any]) -> None:
    """Rows are: series, beginning of the interval, what adds up, min, max, and a histogram if asked for."""
    hist = 4 + len(_ADDED)
    for row in rows:
        counts: list[Any] = [int(value) for value in row[2 : 2 + len(COUNTS)]]
        span = Span(*counts, *row[2 + len(COUNTS) : hist])
        if len(row) > hist and row[hist]:
            span.hists.append(bytes(row[hist]))
        curve = found.setdefault(row[0], {})
        before = curve.get(row[1])
        curve[row[1]] = span if before is None else _one([before, span])
