"""Delegations: an approver lets another person vote in their place, for one team and a time. Owns making and ending them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from governance.models import Delegation
from orchestration import clock
from orchestration.errors import Conflict, Forbidden, InvalidInput
from orchestration.models import Membership, Role, Team
from orchestration.services.governed import hold, require_reason, save

LONGEST = timedelta(days=90)


def delegate(
    *, team: Team, giver: Any, taker: Any, reason: str, ends_at: datetime, starts_at: datetime | None = None
) -> Delegation:
    """From now, or from `starts_at`, until `ends_at`. Raises Forbidden for one who is no approver, InvalidInput."""
    reason = require_reason(reason)
    begins = max(starts_at or clock.now(), clock.now())
    if not begins < ends_at <= begins + LONGEST:
        raise InvalidInput(f"a delegation ends after it begins, and within {LONGEST.days} days; choose another end")
    if giver.pk == taker.pk:
        raise InvalidInput("a delegation is to another person")
    if not taker.is_active:
        raise InvalidInput(f"{taker} can't sign in any more; choose another person")
    if not Membership.objects.filter(user=giver, team=team, role=Role.APPROVER).exists():
        raise Forbidden(f"{giver} is no approver of team {team.name}: only an approver's vote can be delegated")
    made = Delegation(team=team, giver=giver, taker=taker, reason=reason, starts_at=begins, ends_at=ends_at)
    save(made, actor=giver, reason=reason)
    return made


def given_by(person: Any) -> list[Delegation]:
    """Those of this person that have not ended, the next to end first."""
    rows = Delegation.objects.filter(giver=person, ends_at__gt=clock.now()).select_related("team", "taker")
    return list(rows.order_by("ends_at"))


def end_delegation(*, delegation: Delegation, person: Any, reason: str) -> None:
    """End it now; votes given by then stay. Raises Conflict for one that has ended."""
    reason = require_reason(reason)
    with transaction.atomic():
        hold()
        held = Delegation.objects.select_for_update().get(pk=delegation.pk)
        if held.ends_at <= clock.now():
            raise Conflict("the delegation has ended already")
        held.ends_at = clock.now()
        save(held, actor=person, reason=reason)
