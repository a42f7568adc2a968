"""The one question that alerts ask of breakers. Owns which states hold calls back; never changes one."""

from __future__ import annotations

from orchestration import clock
from orchestration.models import Breaker
from orchestration.policies.breaker import State
from orchestration.selectors.breakers import state_of

#: Half-open too: a few calls are let through to try, and a page between two openings would tell what is known.
_HELD = (State.OPEN, State.HALF_OPEN, State.FORCED_OPEN)


def breaker_is_open(dependency: str) -> bool:
    """Whether calls to the dependency are held back now, so that what fails for want of it is known already."""
    row = Breaker.objects.filter(name=dependency).first()
    return row is not None and state_of(row, clock.now()) in _HELD
