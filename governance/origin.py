"""By which way the present work came in: a person's browser, a token, or the system itself. For the audit log to tell.

Owns that one context variable. Never decides who somebody is or what they may: portal does, and says it here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

SYSTEM, PERSON = "system", "person"

_via: ContextVar[str] = ContextVar("via", default=SYSTEM)


def via() -> str:
    """`person`, `token <name>` or `system`; behind it, after a comma, the bulk change that it belongs to."""
    return _via.get()


def came_by_token(name: str) -> None:
    """From here to the end of the request it is this token that acts.

    A comma parts the way from its bulk change, so none comes from a name: a token `x, bulk 1` would pass for a part of it.
    """
    _via.set(f"token {name.replace(',', ';')}")


@contextmanager
def coming_by(way: str) -> Iterator[None]:
    """What is done meanwhile came in this way, unless a token says otherwise."""
    before = _via.set(way)
    try:
        yield
    finally:
        _via.reset(before)
