"""Who may apply a batch of manifests, for the API and the page alike.

Maintainer of every owner involved, before and after; teams and shared policies are an admin's. Owns that one rule.
Never applies anything.
"""

from __future__ import annotations

from collections.abc import Sequence

from orchestration.services.manifests import Change, owner_teams
from portal.permissions import Actor, Verb, require_all


def require_appliable(actor: Actor, changes: Sequence[Change]) -> None:
    """Raise Forbidden unless the actor may apply all of them. Asked inside the transaction that applies them."""
    teams, needs_admin = owner_teams(changes)
    if needs_admin:
        actor.require(Verb.ADMINISTER)
    require_all(actor, Verb.MAINTAIN, teams)
