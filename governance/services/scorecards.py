"""Waivers of scorecards: a check is let pass until a date, with a reason; taken back before that.

Owns how long a waiver may last. Never decides who may: portal asks that.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from governance.models import ScoreWaiver
from governance.scorecards.rules import KEYS
from governance.services.documents import Faults
from orchestration import clock
from orchestration.errors import Conflict
from orchestration.models import Workflow
from orchestration.services.governed import hold, require_reason, save

#: Nothing is waived for good.
LONGEST = timedelta(days=180)


def waive(*, workflow: Workflow, check: str, until: datetime, person: Any, reason: str) -> ScoreWaiver:
    """Let it pass until then, in place of a waiver that holds. Raises InvalidInput."""
    reason, faults, now = require_reason(reason), Faults(), clock.now()
    if check not in KEYS:
        faults.add("check", f"there is no check {check[:40]!r}; there are {', '.join(KEYS)}")
    if until <= now:
        faults.add("until", "it would be over already; choose a day to come")
    elif until > now + LONGEST:
        faults.add("until", f"at most {LONGEST.days} days, since nothing is waived for good")
    faults.check()
    with transaction.atomic():
        hold()
        for old in ScoreWaiver.objects.filter(workflow=workflow, check_key=check, expires_at__gt=now):
            old.expires_at = now
            save(old, actor=person, reason=f"In its place: {reason}"[:2_000])
        waiver = ScoreWaiver(
            workflow=workflow, check_key=check, person=person, reason=reason, given_at=now, expires_at=until
        )
        save(waiver, actor=person, reason=reason)
    return waiver


def end_waiver(*, waiver: ScoreWaiver, person: Any, reason: str) -> ScoreWaiver:
    """It holds no longer. Raises Conflict for one that is over."""
    reason, now = require_reason(reason), clock.now()
    with transaction.atomic():
        hold()
        current = ScoreWaiver.objects.select_for_update(of=("self",)).get(pk=waiver.pk)
        if current.expires_at <= now:
            raise Conflict("this waiver is over already")
        current.expires_at = now
        save(current, actor=person, reason=reason)
    return current
