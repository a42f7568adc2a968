"""Forcing a breaker and letting it go again: a person's word, with a reason and an end, in history and audit log.

Owns what may be forced and for how long. Never decides who may: portal does; nor whether others are asked first: governance's
gate does.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from orchestration import clock
from orchestration.engine import breakers
from orchestration.engine.breakers import Word
from orchestration.errors import Conflict, InvalidInput
from orchestration.hooks import hooks
from orchestration.models import Breaker
from orchestration.policies import breaker as rules
from orchestration.policies.breaker import FORCED, Book, State
from orchestration.selectors.workflows import find_dependency
from orchestration.services.governed import hold, require_reason

#: Nobody remembers a breaker for longer.
LONGEST = timedelta(days=7)
KIND = "breaker"


def force(*, name: str, state: str, reason: str, expires_at: datetime, actor: Any) -> Breaker:
    """Hold the breaker in forced_open, disabled or metrics_only until then. Raises NotFound, InvalidInput."""
    find_dependency(name)
    reason, wanted = require_reason(reason), check(state, expires_at)
    return _write(name, Word(actor, reason, expires_at), "forced", lambda book, now: rules.force(
        book, wanted, now, expires_at.timestamp()
    ))  # fmt: skip


def release(*, name: str, reason: str, actor: Any) -> Breaker:
    """Let it decide by itself again: closed, counting from nothing. Raises NotFound, InvalidInput, Conflict when not forced."""
    find_dependency(name)

    def act(book: Book, now: float) -> None:
        if book.state not in FORCED:
            raise Conflict(
                f"the breaker of {name} is {book.state.replace('_', '-')}, not forced; there is nothing to release"
            )
        rules.release(book, now)

    return _write(name, Word(actor, require_reason(reason)), "released", act)


def check(state: str, expires_at: datetime) -> State:
    """The state, where it may be forced until then. Raises InvalidInput."""
    if state not in set(FORCED):
        raise InvalidInput(f"state {state[:40]!r} can't be forced; use one of {', '.join(sorted(FORCED))}")
    now = clock.now()
    if expires_at <= now:
        raise InvalidInput("expires_at is past; choose a later time")
    if expires_at > now + LONGEST:
        raise InvalidInput(
            f"expires_at is more than {LONGEST.days} days from now; choose an earlier time, and force it again"
        )
    return State(state)


def _write(name: str, word: Word, action: str, act: Any) -> Breaker:
    with transaction.atomic():
        hold()
        before = _fields(Breaker.objects.filter(name=name).first())
        breakers.change(name, act, word)
        row = Breaker.objects.get(name=name)
        hooks.audit.record(
            action=action, kind=KIND, name=name, actor=word.actor, reason=word.reason, before=before, after=_fields(row)
        )
    return row


def _fields(row: Breaker | None) -> dict[str, Any]:
    until = row.forced_until if row is not None else None
    return {"state": str(row.state) if row is not None else "closed", "until": until.isoformat() if until else None}
