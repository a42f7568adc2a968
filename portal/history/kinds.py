"""What a kind of governed object says of itself to the history: its fields, its page, who may read it, how it is restored.

Owns that description, and the rules of reading. Documents (decisions, runbooks, postmortems, patterns) have history pages of
their own. A field that is not listed is never shown, so no password or hash of a token can be.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from django.db import models
from django.urls import reverse

from orchestration.errors import Forbidden, NotFound
from portal.permissions import Actor, Verb

#: Who may read the history of an object: raises Forbidden or NotFound. It is given the object, or what is left of one.
Reader = Callable[[Actor, Any], None]


class Restorer(Protocol):
    """How an earlier revision is written again: by the service that an edit by hand goes through."""

    def allow(self, actor: Actor, current: Any) -> None:
        """Raises Forbidden unless they may edit the object as it is now."""
        ...

    def write(self, actor: Actor, current: Any, wanted: Any, reason: str) -> None:
        """Write what the historical row `wanted` says. Runs in the transaction that compared the two; raises as the service."""
        ...


def everyone(actor: Actor, row: Any) -> None:
    """Who is signed in reads it: so it is on its page and in the audit log."""


def admins(actor: Actor, row: Any) -> None:
    """As its page is theirs."""
    actor.require(Verb.ADMINISTER)


def of_person(column: str) -> Reader:
    """The person themselves, and admins."""

    def read(actor: Actor, row: Any) -> None:
        if getattr(row, column) != actor.user.pk:
            actor.require(Verb.ADMINISTER)

    return read


def of_person_alone(column: str, shared: str = "") -> Reader:
    """The person alone: for others there is no such thing. Unless `shared` names a team, which makes it everyone's."""

    def read(actor: Actor, row: Any) -> None:
        if getattr(row, column) != actor.user.pk and not (shared and getattr(row, shared) is not None):
            raise NotFound("you have no such thing; it may be somebody else's own")

    return read


def of_team(column: str) -> Reader:
    """Who holds a role in the team, and admins: a team says where its webhooks go and whom to wake.

    A token for one team reads of that team alone, as it lists webhook deliveries.
    """

    def read(actor: Actor, row: Any) -> None:
        team = getattr(row, column)
        bound = actor.token.team_id if actor.token is not None else None
        if bound not in (None, team):
            raise Forbidden("this token is for one team, and this is another's; use one for that team, or for all")
        if team not in actor.roles():
            actor.require(Verb.ADMINISTER, bound)

    return read


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind. `key` is the column that its addresses name. `aside`: fields that are told of and that a restore leaves alone.
    `fixed` says why nothing is restored where `restorer` is None."""

    slug: str
    model: Any
    fields: tuple[str, ...]
    page: Callable[[Any], str]
    within: tuple[str, str]
    key: str = "pk"
    read: Reader = everyone
    restorer: Restorer | None = None
    aside: tuple[str, ...] = ()
    fixed: str = ""

    @property
    def noun(self) -> str:
        """As the audit log calls it."""
        return str(self.model._meta.verbose_name)

    @property
    def column(self) -> str:
        """The primary key's column, which historical rows have too."""
        return str(self.model._meta.pk.attname)

    @property
    def related(self) -> list[str]:
        """The fields that lead to other objects: read along with each row."""
        return [name for name in self.fields if isinstance(self.model._meta.get_field(name), models.ForeignKey)]

    def key_of(self, row: Any) -> str:
        """What its address names."""
        return str(getattr(row, self.column if self.key == "pk" else self.key))

    def url(self, row: Any) -> str:
        """Its history."""
        return reverse("history", args=[self.slug, self.key_of(row)])
