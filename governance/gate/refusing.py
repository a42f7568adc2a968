"""The refusals that every act at the gate shares: a change that is past it, that reads differently by now, that asks others.

Owns their words. Who may act is standing.py's, what an act comes to settling.py's.
"""

from __future__ import annotations

from governance.models import Change
from orchestration.errors import Conflict, InvalidInput
from orchestration.models import Team


def not_now(change: Change, consequence: str) -> Conflict:
    """The state that it is in, and what follows: `change 7 is applied; it takes no reviews`."""
    return Conflict(f"change {change.pk} is {change.get_state_display().lower()}; {consequence}")


def require_seen(change: Change, seen: str) -> None:
    """Raise Conflict unless `seen`, the hash of what the person read, is that of what it says now."""
    if seen != change.content_hash:
        raise Conflict(f"change {change.pk} was edited, or its verdict changed, since you read it; read it again")


def require_asked(change: Change, team: Team) -> None:
    """Raise InvalidInput unless the team is asked."""
    if not change.requests.filter(team=team).exists():
        raise InvalidInput(f"team {team.name} is not asked about change {change.pk}")
