"""Rollups as curves: of many series, what ended in each minute, hour or day. A few queries, whatever the number of series.

Owns how the newest intervals, whose sums are still on their way into coarser rows, are made of finer ones. Reads rows as
plain tuples: a page over hundreds of series has no time for objects. Never reads a run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max, Min, Sum

from orchestration.selectors.series import COUNTS, Grain, Span, pieces

Curve = dict[datetime, Span]
#: The hour and day rows of what ended less than this ago may not have all of it yet.
UNSETTLED = timedelta(hours=1)
_ADDED = (*COUNTS, "sum")


def curves(
    series: Iterable[int], since: datetime, until: datetime, grain: Grain, *, hist: bool = True
) -> dict[int, Curve]:
    """Series id → beginning of interval → what ended in it; intervals in which nothing did are absent.

    Without histograms the database adds up what is finer than the grain; with them every row is read, so ask for
    few series or few intervals.
    """
    ids = list(series)
    found: dict[int, Curve] = {}
    if not ids:
        return found
    for finer, begin, end in cuts(since, until, grain):
        read_all = hist or finer is grain
        rows = _rows(ids, finer, begin, end, hist=hist) if read_all else _sums(ids, finer, begin, end, grain)
        _gather(found, rows, grain)
    return found


def cuts(since: datetime, until: datetime, grain: Grain) -> list[tuple[Grain, datetime, datetime]]:
    """The period in parts that are read from rows of one grain each, never coarser than the curve's own."""
    if grain is Grain.MINUTE:
        return [(Grain.MINUTE, Grain.MINUTE.floor(since), until)]
    if grain is Grain.HOUR:
        fresh = max(Grain.HOUR.floor(until) - UNSETTLED, Grain.HOUR.floor(since))
        settled = [(Grain.HOUR, Grain.HOUR.floor(since), fresh)] if fresh > Grain.HOUR.floor(since) else []
        return [*settled, (Grain.MINUTE, fresh, until)]
    return pieces(Grain.DAY.floor(since), until)


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
    return {time: spans[0] if len(spans) == 1 else _one(spans) for time, spans in gathered.items()}


def whole(curve: Curve) -> Span:
    """All of a curve as one span."""
    return _one(list(curve.values()))


def _one(spans: Sequence[Span]) -> Span:
    one = Span(*(sum(getattr(span, name) for span in spans) for name in _ADDED))
    one.min = min((span.min for span in spans if span.min is not None), default=None)
    one.max = max((span.max for span in spans if span.max is not None), default=None)
    one.hists = [hist for span in spans for hist in span.hists]
    return one


def _rows(ids: list[int], grain: Grain, begin: datetime, end: datetime, *, hist: bool) -> Iterable[Any]:
    columns = ("series_id", "ts", *_ADDED, "min", "max", *(["hist"] if hist else []))
    rows = grain.model._default_manager.filter(series_id__in=ids, ts__gte=begin, ts__lt=end)
    return rows.order_by().values_list(*columns)


def _sums(ids: list[int], finer: Grain, begin: datetime, end: datetime, grain: Grain) -> Iterable[Any]:
    """Added up by the database, one query for each of the few intervals: SQLite has no fast way to cut a time."""
    for at in times_of(begin, end - timedelta(microseconds=1), grain):
        low, high = max(at, begin), min(at + grain.value, end)
        rows = finer.model._default_manager.filter(series_id__in=ids, ts__gte=low, ts__lt=high).order_by()
        totals: Mapping[str, Any] = {f"all_{name}": Sum(name) for name in _ADDED}
        names = [f"all_{name}" for name in _ADDED]
        for row in rows.values("series_id").annotate(**totals, low=Min("min"), high=Max("max")).values_list(
            "series_id", *names, "low", "high"
        ):  # fmt: skip
            yield (row[0], at, *(int(value) for value in row[1:-3]), float(row[-3]), row[-2], row[-1])


def _gather(found: dict[int, Curve], rows: Iterable[Any], grain: Grain) -> None:
    grouped: dict[tuple[int, datetime], list[Any]] = {}
    floors: dict[datetime, datetime] = {}
    for row in rows:
        floor = floors.get(row[1])
        if floor is None:
            floor = floors[row[1]] = grain.floor(row[1])
        grouped.setdefault((row[0], floor), []).append(row)
    for (series_id, time), members in grouped.items():
        span = _span(members)
        curve = found.setdefault(series_id, {})
        curve[time] = _one([curve[time], span]) if time in curve else span


def _span(rows: list[Any]) -> Span:
    columns = list(zip(*rows, strict=True))
    added = 2 + len(_ADDED)
    span = Span(*(sum(column) for column in columns[2:added]))
    span.min = min((low for low in columns[added] if low is not None), default=None)
    span.max = max((high for high in columns[added + 1] if high is not None), default=None)
    if len(columns) > added + 2:
        span.hists = [bytes(hist) for hist in columns[added + 2] if hist]
    return span
