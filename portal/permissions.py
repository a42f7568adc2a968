"""Who may do what: the one table of verbs by role, for web and API alike.

A role is held in a team. A token carries a subset of its owner's verbs, perhaps for one team, and can never review.
Owns the table and the question `may`. Never reads a request: callers pass the actor.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from orchestration.errors import Forbidden
from orchestration.models import Membership, Role, Team
from portal.models import Token, User


class Verb(StrEnum):
    """What can be permitted. Reading names, states and charts needs only a sign-in."""

    OPERATE = "operate"
    SEE_PAYLOADS = "see-payloads"
    MAINTAIN = "maintain"
    SWITCH = "switch"
    REVIEW = "review"
    ADMINISTER = "administer"


WORDS = {
    Verb.OPERATE: "start, cancel and retry runs",
    Verb.SEE_PAYLOADS: "see payloads",
    Verb.MAINTAIN: "apply manifests and edit documents",
    Verb.SWITCH: "force breakers and switch flags",
    Verb.REVIEW: "review changes",
    Verb.ADMINISTER: "administer users and teams",
}
ROLE_VERBS: dict[str, frozenset[Verb]] = {
    Role.VIEWER: frozenset(),
    Role.OPERATOR: frozenset({Verb.OPERATE, Verb.SEE_PAYLOADS, Verb.SWITCH}),
    Role.MAINTAINER: frozenset({Verb.OPERATE, Verb.SEE_PAYLOADS, Verb.SWITCH, Verb.MAINTAIN}),
    Role.APPROVER: frozenset({Verb.SEE_PAYLOADS, Verb.REVIEW}),
}
#: For every team. Reviewing is not among them: an admin who reviews needs the role.
ADMIN_VERBS = frozenset(Verb) - {Verb.REVIEW}
#: What a token may carry.
TOKEN_VERBS = frozenset(Verb) - {Verb.REVIEW}


@dataclass(slots=True)
class Actor:
    """A signed-in person, or a token acting for one. Memberships are read once."""

    user: User
    token: Token | None = None
    _roles: dict[int, set[str]] | None = field(default=None, repr=False)

    def roles(self) -> dict[int, set[str]]:
        """Team id → roles."""
        if self._roles is None:
            self._roles = {}
            for team_id, role in Membership.objects.filter(user=self.user).values_list("team_id", "role"):
                self._roles.setdefault(team_id, set()).add(role)
        return self._roles

    def may(self, verb: Verb, team: Team | int | None = None) -> bool:
        """Whether the verb is permitted for the team (None: for the installation)."""
        if not self.user.is_active or (self.token is not None and not self.token.is_live):
            return False
        team_id = team.pk if isinstance(team, Team) else team
        if self.token is not None:
            if verb not in TOKEN_VERBS or verb not in self.token.verbs:
                return False
            if self.token.team_id is not None and self.token.team_id != team_id:
                return False
        if self.user.is_admin and verb in ADMIN_VERBS:
            return True
        if team_id is None:
            return False
        return any(verb in ROLE_VERBS[role] for role in self.roles().get(team_id, ()))

    def require(self, verb: Verb, team: Team | int | None = None) -> None:
        """Raise Forbidden, which names what is missing and who can give it, unless permitted."""
        if self.may(verb, team):
            return
        name = team.name if isinstance(team, Team) else ""
        where = f" for team {name}" if name else ""
        who = f"token {self.token.name!r}" if self.token is not None else self.user.get_username()
        raise Forbidden(f"{who} may not {WORDS[verb]}{where}; an admin can grant the role")

    def may_somewhere(self, verb: Verb) -> bool:
        """Whether the verb is permitted for any team at all."""
        return self.may(verb) or any(self.may(verb, team_id) for team_id in self.roles())

    def teams_with(self, verb: Verb) -> list[Team]:
        """The teams for which the verb is permitted."""
        return [team for team in Team.objects.all() if self.may(verb, team)]


def require_all(actor: Actor, verb: Verb, teams: Iterable[Team]) -> None:
    """Require the verb for each of the teams."""
    for team in teams:
        actor.require(verb, team)
