"""Rollup rows for tests of pages: outcomes counted into minutes, hours and days as the fold counts them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from orchestration import clock
from orchestration.models import Rollup, RollupDay, RollupHour, RollupMinute, Series
from orchestration.selectors.series import COUNTS, Grain
from orchestration.telemetry import histogram
from orchestration.telemetry.fold import fold, sum_dirty

TABLES: tuple[tuple[Grain, type[Rollup]], ...] = (
    (Grain.MINUTE, RollupMinute),
    (Grain.HOUR, RollupHour),
    (Grain.DAY, RollupDay),
)
NAMES = ("workflow", "version", "step", "dependency", "label")
#: What a run's result is called in a rollup; terminated ones count as cancelled.
COLUMN = {
    "succeeded": "ok", "degraded": "degraded", "failed": "error", "timed_out": "timeout", "cancelled": "cancelled",
    "terminated": "cancelled", "ok": "ok", "error": "error", "timeout": "timeout",
}  # fmt: skip


def count(
    kind: str,
    at: datetime,
    result: str = "ok",
    *,
    times: int = 1,
    seconds: float | Iterable[float] | None = None,
    retries: int = 0,
    slo_bad: int = 0,
    **names: str,
) -> Series:
    """Count `times` outcomes that ended then: count("run", now, "failed", workflow="orders", seconds=2.0)."""
    series, _ = Series.objects.get_or_create(kind=kind, **dict.fromkeys(NAMES, "") | names)
    column = COLUMN[result]
    took = [] if seconds is None else [seconds] * times if isinstance(seconds, int | float) else list(seconds)
    for grain, model in TABLES:
        row, _ = model._default_manager.get_or_create(series=series, ts=grain.floor(at))
        setattr(row, column, getattr(row, column) + times)
        if column != "cancelled":
            row.n += times
        row.retries += retries
        row.slo_bad += slo_bad
        if took:
            row.sum += sum(took)
            row.min, row.max = _within(row.min, min(took), min), _within(row.max, max(took), max)
            row.hist = histogram.merge([bytes(row.hist), histogram.pack(took)])
        row.save()
    return series


def fold_all() -> None:
    """Count whatever the engine has recorded, up to days."""
    while fold().batches:
        pass
    while sum_dirty():
        pass


def fill(series: Series, hours: int, now: datetime, **shape: Any) -> None:
    """Rows in bulk: every hour (and each minute of the last two) the same: fill(series, 672, now, n=60, bad=1, seconds=…)."""
    n, bad, seconds = shape.get("n", 60), shape.get("bad", 0), shape.get("seconds", 0.5)
    values = dict.fromkeys(COUNTS, 0) | {"n": n, "ok": n - bad, "error": bad}
    body = {"sum": seconds * n, "min": seconds * 0.5, "max": seconds * 2}
    hist = histogram.pack([seconds * (0.5 + 1.5 * index / n) for index in range(n)])
    for grain, model in TABLES:
        length = timedelta(hours=2 if grain is Grain.MINUTE else hours)
        at, rows = grain.floor(now - length), []
        while at <= now:
            rows.append(model(series=series, ts=at, hist=hist, **values, **body))
            at += grain.value
        model._default_manager.bulk_create(rows, batch_size=1000)


def _within(before: float | None, value: float, choose: Any) -> float:
    return value if before is None else choose(before, value)


def before_midnight() -> int:
    """Queries more in the first hour of a day: what is not in a whole day or hour yet lies on both sides of midnight."""
    return 2 if clock.now().hour == 0 else 0
