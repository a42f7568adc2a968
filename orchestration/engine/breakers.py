"""The fleet's breakers as this process sees them: one row each in the database, read often, written seldom.

While closed, the state is remembered for a fraction of a second and outcomes are gathered here and written together, so
that a healthy dependency costs next to nothing. Permits and whatever else decides is done under the row's lock, in a short
transaction of its own: never call this inside one that holds a run. Owns the row and its history. Never decides a
transition (policies/breaker.py) and never calls a dependency.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import structlog
from django.db import connection, transaction

from orchestration import clock
from orchestration.models import Breaker, BreakerTransition
from orchestration.policies import breaker as rules
from orchestration.policies.breaker import NOTHING, Book, Counts, Move, Settings, State
from orchestration.telemetry import tracing

log = structlog.get_logger(__name__)

#: Seconds for which a state that was read is taken for the present one: shorter than any breaker may stay open.
FRESH = 0.25
#: Outcomes are written at most so often: failures soon, since they may open it; successes alone can wait.
FLUSH_BAD, FLUSH_GOOD = 0.2, 1.0

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Word:
    """A person's word: a forced state, or its end."""

    actor: Any
    reason: str
    expires_at: datetime | None = None


@dataclass(slots=True)
class _Seen:
    """A book as it was read, and when, in monotonic seconds."""

    at: float
    book: Book


@dataclass(slots=True)
class _Gathered:
    """Outcomes that are not written yet, of one generation."""

    generation: int = 0
    counts: Counts = NOTHING
    flushed: float = 0.0


_lock = threading.Lock()
_seen: dict[str, _Seen] = {}
_gathered: dict[str, _Gathered] = {}
_turns: dict[str, threading.Lock] = {}


def look(name: str, settings: Settings) -> Book:
    """The breaker as it was a moment ago; to be read only."""
    known, now = _seen.get(name), time.monotonic()
    if known is None or now - known.at > min(FRESH, settings.open_for / 4):
        if known is not None:
            known.at = now  # while this thread asks, the others go by what is known instead of asking the same
        row = Breaker.objects.filter(name=name).first()
        known = _seen[name] = _Seen(now, book_of(row) if row is not None else Book())
    return known.book


def pending(name: str) -> Counts:
    """What this process has counted and not yet written."""
    found = _gathered.get(name)
    return found.counts if found is not None else Counts()


def note(name: str, settings: Settings, generation: int, counts: Counts) -> None:
    """Count the outcome of a call that passed without a permit, or a retry that begins."""
    with _lock:
        mine = _gathered.setdefault(name, _Gathered(generation))
        if generation < mine.generation:
            return  # late: it would be refused
        if generation > mine.generation:
            mine.generation, mine.counts = generation, Counts()
        mine.counts += counts
        due = time.monotonic() - mine.flushed >= (FLUSH_BAD if any(mine.counts[1:]) else FLUSH_GOOD)
    if due:
        flush(name, settings)


def flush(name: str, settings: Settings) -> None:
    """Write what this process has counted."""
    with _lock:
        mine = _gathered.get(name)
        if mine is None or not any(mine.counts):
            return
        counts, generation = mine.counts, mine.generation
        mine.counts, mine.flushed = Counts(), time.monotonic()
    change(
        name,
        lambda book, now: rules.count(
            book,
            settings,
            now,
            generation=generation,
            counts=counts,
            chance=random.random(),  # noqa: S311 - jitter
        ),
    )


def flush_all(settings_of: Callable[[str], Settings]) -> None:
    """Write whatever is left over: the worker's heartbeat does so."""
    for name in list(_gathered):
        flush(name, settings_of(name))


def ask(name: str, settings: Settings, lasts: float) -> tuple[Book, int | None]:
    """The breaker as it is now and, half-open, a permit for a call that may take `lasts` seconds."""
    return change(name, lambda book, now: (book, rules.permit(book, settings, now, lasts)))


def settle(name: str, settings: Settings, generation: int, permit: int, result: Counts | None) -> bool:
    """What a call with a permit came to; None: it was not made, or said nothing. False: it comes too late."""

    def act(book: Book, now: float) -> bool:
        if result is None:
            return rules.give_back(book, generation, permit)
        return rules.settle(
            book,
            settings,
            now,
            generation=generation,
            number=permit,
            result=result,
            chance=random.random(),  # noqa: S311
        )

    return change(name, act)


