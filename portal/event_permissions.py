"""Who may send events, and who may see what an event carries: asked alike by pages and API.

Events belong to the installation, not to a team: who may operate for any team may send one. What it carries is for those who
see the payloads of a run that had it. Owns those questions. Never writes.
"""

from __future__ import annotations

from orchestration.models import Event
from orchestration.selectors.events import Story
from portal.permissions import Actor, Verb


def may_send(actor: Actor) -> bool:
    """Whether they may send events: operators of any team."""
    return actor.may(Verb.OPERATE) or bool(actor.teams_with(Verb.OPERATE))


def require_send(actor: Actor) -> None:
    """Raise Forbidden unless they may."""
    if not may_send(actor):
        actor.require(Verb.OPERATE)


def may_see(actor: Actor, event: Event, story: Story) -> bool:
    """Whether they may see its data: of a run that it concerned or a trigger that held for it, or because they sent it."""
    teams = {run.team_id for run in story.runs} | {firing.trigger.owner_id for firing in story.firings}
    if actor.may(Verb.SEE_PAYLOADS) or any(actor.may(Verb.SEE_PAYLOADS, team) for team in teams):
        return True
    return event.actor_id is not None and event.actor_id == actor.user.pk and actor.token is None
