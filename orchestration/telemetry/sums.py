"""Sums: rows of rollups written, added to and summed up. Owns how columns and histograms add, and the ids of series.

Only within the transaction of whoever leads (fold.py): nobody else writes a rollup.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from orchestration.models import Series
from orchestration.selectors.series import COUNTS, Grain
from orchestration.telemetry import histogram
from orchestration.telemetry.counting import Key, Sums

#: Rows from which on PostgreSQL is given a table instead of statements.
MANY = 2_000
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


def add(grain: Grain, rows: Mapping[tuple[int, datetime], Sums], *, since: datetime | None = None) -> None:
    """Add to the rows of (series, interval), which may be there or not; none is there from `since` on."""
    there = dict(_there(grain, rows if since is None else [place for place in rows if place[1] < since]))
    written = []
    for place, sums in rows.items():
        sums.squeeze()
        values = [getattr(sums, name) for name in _COLUMNS]
        written.append((*place, *(_all([there[place], values]) if place in there else values)))
    _write(grain, written)


def sum_up(grain: Grain, places: Sequence[tuple[int, datetime]]) -> None:
    """Set the rows of these hours (days) to the sums of their minutes (hours).

    An hour whose minutes are not kept any more stays as it is.
    """
    below = _BELOW[grain].model._default_manager
    written = []
    for ts, ids in _by_interval(places).items():
        parts: dict[int, list[tuple[Any, ...]]] = {}
        found = below.filter(series_id__in=ids, ts__gte=ts, ts__lt=ts + grain.value)
        for series, *columns in found.values_list("series_id", *_COLUMNS):
            parts.setdefault(series, []).append(tuple(columns))
        written += [(series, ts, *_all(rows)) for series, rows in parts.items()]
    _write(grain, written)


def _all(rows: Sequence[Sequence[Any]]) -> list[Any]:
    """Columns of several rows as those of one."""
    *added, lows, highs, hists = zip(*rows, strict=True)
    low = min((one for one in lows if one is not None), default=None)
    high = max((one for one in highs if one is not None), default=None)
    return [*(sum(column) for column in added), low, high, histogram.merge(bytes(one) for one in hists)]


def _there(
    grain: Grain, places: Iterable[tuple[int, datetime]]
) -> Iterator[tuple[tuple[int, datetime], tuple[Any, ...]]]:
    """Rows that exist. By interval, not pair by pair: a batch has few intervals and many series."""
    for ts, ids in _by_interval(places).items():
        rows = grain.model._default_manager.filter(ts=ts, series_id__in=ids)
        for series, *columns in rows.values_list("series_id", *_COLUMNS):
            yield (series, ts), tuple(columns)


def _by_interval(places: Iterable[tuple[int, datetime]]) -> dict[datetime, list[int]]:
    """Beginning of interval → its series."""
    found: dict[datetime, list[int]] = {}
    for series, ts in places:
        found.setdefault(ts, []).append(series)
    return found


def _write(grain: Grain, rows: Sequence[tuple[Any, ...]]) -> None:
    """Set these rows. By hand: making model instances of thousands costs more than the database does."""
    if not rows:
        return
    names = ["series_id", "ts", *_COLUMNS]
    quoted = ", ".join(connection.ops.quote_name(name) for name in names)
    marks = ", ".join(["%s"] * len(names))
    changed = ", ".join(f"{name} = excluded.{name}" for name in map(connection.ops.quote_name, _COLUMNS))
    table = connection.ops.quote_name(grain.model._meta.db_table)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql" and len(rows) >= MANY:
            # Ten times as fast as a statement for each: a rebuild writes millions.
            shape = f"SELECT {quoted} FROM {table} WITH NO DATA"  # noqa: S608
            cursor.execute(f"CREATE TEMPORARY TABLE given ON COMMIT DROP AS {shape}")
            with cursor.copy(f"COPY given ({quoted}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            cursor.execute(
                f"INSERT INTO {table} ({quoted}) SELECT {quoted} FROM given"  # noqa: S608
                f" ON CONFLICT (series_id, ts) DO UPDATE SET {changed}"
            )
            cursor.execute("DROP TABLE given")
            return
        cursor.executemany(
            f"INSERT INTO {table} ({quoted}) VALUES ({marks}) ON CONFLICT (series_id, ts) DO UPDATE SET {changed}",  # noqa: S608
            [(series, connection.ops.adapt_datetimefield_value(ts), *columns) for series, ts, *columns in rows],
        )


_known: dict[Key, int] = {}


def _look(keys: Sequence[Key]) -> None:
    kinds = {key.kind for key in keys}
    wanted = set(keys)
    for pk, *names in Series.objects.filter(kind__in=kinds).values_list("pk", *Key._fields):
        key = Key(*names)
        if key in wanted:
            _known[key] = pk
