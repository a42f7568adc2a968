"""What falls due by the clock: expiry, scheduled changes, reminders, broken glass that nobody reviewed, sunsets that come near.

Each row is taken under its lock and looked at again, so a doubled round does nothing twice. Owns the periods. Never decides what
a change comes to: settling.py does.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import QuerySet

from governance.gate import glass, settling, telling
from governance.gate.opening import WAITING
from governance.gate.requirements import rules_for
from governance.gate.waiving import waived_teams
from governance.models import BrokenGlass, Change, ContractVersion, ReviewRequest
from governance.selectors.reviews import approvals
from orchestration import clock
from orchestration.errors import PlumblineError
from orchestration.services.governed import hold

#: Before a sunset, those who still use the version are told, at each of these.
SUNSET_NEAR = (timedelta(days=14), timedelta(days=3))
log = structlog.get_logger(__name__)


def tend() -> None:
    """One round."""
    now = clock.now()
    waiting = Change.objects.filter(state__in=WAITING)
    _each(waiting.filter(expires_at__lte=now), settling.locked)  # it notices by itself
    _each(waiting.filter(state=Change.State.SCHEDULED, apply_at__lte=now), _apply)
    _each(BrokenGlass.objects.filter(state=BrokenGlass.State.BROKEN, expires_at__lte=now), _lapse)


def remind() -> None:
    """The slower round: whoever has said nothing is told again, and whoever still uses what will go."""
    now = clock.now()
    _each(Change.objects.filter(state=Change.State.OPEN), _remind)
    near = ContractVersion.objects.filter(state=ContractVersion.State.DEPRECATED, sunset_at__lte=now + max(SUNSET_NEAR))
    _each(near.filter(sunset_at__gt=now), _warn)


def _each(rows: QuerySet[Any], act: Callable[[Any], object]) -> None:
    """Each in a transaction of its own: one that fails keeps no other from its turn."""
    for row in rows.order_by("pk"):
        try:
            with transaction.atomic():
                hold()
                act(row)
        except PlumblineError as error:
            log.warning("gate.round", row=str(row), error=str(error))
        except Exception:  # a fault of ours, or of the database
            log.exception("gate.round_failed", row=str(row))


def _apply(change: Change) -> None:
    current = settling.locked(change)
    if current.state != Change.State.SCHEDULED or current.apply_at is None or current.apply_at > clock.now():
        return
    try:
        with transaction.atomic():  # what it began is not kept where it can't be ended
            settling.do(current, None, "its time had come")
    except PlumblineError as error:  # it can't be done any more: that is for people to see
        settling.end(current, Change.State.REJECTED, None, f"at its time it could not be done: {error}"[:2_000])


def _lapse(row: BrokenGlass) -> None:
    held = BrokenGlass.objects.select_for_update(of=("self",)).select_related("change", "follow_up").get(pk=row.pk)
    if held.state == BrokenGlass.State.BROKEN:
        glass.lapse(held)
    if held.follow_up is not None and held.follow_up.state in WAITING:
        settling.end(held.follow_up, Change.State.EXPIRED, None, "nobody completed the review in time")


def _remind(change: Change) -> None:
    """Teams whose approvals are missing are told again, each time after as long."""
    every = rules_for(change.kind, change.name, change.owner.name).remind
    now = clock.now()
    given, waived = approvals(change), waived_teams(change)
    answered = [
        one.team_id for one in change.requests.all() if one.team_id in waived or given[one.team_id] >= one.needed
    ]
    for request in ReviewRequest.objects.select_for_update().filter(change=change).exclude(team_id__in=answered):
        if (request.reminded_at or change.opened_at) + every <= now:
            told = {"reminders": request.reminders + 1, "reminded_at": now}
            ReviewRequest.objects.filter(pk=request.pk).update(**told)
            telling.remind(change, request)


def _warn(version: ContractVersion) -> None:
    held = ContractVersion.objects.select_for_update(of=("self",)).select_related("contract__owner").get(pk=version.pk)
    if held.sunset_at is not None:
        left = held.sunset_at - clock.now()
        telling.tell_near(held, min((near for near in SUNSET_NEAR if left <= near), default=max(SUNSET_NEAR)))
