"""Admission: whether a call to a dependency may be made now, and what it came to. Breaker, retry budget, bulkhead, rate.

The order outside in is fallback → retry → breaker → bulkhead → rate → timeout → call (3-engine.md); what was taken further
out is given back when something further in refuses. Steps without a dependency never come here. Owns that order and the
ticket. Never parks a step (engine/parked.py) and never chooses its fallback (engine/fallbacks.py).
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog
from django.db import DatabaseError, InterfaceError, connection

from orchestration import clock
from orchestration.engine import breakers, capacity
from orchestration.engine.capacity import Slot
from orchestration.engine.parked import release_next
from orchestration.engine.worker import with_each_beat
from orchestration.models import Parking
from orchestration.patience import outlast
from orchestration.policies.admission import retries_left
from orchestration.policies.breaker import COUNTING, PASSING, SLICE, Book, Counts, State
from orchestration.policies.faults import fault_of
from orchestration.selectors.guards import Guards, guards_of
from orchestration.steps.outcome import Call, Completed, Deferred, Failed, Outcome

log = structlog.get_logger(__name__)

Kind = Parking.Kind
#: Errors of calls that were never made: they say nothing about the dependency.
_NOT_CALLED = frozenset({"http.request", "http.refused", "python.unknown", "python.import", "python.transactional"})
#: Every call is made and none is counted: a past that is played again must not move the breakers of the present.
bypassed = False
#: Seconds after which a call that found no room asks again, where nothing says when there will be some.
_AGAIN = 1.0


#: What a call held that could not be given back while the database was away. Each may be done twice.
_owed: deque[tuple[str, Callable[[], object]]] = deque()


@dataclass(slots=True)
class Ticket:
    """What a call holds while it is made. `permit` of a half-open breaker, `slot` of a bulkhead."""

    name: str
    guards: Guards
    generation: int
    permit: int | None = None
    slot: Slot | None = None
    #: Its time was cut below the step's own limit: that it ran out says nothing about the dependency.
    cut: bool = False


def called(call: Call, kind: Callable[[Call], Outcome], *, own_limit: float) -> Outcome:
    """Make the call if the dependency takes it; else Deferred. `own_limit`: seconds it would have if nothing cut them."""
    assert call.dependency is not None
    if bypassed:
        return kind(call)
    name = call.dependency
    ticket = outlast(lambda: enter(name, call.attempt, call.limit))
    if isinstance(ticket, Deferred):
        return ticket
    ticket.cut = call.limit < own_limit
    began, outcome = time.monotonic(), None
    try:
        outcome = kind(call)
        return outcome
    finally:
        leave(ticket, outcome, time.monotonic() - began)


def enter(name: str, attempt: int, lasts: float) -> Ticket | Deferred:
    """Whether a call that may take `lasts` seconds may be made now. Whoever gets a ticket must leave."""
    guards = guards_of(name)
    ticket = _pass_breaker(name, guards, lasts)
    if isinstance(ticket, Deferred):
        return ticket
    is_retry = attempt > 1 and ticket.permit is None
    try:
        refused = (_has_retry(ticket) if is_retry else None) or _find_room(ticket, lasts)
        if refused is None and is_retry:  # at once, so that many retries at one moment see each other
            breakers.note(name, guards.breaker, ticket.generation, Counts(retries=1))
    except BaseException:  # whoever tries anew takes a permit and a slot anew
        _give_back(ticket)
        raise
    if refused is not None:
        _give_back(ticket)
        return refused
    return ticket


def leave(ticket: Ticket, outcome: Outcome | None, took: float) -> None:
    """Count what the call came to, and give back what it held. A database that is away loses a count, never the outcome."""
    result = _result(ticket, outcome, took)
    if ticket.permit is None and result is not None:
        _tried(ticket.name, lambda: breakers.note(ticket.name, ticket.guards.breaker, ticket.generation, result))
    _give_back(ticket, result)


def pay_back() -> None:
    """Give back what could not be given back before, while the database answers."""
    for _ in range(len(_owed)):
        name, act = _owed.popleft()
        if not _tried(name, act):
            _owed.append((name, act))
            return


# What is left over when no more calls come is written with the heartbeat; places that are owed come first.
with_each_beat(pay_back)
with_each_beat(lambda: breakers.flush_all(lambda name: guards_of(name).breaker))


def refuses(book: Book, now: float) -> bool:
    """Whether the breaker lets nothing pass at this moment, permits apart."""
    return book.state == State.FORCED_OPEN or (book.state == State.OPEN and book.retry_at > now)


def _pass_breaker(name: str, guards: Guards, lasts: float) -> Ticket | Deferred:
    book, now = breakers.look(name, guards.breaker), clock.now().timestamp()
    expired = book.until is not None and book.until <= now
    if refuses(book, now) and not expired:
        return _closed(name, book)
    if book.state in PASSING and not expired:
        return Ticket(name, guards, book.generation)
    book, permit = breakers.ask(name, guards.breaker, lasts)
    if permit is None and book.state not in PASSING:
        return _closed(name, book)
    return Ticket(name, guards, book.generation, permit)


def _closed(name: str, book: Book) -> Deferred:
    since = breakers.moment(book.since)
    told = f" since {since:%H:%M:%S} UTC" if since is not None else ""
    match book.state:
        case State.FORCED_OPEN:
            until = breakers.moment(book.until)
            return Deferred(name, Kind.BREAKER, f"the breaker of {name} is forced open{told}", until)
        case State.OPEN:
            until = breakers.moment(book.retry_at)
            return Deferred(name, Kind.BREAKER, f"the breaker of {name} is open{told}", until)
        case _:
            message = f"the breaker of {name} is half-open{told}, and its trial calls are under way"
            return Deferred(name, Kind.BREAKER, message, clock.now() + timedelta(seconds=_AGAIN))


def _has_retry(ticket: Ticket) -> Deferred | None:
    """Whether the dependency's retry budget has one left."""
    name, settings = ticket.name, ticket.guards.breaker
    book, now = breakers.look(name, settings), clock.now().timestamp()
    if book.state not in COUNTING:
        return None
    mine = breakers.pending(name)
    if retries_left(book.window(now) + mine, book.latest(now) + mine) < 1:
        breakers.flush(name, settings)  # the next one is judged by what the whole fleet knows
        message = f"the retry budget of {name} is spent, a fifth of its calls"
        return Deferred(name, Kind.RETRY_BUDGET, message, clock.now() + timedelta(seconds=SLICE))
    return None


