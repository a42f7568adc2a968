"""Sums: rows of rollups written, added to and summed up. Owns how columns and histograms add, and the ids of series.

Only within the transaction of whoever leads (fold.py): nobody else writes a rollup.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from orchestration.models import Rollup, Series
from orchestration.selectors.series import COUNTS, Grain
from orchestration.telemetry import histogram
from orchestration.telemetry.counting import Key, Sums

#: Rows of one statement: SQLite takes 32,766 parameters, and a row has 15.
ROWS = 1_000
_BELOW = {Grain.HOUR: Grain.MINUTE, Grain.DAY: Grain.HOUR}
_COLUMNS = [*COUNTS, "sum", "min", "max", "hist"]


def series_ids(keys: Iterable[Key]) -> dict[Key, int]:
    """The id of each series; those that are new are written. The same series is known for as long as the process lives."""
    wanted = set(keys)
    missing = [key for key in wanted if key not in _known]
    if missing:
        _look(missing)
        new = [key for key in missing if key not in _known]
        if new:
            Series.objects.bulk_create([Series(**key._asdict()) for key in new], ignore_conflicts=True)
            _look(new)
    return {key: _known[key] for key in wanted}


def forget() -> None:
    """Look series up anew: after a change of database, or a transaction that wrote some and was undone."""
    _known.clear()


def add(grain: Grain, rows: Mapping[tuple[int, datetime], Sums]) -> None:
    """Add to the rows of (series, interval), which may be there or not."""
    there = {(row.series_id, row.ts): row for row in _there(grain, rows)}
    written = []
    for place, sums in rows.items():
        row = there.get(place) or grain.model(series_id=place[0], ts=place[1], hist=b"")
        for name in COUNTS:
            setattr(row, name, getattr(row, name) + getattr(sums, name))
        _measure(row, sums)
        written.append(row)
    _write(grain, written)


def sum_up(grain: Grain, places: Sequence[tuple[int, datetime]]) -> None:
    """Set the rows of these hours (days) to the sums of their minutes (hours).

    An hour whose minutes are not kept any more stays as it is.
    """
    below = _BELOW[grain]
    wanted, parts = set(places), dict[tuple[int, datetime], list[dict[str, Any]]]()
    series = {one for one, _ in places}
    starts = [ts for _, ts in places]
    found = below.model._default_manager.filter(
        series_id__in=series, ts__gte=min(starts), ts__lt=max(starts) + grain.value
    )
    for row in found.values("series_id", "ts", *_COLUMNS):
        place = (row["series_id"], grain.floor(row["ts"]))
        if place in wanted:
            parts.setdefault(place, []).append(row)
    _write(grain, [_sum(grain, place, rows) for place, rows in parts.items()])


def _sum(grain: Grain, place: tuple[int, datetime], rows: Sequence[Mapping[str, Any]]) -> Rollup:
    lows = [row["min"] for row in rows if row["min"] is not None]
    highs = [row["max"] for row in rows if row["max"] is not None]
    return grain.model(
        series_id=place[0], ts=place[1], sum=sum(row["sum"] for row in rows), min=min(lows, default=None),
        max=max(highs, default=None), hist=histogram.merge(bytes(row["hist"]) for row in rows),
        **{name: sum(row[name] for row in rows) for name in COUNTS},
    )  # fmt: skip


def _measure(row: Rollup, sums: Sums) -> None:
    sums.squeeze()
    if not sums.hist:
        return
    row.sum += sums.sum
    row.min = min(one for one in (row.min, sums.min) if one is not None)
    row.max = max(one for one in (row.max, sums.max) if one is not None)
    row.hist = histogram.merge((bytes(row.hist), sums.hist))


def _there(grain: Grain, places: Iterable[tuple[int, datetime]]) -> Iterable[Rollup]:
    """Rows that exist. By ranges, not pair by pair: a batch has few intervals and many series."""
    by_ts: dict[datetime, list[int]] = {}
    for series, ts in places:
        by_ts.setdefault(ts, []).append(series)
    for ts, series_of in by_ts.items():
        for start in range(0, len(series_of), ROWS):
            yield from grain.model._default_manager.filter(ts=ts, series_id__in=series_of[start : start + ROWS])


def _write(grain: Grain, rows: Sequence[Rollup]) -> None:
    grain.model._default_manager.bulk_create(
        rows, batch_size=ROWS, update_conflicts=True, unique_fields=["series", "ts"], update_fields=_COLUMNS
    )


_known: dict[Key, int] = {}


def _look(keys: Sequence[Key]) -> None:
    kinds = {key.kind for key in keys}
    wanted = set(keys)
    for pk, *names in Series.objects.filter(kind__in=kinds).values_list("pk", *Key._fields):
        key = Key(*names)
        if key in wanted:
            _known[key] = pk
