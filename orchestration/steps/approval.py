"""The approval step: asks a team and waits for its word. Never tells anybody: the engine has that done, with the record."""

from __future__ import annotations

from datetime import timedelta

from orchestration.models import Team
from orchestration.patience import outlast
from orchestration.steps.outcome import AskTeam, Call, Failed, Outcome


def run(call: Call) -> Outcome:
    """Ask; a team that is gone since the manifest was applied can't answer."""
    team, timeout = call.body["team"], call.body["timeout"]
    if not outlast(Team.objects.filter(name=team).exists):
        return Failed("approval.team", f"there is no team {team!r} to ask", retryable=False)
    until = call.now + timedelta(seconds=timeout) if timeout is not None else None
    return AskTeam(team, until, call.body["on_timeout"])