def _find_room(ticket: Ticket, lasts: float) -> Deferred | None:
    name, guards = ticket.name, ticket.guards
    if guards.bulkhead is not None:
        ticket.slot = capacity.take_slot(name, guards.bulkhead, lasts)
        if ticket.slot is None:
            message = f"{guards.bulkhead} calls to {name} are under way, as many as its bulkhead allows"
            return Deferred(name, Kind.BULKHEAD, message, clock.now() + timedelta(seconds=_AGAIN))
    if guards.rate is not None:
        wait = capacity.take_call(name, guards.rate)
        if wait < 0:
            message = f"the rate limit of {name} is reached"
            return Deferred(name, Kind.RATE, message, clock.now() + timedelta(seconds=-wait))
        time.sleep(wait)
    return None


def _give_back(ticket: Ticket, result: Counts | None = None) -> None:
    """Permit and slot, each by itself; what the database does not take now is kept for later. `result`: of the permit."""
    for held, act in (
        (ticket.permit, lambda: _settle(ticket, result)),
        (ticket.slot, lambda: _free_slot(ticket)),
    ):
        if held is not None and not _tried(ticket.name, act):
            _owed.append((ticket.name, act))


def _tried(name: str, act: Callable[[], object]) -> bool:
    """Whether the database took it."""
    try:
        act()
    except (DatabaseError, InterfaceError) as error:
        log.warning("admission.not_written", dependency=name, error=str(error)[:200])
        connection.close()
        return False
    return True


def _settle(ticket: Ticket, result: Counts | None) -> None:
    assert ticket.permit is not None
    breakers.settle(ticket.name, ticket.guards.breaker, ticket.generation, ticket.permit, result)


def _free_slot(ticket: Ticket) -> None:
    """Whoever waits for a place gets it from here, not from the next round of the sweeper."""
    assert ticket.slot is not None
    capacity.free_slot(ticket.slot)
    release_next(ticket.name)


def _result(ticket: Ticket, outcome: Outcome | None, took: float) -> Counts | None:
    """What it says about the dependency; None: nothing. An answer that is no fault is a good one, whatever it says."""
    settings = ticket.guards.breaker
    slow = int(settings.slow_after is not None and took >= settings.slow_after)
    match outcome:
        case Completed():
            return Counts(1, 0, slow)
        case Failed():
            fault = fault_of(outcome.error_type)
            if outcome.error_type in _NOT_CALLED or (fault == "timeout" and ticket.cut):
                return None
            return Counts(1, int(bool(fault)), slow)
        case _:
            return None
