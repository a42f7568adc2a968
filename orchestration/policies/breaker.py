"""The circuit breaker of a dependency: six states, a window of counts, permits. Pure: time and chance are arguments.

Closed, it counts calls in a window of sixty seconds and opens when too many fail or are slow. Open, it lets nothing pass
until its time is over; half-open it gives out a fixed number of permits and is decided when the results of all of them are
in. The generation grows with every transition, and a report from an earlier one is refused. Owns these rules. Never reads
a clock or a database: engine/breakers.py keeps the book.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

SLICE = 6.0
SLICES = 10
#: Opening again and again waits twice as long each time, up to so many times as long: 30 s become 5 minutes.
LONGEST_OPEN = 10.0
#: A share by which the time open is longer or shorter, so that breakers that opened together don't try together.
JITTER = 0.2
#: Seconds after which a permit whose result never came is given out anew, unless its call may take longer.
PERMIT_LAPSES = 60.0


class State(StrEnum):
    """The last three are a person's word (disabled, metrics_only and forced_open)."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"
    FORCED_OPEN = "forced_open"
    DISABLED = "disabled"
    METRICS_ONLY = "metrics_only"


#: States that only a person brings about; each has an end.
FORCED = frozenset({State.FORCED_OPEN, State.DISABLED, State.METRICS_ONLY})
#: Let every call pass.
PASSING = frozenset({State.CLOSED, State.DISABLED, State.METRICS_ONLY})
#: Count what calls came to.
COUNTING = frozenset({State.CLOSED, State.METRICS_ONLY})


@dataclass(frozen=True, slots=True)
class Settings:
    """Rates in percent, durations in seconds. Without `slow_after` no call counts as slow."""

    failure_rate: float = 50.0
    slow_rate: float = 80.0
    slow_after: float | None = None
    minimum_calls: int = 20
    open_for: float = 30.0
    half_open_calls: int = 5


class Counts(NamedTuple):
    """What calls came to. A call that failed slowly is both."""

    calls: int = 0
    bad: int = 0
    slow: int = 0
    retries: int = 0

    def __add__(self, other: tuple[int, ...]) -> Counts:  # type: ignore[override]
        return Counts(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))


NOTHING = Counts()


class Move(NamedTuple):
    """A transition that happened, and why, with the figures that decided it."""

    source: State
    target: State
    why: str
    counts: Counts


