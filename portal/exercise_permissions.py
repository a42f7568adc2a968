"""Who may work at an exercise, and who may run an action of it: asked alike by pages and API.

Operators of the runbook's team, and those of the team whom its alert is for. An action asks besides what it would ask by hand.
Owns those questions. Never writes.
"""

from __future__ import annotations

from django.db.models import Q

from governance.models import Exercise, Runbook
from governance.playbooks.play import Parameters, Play
from orchestration.errors import InvalidInput, PlumblineError, Violation
from orchestration.models import Alert, Role, Team
from portal.models import User
from portal.permissions import Actor, Verb

NEEDS = {"operate": Verb.OPERATE, "switch": Verb.SWITCH, "maintain": Verb.MAINTAIN}
MOST_TAKERS = 200


def may_start(actor: Actor, runbook: Runbook, alert: Alert | None = None) -> bool:
    """Whether they may begin one, or go on with it."""
    return any(actor.may(Verb.OPERATE, team) for team in _teams(runbook, alert))


def require_start(actor: Actor, runbook: Runbook, alert: Alert | None = None) -> None:
    """Raise Forbidden unless they may."""
    if not may_start(actor, runbook, alert):
        actor.require(Verb.OPERATE, runbook.owner)


def may_work(actor: Actor, exercise: Exercise) -> bool:
    """Whether they may tick its steps, hand it over and end it."""
    return may_start(actor, exercise.runbook, exercise.alert)


def require_work(actor: Actor, exercise: Exercise) -> None:
    """Raise Forbidden unless they may."""
    require_start(actor, exercise.runbook, exercise.alert)


def may_act(actor: Actor, play: Play, parameters: Parameters) -> bool:
    """Whether they may do by hand what the action does."""
    try:
        return actor.may(NEEDS[play.need], play.team(parameters))
    except PlumblineError:
        return False


def require_act(actor: Actor, play: Play, parameters: Parameters) -> None:
    """Raise Forbidden unless they may, NotFound for a thing that is not there."""
    actor.require(NEEDS[play.need], play.team(parameters))


def takers(exercise: Exercise) -> list[User]:
    """To whom it can be handed over, by name."""
    teams = [team.pk for team in _teams(exercise.runbook, exercise.alert)]
    roles = [Role.OPERATOR, Role.MAINTAINER]
    allowed = Q(memberships__team__in=teams, memberships__role__in=roles) | Q(is_superuser=True)
    found = User.objects.filter(allowed, is_active=True).exclude(pk=exercise.holder_id or 0).distinct()
    return list(found.order_by("username")[:MOST_TAKERS])


def taker(exercise: Exercise, name: str) -> User:
    """The one of that name, who may go on with it. Raises InvalidInput, which names some who may."""
    plain = "\x00" not in name and not any("\ud800" <= char <= "\udfff" for char in name)
    found = User.objects.filter(username=name, is_active=True).first() if plain else None
    if found is not None and may_work(Actor(found), exercise):
        return found
    who = ", ".join(one.username for one in takers(exercise)[:10])
    shown = name[:80]
    text = (
        f"{shown!r} can't go on with it; choose one of {who}"
        if who
        else f"{shown!r} can't go on with it, nor can anybody else"
    )
    raise InvalidInput(text, [Violation("/to", text)])


def _teams(runbook: Runbook, alert: Alert | None) -> list[Team]:
    return [runbook.owner, *([alert.team] if alert is not None else [])]
