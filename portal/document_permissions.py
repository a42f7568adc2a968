"""Who may write a document, for web and API alike: the owning team, and every other team whose record it changes.

Owns that one question. Never writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from governance.models import Decision
from orchestration.models import Team
from portal.permissions import Actor, Verb, require_all


def require_decision_write(actor: Actor, owners: Iterable[Team], supersedes: Sequence[int]) -> None:
    """Maintain for the owners (the present and the next one) and for those of the decisions it would supersede."""
    require_all(actor, Verb.MAINTAIN, owners)
    wanted = [number for number in supersedes if 0 < number < 2**31]
    old = Decision.objects.filter(number__in=wanted, superseded_by=None).select_related("owner").defer("body")
    require_all(actor, Verb.MAINTAIN, (row.owner for row in old))
