"""Reads of breakers: how well a dependency is, its transitions, who is parked at it. Never writes, never calls.

Owns how the facts of a health come together: rollups of calls, the breaker's row, the probe's result. A burn rate is passed
in by whoever has objectives.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from orchestration import clock
from orchestration.engine.breakers import book_of, moment
from orchestration.models import Breaker, BreakerTransition, BulkheadSlot, Parking, Series
from orchestration.policies.breaker import NOTHING, Counts, State, advance
from orchestration.policies.health import Facts, Health, health
from orchestration.selectors.curves import totals
from orchestration.selectors.guards import Guards, guards_of
from orchestration.selectors.series import Span
from orchestration.telemetry import histogram

FIVE, FIFTEEN = timedelta(minutes=5), timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class BreakerView:
    """A breaker as it is at this moment, time's own moves done; of one that was never needed, closed and empty."""

    name: str
    guards: Guards
    state: State = State.CLOSED
    since: datetime | None = None
    retry_at: datetime | None = None
    window: Counts = NOTHING
    free_permits: int = 0
    forced_by: str = ""
    forced_reason: str = ""
    forced_until: datetime | None = None
    probed_at: datetime | None = None
    probe_failures: int = 0
    probe_error: str = ""
    probe_seconds: float | None = None
    in_use: int = 0
    parked: Mapping[str, int] = field(default_factory=dict)


def view(name: str) -> BreakerView:
    """All there is to show of one breaker."""
    guards, now = guards_of(name), clock.now()
    row = Breaker.objects.select_related("forced_by").filter(name=name).first()
    waiting = parked(name)
    held = BulkheadSlot.objects.filter(dependency=name, until__gte=now).count()
    if row is None:
        return BreakerView(name, guards, in_use=held, parked=waiting)
    book, at = book_of(row), now.timestamp()
    advance(book, at)
    forced = book.until is not None
    return BreakerView(
        name, guards, book.state, moment(book.since), moment(book.retry_at), book.window(at),
        book.free_permits(guards.breaker, at) if book.state == State.HALF_OPEN else 0,
        row.forced_by.get_username() if forced and row.forced_by is not None else "",
        row.forced_reason if forced else "", row.forced_until if forced else None,
        row.probed_at, row.probe_failures, row.probe_error, row.probe_seconds, held, waiting,
    )  # fmt: skip


def state_of(row: Breaker, now: datetime) -> State:
    """The state at this moment: nobody writes the moves of time while nobody calls."""
    book = book_of(row)
    advance(book, now.timestamp())
    return book.state


def health_of(
    names: Iterable[str], now: datetime | None = None, burn: Mapping[str, float] | None = None
) -> dict[str, Health]:
    """How well each of them is. `burn`: of the worst objective of each, where it has any. A handful of queries for all."""
    wanted, now, burns = list(dict.fromkeys(names)), now or clock.now(), burn or {}
    rows = {row.name: row for row in Breaker.objects.filter(name__in=wanted)}
    ids = {one.dependency: one.pk for one in _call_series(wanted)}
    lately = totals(ids.values(), now - FIVE, now)
    longer = totals(ids.values(), now - FIFTEEN, now, hist=False)
    return {
        name: health(_facts(name, rows.get(name), lately.get(pk, Span()), longer.get(pk, Span()), now, burns.get(name)))
        for name in wanted
        for pk in [ids.get(name, 0)]
    }


def transitions(name: str, since: datetime, until: datetime | None = None) -> list[BreakerTransition]:
    """What the breaker did since then, oldest first: marks on time charts, and its history."""
    rows = BreakerTransition.objects.filter(name=name, at__gte=since).select_related("actor")
    if until is not None:
        rows = rows.filter(at__lt=until)
    return list(rows.order_by("at", "pk"))


def latest_transitions(name: str, count: int = 20) -> list[BreakerTransition]:
    """The newest first."""
    return list(BreakerTransition.objects.filter(name=name).select_related("actor").order_by("-at", "-pk")[:count])


def parked(name: str) -> dict[str, int]:
    """How many steps wait for it, by what for (Parking.Kind); absent where none do."""
    found: dict[str, int] = {}
    for kind in Parking.objects.filter(dependency=name).values_list("kind", flat=True):
        found[kind] = found.get(kind, 0) + 1
    return found


def waiting_at(step_ids: Sequence[int]) -> dict[int, Parking]:
    """Which of these steps are parked, and where."""
    return {row.step_id: row for row in Parking.objects.filter(pk__in=step_ids)}


def _call_series(names: Sequence[str]) -> Iterable[Series]:
    return Series.objects.filter(
        kind=Series.Kind.CALL, dependency__in=names, workflow="", step="", version="", label=""
    )


def _facts(  # noqa: PLR0917 - what the rule is told comes from so many places
    name: str, row: Breaker | None, lately: Span, longer: Span, now: datetime, burn: float | None
) -> Facts:
    guards, state = guards_of(name), State.CLOSED
    if row is not None:
        book = book_of(row)
        advance(book, now.timestamp())
        state = book.state
    return Facts(
        state=state, calls_5m=lately.n, bad_5m=lately.bad, slow_5m=_slow(lately, guards.breaker.slow_after),
        fallbacks_5m=lately.degraded, calls_15m=longer.n, burn=burn,
        probed=guards.probe is not None and row is not None and row.probed_at is not None,
        probes_failed=row.probe_failures if row is not None and guards.probe is not None else 0,
    )  # fmt: skip


def _slow(calls: Span, slow_after: float | None) -> int:
    """Calls that took longer, to the bucket of the histogram; without a threshold none."""
    if slow_after is None:
        return 0
    return sum(
        count for packed in calls.hists for bucket, count in histogram.pairs(packed)
        if histogram.edges(bucket)[0] >= slow_after
    )  # fmt: skip
