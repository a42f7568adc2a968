"""Rollups made anew from the rows of runs, and deleted when they are old. Counting itself is telemetry/fold.py's.

A rebuild reads one snapshot of the database: in it each outcome is either a row only, or a row and a batch that waits to be
counted. So it counts the rows, and drops those batches. Nothing is folded meanwhile; what comes later waits. Owns
that order, and how long rollups are kept. Never touches a run.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from orchestration import clock
from orchestration.errors import Conflict
from orchestration.models import EngineMark, OutcomeBatch, RollupDirty, Run
from orchestration.selectors.series import Grain
from orchestration.telemetry.counting import Counter
from orchestration.telemetry.fold import Intervals, lead, store, sum_dirty
from orchestration.telemetry.goals import goals
from orchestration.telemetry.outcomes import Row, stamp
from orchestration.telemetry.recount import chunks

#: How long rows are kept.
KEEP = {Grain.MINUTE: timedelta(hours=48), Grain.HOUR: timedelta(days=90), Grain.DAY: timedelta(days=730)}
#: Rows that are counted before their durations are put into histograms; and ids in one statement, of which SQLite takes 32,766.
CHUNK = 20_000
#: Hours and days that a rebuild sums up at once.
SUMMED = 10_000
#: Seconds after which a rebuild says again that it is at work (telemetry/fold.py, REBUILDING).
SAID_EVERY = 10.0

log = structlog.get_logger(__name__)

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild counted: rows of runs, steps and attempts; and from when on."""

    rows: int
    since: datetime


def rebuild(*, since: datetime | None = None, progress: Progress = lambda _: None) -> Rebuilt:
    """Make all rollups from `since` on anew: a whole day, UTC; by default the first of which no run has been deleted.

    Rollups before it stay. Raises ValueError for a day of which runs may have been deleted already.
    """
    first = since or _first_whole_day()
    if Grain.DAY.floor(first) != first:
        raise ValueError(f"{first} is not the beginning of a day in UTC")
    if first < _first_whole_day():
        raise ValueError(f"runs before {_first_whole_day():%Y-%m-%d} may have been deleted: begin there or later")
    with _alone() as left_at:
        with _snapshot():
            batches = dict(OutcomeBatch.objects.values_list("pk", "data"))
            intervals = Intervals.at(clock.now())
            counter, count = Counter(goals(), interval=intervals), 0
            for chunk in chunks(first, CHUNK):
                counter.count(chunk)
                counter.squeeze()
                count += len(chunk)
                progress(count)
        counter.count([row for text in batches.values() for row in json.loads(text) if _moment_of(row) < stamp(first)])
        with transaction.atomic():
            _take_time()
            _lead_again(left_at)
            _clear(first)
            ids = list(batches)
            for start in range(0, len(ids), CHUNK):
                OutcomeBatch.objects.filter(pk__in=ids[start : start + CHUNK])._raw_delete("default")
            store(counter.sums, intervals, since=first)
    while sum_dirty(most=SUMMED):
        progress(count)
    return Rebuilt(count, first)


def prune_rollups(*, most: int = 5_000) -> int:
    """Delete rows that are older than they are kept, unless a sum is still to be made of them; how many."""
    gone, now = 0, clock.now()
    for grain, kept in KEEP.items():
        until = now - kept
        if grain is not Grain.DAY:
            waiting = RollupDirty.objects.filter(grain="hour" if grain is Grain.MINUTE else "day").order_by("ts")
            oldest = waiting.values_list("ts", flat=True).first()
            until = min(until, oldest) if oldest is not None else until
        rows = grain.model._default_manager
        old = list(rows.filter(ts__lt=until).order_by("ts").values_list("pk", flat=True)[:most])
        if old:
            gone += rows.filter(pk__in=old).delete()[0]
    return gone


def _first_whole_day() -> datetime:
    days = settings.PLUMBLINE.run_retention_days
    if days:
        return Grain.DAY.floor(clock.now() - timedelta(days=days)) + Grain.DAY.value
    first = Run.objects.order_by("pk").values_list("created_at", flat=True).first()
    return Grain.DAY.floor(first or clock.now())


@contextmanager
def _alone() -> Iterator[datetime]:
    """Nothing is folded meanwhile; since when. A thread goes on saying so: this one's transaction would keep it to itself."""
    over = threading.Event()

    def still() -> None:
        while not over.wait(SAID_EVERY):
            try:
                _say()
            except DatabaseError:
                log.exception("rebuild.not_said")
                connection.close()
        connection.close()

    _say()
    with transaction.atomic():
        lead(waits=True)  # whoever has begun to fold is done
        left_at = EngineMark.objects.get(name="fold").at
    saying = threading.Thread(target=still, daemon=True)
    saying.start()
    try:
        yield left_at
    finally:
        over.set()
        saying.join()
        EngineMark.objects.filter(name="rebuild").delete()


def _lead_again(left_at: datetime) -> None:
    """Raises Conflict where somebody has folded since: what they counted was not in the snapshot, and would be cleared."""
    mark = EngineMark.objects.select_for_update().get(name="fold")
    if mark.at != left_at:
        raise Conflict("outcomes were counted while the rebuild was at work, and it would lose them; begin again")
    lead(waits=True)


def _say() -> None:
    EngineMark.objects.update_or_create(name="rebuild", defaults={"at": clock.now()})


@contextmanager
def _snapshot() -> Iterator[None]:
    """Reads see one moment; writers go on."""
    if connection.vendor == "postgresql" and not connection.in_atomic_block:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            _take_time()
            yield
        return
    if connection.in_atomic_block:
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")  # deferred: it never becomes a writer
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ROLLBACK")


def _take_time() -> None:
    """This transaction counts for minutes between two statements, and is not ended for it: no run waits for it."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")


def _clear(first: datetime) -> None:
    for grain in Grain:
        grain.model._default_manager.filter(ts__gte=first).delete()
    RollupDirty.objects.filter(ts__gte=first).delete()


def _moment_of(row: Row) -> int:
    at: int = {"s": row[4:5], "t": row[5:6], "r": row[3:4]}[row[0]][0]
    return at
