"""Runs that events start. Owns the question which."""

from __future__ import annotations

from orchestration.models import Event, Run


def fire(event: Event) -> list[Run]:
    """Start what waits for an event of this type; the runs."""
    return []
