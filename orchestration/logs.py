"""What a log line says of the step that its thread is at work on.

Owns the binding. Bound as one object and read only when something is logged: most steps log nothing.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Protocol

from structlog.typing import EventDict


class Bindable(Protocol):
    """Something at work that can say what a log should know of it."""

    def bound(self) -> dict[str, object]:
        """The keys for a log line."""
        ...


at_work: ContextVar[Bindable | None] = ContextVar("at_work", default=None)


def merge(logger: object, method: str, event: EventDict) -> EventDict:
    """A structlog processor: adds the step at work."""
    held = at_work.get()
    return {**held.bound(), **event} if held is not None else event