@dataclass(slots=True)
class Book:
    """All that a breaker knows. Moments are seconds since the epoch; `moves` are those since it was opened for writing."""

    state: State = State.CLOSED
    generation: int = 0
    since: float = 0.0
    #: Number of the slice → its counts. Empty in every state that does not count.
    slices: dict[int, Counts] = field(default_factory=dict)
    #: How often in a row it opened; how long it stays open depends on it.
    opens: int = 0
    retry_at: float = 0.0
    #: Permits that are out: number → when it lapses.
    permits: dict[int, float] = field(default_factory=dict)
    given: int = 0
    trial: Counts = NOTHING
    #: When a forced state ends.
    until: float | None = None
    moves: list[Move] = field(default_factory=list)

    def window(self, now: float) -> Counts:
        """The counts of the last sixty seconds."""
        oldest = int(now // SLICE) - SLICES + 1
        return sum((counts for number, counts in self.slices.items() if number >= oldest), Counts())

    def latest(self, now: float) -> Counts:
        """The counts of the present slice."""
        return self.slices.get(int(now // SLICE), Counts())

    def free_permits(self, settings: Settings, now: float) -> int:
        """How many more calls may pass at this moment, half-open."""
        out = sum(lapses > now for lapses in self.permits.values())
        return max(settings.half_open_calls - self.trial.calls - out, 0)


def advance(book: Book, now: float) -> None:
    """What time alone brings about: the end of a forced state, and half-open once it was open for long enough."""
    if book.state in FORCED and book.until is not None and book.until <= now:
        _move(book, State.CLOSED, now, "the forced state expired")
    if book.state == State.OPEN and book.retry_at <= now:
        _move(book, State.HALF_OPEN, now, "it was open for long enough")


def permit(book: Book, settings: Settings, now: float, lasts: float = 0.0) -> int | None:
    """A permit for one call that may take `lasts` seconds, half-open; None when all are out."""
    if book.state != State.HALF_OPEN:
        return None
    book.permits = {number: lapses for number, lapses in book.permits.items() if lapses > now}
    if not book.free_permits(settings, now):
        return None
    book.given += 1
    book.permits[book.given] = now + max(PERMIT_LAPSES, lasts)
    return book.given


def give_back(book: Book, generation: int, number: int) -> bool:
    """The call was not made after all, or said nothing about the dependency. False: too late."""
    return generation == book.generation and book.permits.pop(number, None) is not None


def settle(
    book: Book, settings: Settings, now: float, *, generation: int, number: int, result: Counts, chance: float
) -> bool:
    """The result of a call with a permit. False: it comes too late, the permit was given out anew. `chance` in [0, 1)."""
    if not give_back(book, generation, number):
        return False
    book.trial += result
    if book.trial.calls >= settings.half_open_calls:
        reason = _too_bad(book.trial, settings)
        if reason:
            _open(book, settings, now, why=f"half-open, {reason}", counts=book.trial, chance=chance)
        else:
            _move(book, State.CLOSED, now, f"{book.trial.calls} trial calls went well", book.trial)
    return True


def count(book: Book, settings: Settings, now: float, *, generation: int, counts: Counts, chance: float) -> bool:
    """Count calls that passed without a permit; open if that is too bad. False: they are of an earlier generation."""
    if generation != book.generation:
        return False
    if book.state not in COUNTING:
        return True
    number = int(now // SLICE)
    book.slices = {old: one for old, one in book.slices.items() if old > number - SLICES}
    book.slices[number] = book.slices.get(number, Counts()) + counts
    window = book.window(now)
    if book.state == State.CLOSED and window.calls >= settings.minimum_calls:
        reason = _too_bad(window, settings)
        if reason:
            _open(book, settings, now, why=reason, counts=window, chance=chance)
    return True


def force(book: Book, state: State, now: float, until: float) -> None:
    """A person's word, until then."""
    if state not in FORCED:
        raise ValueError(f"{state} can't be forced")
    _move(book, state, now, "forced")
    book.until = until


def release(book: Book, now: float) -> None:
    """Take a forced state back: closed, counting from nothing."""
    _move(book, State.CLOSED, now, "released")


def _too_bad(counts: Counts, settings: Settings) -> str:
    """Why it should open, in words; empty when it should not. A rate of 0 % means the first failure, not none."""
    for number, rate, word in (
        (counts.bad, settings.failure_rate, "failed"),
        (counts.slow, settings.slow_rate, f"took longer than {settings.slow_after or 0:g} s"),
    ):
        if number and number * 100 >= rate * counts.calls:
            return f"{number} of {counts.calls} calls {word}"
    return ""


def _open(book: Book, settings: Settings, now: float, *, why: str, counts: Counts, chance: float) -> None:
    opens = book.opens + 1
    seconds = settings.open_for * min(2.0 ** min(opens - 1, 30), LONGEST_OPEN)
    _move(book, State.OPEN, now, why, counts)
    book.opens = opens
    book.retry_at = now + seconds * (1 - JITTER + 2 * JITTER * chance)


def _move(book: Book, target: State, now: float, why: str, counts: Counts = NOTHING) -> None:
    book.moves.append(Move(book.state, target, why, counts))
    if target != State.HALF_OPEN:  # half-open remembers how often in a row it was open
        book.opens = 0
    book.state, book.since, book.generation = target, now, book.generation + 1
    book.slices, book.permits, book.given, book.trial = {}, {}, 0, Counts()
    book.retry_at, book.until = 0.0, None