def change(name: str, act: Callable[[Book, float], Answer], word: Word | None = None) -> Answer:
    """Let `act` change the book under the row's lock, time's own moves done first; write it and its moves down.

    `word`: whose it is; it goes into the history and, with a forced state, into the row.
    """
    with _turn(name), transaction.atomic():
        row = Breaker.objects.select_for_update().filter(name=name).first()
        if row is None:
            Breaker.objects.get_or_create(name=name)
            row = Breaker.objects.select_for_update().get(name=name)
        book, at = book_of(row), clock.now()
        now = at.timestamp()
        rules.advance(book, now)
        due = len(book.moves)
        answer = act(book, now)
        if word is not None:
            row.forced_by, row.forced_reason = word.actor, word.reason
            row.save(update_fields=["forced_by", "forced_reason"])
        _write(row, book)
        _record(name, book.moves[:due], at)
        _record(name, book.moves[due:], at, word)
        book.moves.clear()
    _seen[name] = _Seen(time.monotonic(), book)
    return answer


def _turn(name: str) -> AbstractContextManager[object]:
    """One thread of this process at a time waits for a breaker's row, so that the others need no connection meanwhile.

    Whoever is inside a transaction may hold the row already and must not wait for a thread that waits for it.
    """
    return nullcontext() if connection.in_atomic_block else _turns.setdefault(name, threading.Lock())


def let_go(name: str, how_many: Callable[[Book, int, float | None], int]) -> int | None:
    """How many parked steps to let go now, decided under the row's lock and noted in it. None: there is no breaker.

    `how_many` is told how many were let go last in this state, and how many seconds ago; 0 and None: none yet.
    """
    with transaction.atomic():
        row = Breaker.objects.select_for_update().filter(name=name).first()
        if row is None:
            return None
        book, at = book_of(row), clock.now()
        rules.advance(book, at.timestamp())
        if book.moves:
            _write(row, book)
            _record(name, book.moves, at)
        ago = (at - row.released_at).total_seconds() if row.released_at is not None else None
        ago = None if ago is not None and ago < 0 else ago  # the clock was set back since
        count = how_many(book, row.released, ago)
        if count:
            row.released, row.released_at = count, at
            row.save(update_fields=["released", "released_at"])
        return count


def forget() -> None:
    """Read everything anew and drop what is not written: for tests, and after a change of database."""
    with _lock:
        _seen.clear()
        _gathered.clear()


def book_of(row: Breaker) -> Book:
    """The row as the rules know it, time's own moves not yet done."""
    kept: dict[str, Any] = row.window
    return Book(
        State(row.state), row.generation, _seconds(row.since) or 0.0,
        {int(number): Counts(*counts) for number, counts in kept.get("slices", {}).items()},
        kept.get("opens", 0), _seconds(row.retry_at) or 0.0,
        {int(number): lapses for number, lapses in kept.get("permits", {}).items()},
        kept.get("given", 0), Counts(*kept.get("trial", ())), _seconds(row.forced_until),
    )  # fmt: skip


def moment(seconds: float | None) -> datetime | None:
    """As a column holds it; 0 is never."""
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


def _write(row: Breaker, book: Book) -> None:
    row.window = {
        "slices": {str(number): list(counts) for number, counts in book.slices.items()}, "opens": book.opens,
        "permits": {str(number): lapses for number, lapses in book.permits.items()}, "given": book.given,
        "trial": list(book.trial),
    }  # fmt: skip
    columns = ["window"]
    if book.moves:
        row.state, row.generation, row.since = book.state, book.generation, moment(book.since)
        row.retry_at, row.forced_until = moment(book.retry_at), moment(book.until)
        row.released_at, row.released = None, 0
        columns += ["state", "generation", "since", "retry_at", "forced_until", "released_at", "released"]
        if book.state not in rules.FORCED:
            row.forced_by_id, row.forced_reason = None, ""
            columns += ["forced_by", "forced_reason"]
    row.save(update_fields=columns)


def _record(name: str, moves: list[Move], at: datetime, word: Word | None = None) -> None:
    actor, reason, expires_at = (word.actor, word.reason, word.expires_at) if word is not None else (None, "", None)
    for move in moves:
        BreakerTransition.objects.create(
            name=name, at=at, source=move.source, target=move.target, why=move.why[:200],
            figures=move.counts._asdict(), actor=actor, reason=reason, expires_at=expires_at,
        )  # fmt: skip
        log.warning("breaker.transition", dependency=name, source=move.source, target=move.target, why=move.why)
        tracing.note("breaker.transition", dependency=name, source=move.source, target=move.target, why=move.why)


def _seconds(at: datetime | None) -> float | None:
    return at.timestamp() if at is not None else None
