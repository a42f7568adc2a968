"""What happened at the gate is told: to the audit log, and to the teams' webhooks. Owns the words of the events.

Never decides anything, and never sends by itself: the outbox does, after the commit.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from governance.models import Change, ContractVersion, ReviewRequest


def tell(change: Change, event: str, actor: Any, reason: str, **more: Any) -> None:
    """Record an event of a change. `more`: what else is worth keeping, as JSON."""


def remind(change: Change, request: ReviewRequest) -> None:
    """Tell a team that it was asked and has said nothing."""


def tell_near(version: ContractVersion, distance: timedelta) -> None:
    """Tell those who still use a version that its sunset comes near; once for each distance."""


def tell_version(event: str, version: Any, actor: Any, reason: str) -> None:
    """Record what became of a version of a contract or a workflow, for its owner and everybody who uses it."""
