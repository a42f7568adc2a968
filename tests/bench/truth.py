"""What dashboards show, from rollups and from the rows themselves: how far apart, and how much faster.

The rows are asked by SQL with the indexes that serve them, by PostgreSQL's own percentile_disc where there is one. Figures of
whole hours, so that both count the same. Owns the comparison; never writes.
"""

from __future__ import annotations

import math
import statistics
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

SHARES = (0.5, 0.95, 0.99)
ROUNDS = 3


def compare(until: datetime) -> dict[str, Any]:
    """`percentile_error`, `budget_error` and `speedup_over_rows`, and what they were taken from."""
    from django.db import connection

    from orchestration.selectors.series import Grain

    end = Grain.DAY.floor(until)
    begin = end - timedelta(days=27)
    _index(connection)
    errors, ratios = [], []
    for name in ("flow-00", "flow-17", "flow-39"):
        rows_s, truth = _best(lambda name=name: _from_rows(connection, name, begin, end), 1)
        rollup_s, shown = _best(lambda name=name: _from_rollups(name, begin, end), ROUNDS)
        assert truth.keys() == shown.keys()
        for step, (count, bad, *quantiles) in truth.items():
            assert (count, bad) == shown[step][:2], (name, step, truth[step], shown[step])
            errors += [abs(a - b) / b for a, b in zip(shown[step][2:], quantiles, strict=True)]
        ratios.append(rows_s / rollup_s)
        print(f"{name}: rows {rows_s:.3f} s, rollups {rollup_s * 1000:.2f} ms", file=sys.stderr, flush=True)
    return {
        "percentile_error": max(errors),
        "budget_error": _budget_error(begin, end),
        "speedup_over_rows": statistics.median(ratios),
        "speedups": ratios,
    }


def _from_rollups(workflow: str, begin: datetime, end: datetime) -> dict[str, tuple[Any, ...]]:
    from orchestration.models import Series
    from orchestration.selectors.curves import totals
    from orchestration.selectors.series import find

    series = {one.pk: one.step for one in find(Series.Kind.STEP, workflow=workflow)}
    spans = totals(series, begin, end)
    return {series[pk]: (span.n, span.bad, *(span.quantile(share) for share in SHARES)) for pk, span in spans.items()}


def _index(connection: Any) -> None:
    """The best that raw rows can have for these questions; not part of the product."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE INDEX IF NOT EXISTS bench_run ON orchestration_run (workflow_id, finished_at)")
        cursor.execute(
            "CREATE INDEX IF NOT EXISTS bench_step ON orchestration_steprun (run_id, name, finished_at, started_at, status)"
        )
        cursor.execute("ANALYZE orchestration_run")
        cursor.execute("ANALYZE orchestration_steprun")


def _from_rows(connection: Any, workflow: str, begin: datetime, end: datetime) -> dict[str, tuple[Any, ...]]:
    where = """FROM orchestration_steprun s JOIN orchestration_run r ON r.id = s.run_id
        JOIN orchestration_workflow w ON w.id = r.workflow_id
        WHERE w.name = %s AND s.finished_at >= %s AND s.finished_at < %s
          AND r.finished_at >= %s AND r.finished_at < %s"""
    later = end + timedelta(hours=1)  # a step may end before midnight and its run after it
    given = [workflow, begin, end, begin, later]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            took = "extract(epoch from s.finished_at - s.started_at)::float8"
            quantiles = ", ".join(f"percentile_disc({share}) WITHIN GROUP (ORDER BY {took})" for share in SHARES)
            cursor.execute(
                f"SELECT s.name, count(*), count(*) FILTER (WHERE s.status = 'failed'), {quantiles} {where} GROUP BY s.name",
                given,
            )
            return {name: tuple(row) for name, *row in cursor.fetchall()}
        cursor.execute(f"SELECT s.name, s.status, s.started_at, s.finished_at {where}", given)
        found: dict[str, list[tuple[str, float]]] = {}
        for name, status, started, finished in cursor.fetchall():
            found.setdefault(name, []).append((status, (_moment(finished) - _moment(started)).total_seconds()))
    shown = {}
    for name, rows in found.items():
        ordered = sorted(took for _, took in rows)
        ranks = [ordered[math.ceil(share * len(ordered)) - 1] for share in SHARES]
        shown[name] = (len(rows), sum(status == "failed" for status, _ in rows), *ranks)
    return shown


def _seconds(begin: str, end: str) -> float:
    return (_moment(end) - _moment(begin)).total_seconds()


def _moment(value: Any) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)


def _budget_error(begin: datetime, end: datetime) -> int:
    """By how many events the objectives' counts differ from the rows', over all objectives."""
    from django.db import connection

    from orchestration.models import Objective, Series
    from orchestration.selectors.curves import totals
    from orchestration.selectors.series import find

    with connection.cursor() as cursor:
        # SQLite's own arithmetic of times is good to 50 µs, and thresholds are exact: it asks Python.
        slow = "extract(epoch from r.finished_at - r.started_at) > 2.0"
        if connection.vendor != "postgresql":
            connection.connection.create_function("seconds", 2, _seconds, deterministic=True)
            slow = "seconds(r.started_at, r.finished_at) > 2.0"
        cursor.execute(
            f"""SELECT w.name, count(*), sum(CASE WHEN r.result = 'failed' THEN 1 ELSE 0 END),
                sum(CASE WHEN r.result = 'succeeded' THEN 1 ELSE 0 END),
                sum(CASE WHEN r.result = 'succeeded' AND {slow} THEN 1 ELSE 0 END)
            FROM orchestration_run r JOIN orchestration_workflow w ON w.id = r.workflow_id
            WHERE r.finished_at >= %s AND r.finished_at < %s GROUP BY w.name""",
            [begin, end],
        )
        rows = {name: tuple(map(int, row)) for name, *row in cursor.fetchall()}
    labels = {one.label: one.pk for one in find(Series.Kind.OBJECTIVE)}
    spans = totals(labels.values(), begin, end, hist=False)
    wrong = 0
    for one in Objective.objects.filter(name__startswith="bench-"):
        n, failed, good, slow_ones = rows[one.workflow]
        span = spans[labels[str(one.pk)]]
        wanted = (good, slow_ones) if one.indicator == "latency" else (n, failed)
        wrong += abs(span.n - wanted[0]) + abs(span.slo_bad - wanted[1])
    return wrong


def _best(act: Callable[[], Any], rounds: int) -> tuple[float, Any]:
    act() if rounds > 1 else None
    times, found = [], None
    for _ in range(rounds):
        began = time.perf_counter()
        found = act()
        times.append(time.perf_counter() - began)
    return min(times), found
