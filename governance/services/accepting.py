"""What it means to be accepted: how a decision becomes it at the gate, and that it is then fixed.

Owns those moves and that rule. Never asks anybody: governance/gate/decisions.py does, and calls this when it is time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from governance.models import Decision
from governance.services import succession
from governance.services.documents import Faults, lock, sign, unlinked

Status = Decision.Status


def accept(
    *, decision: Decision, supersedes: Sequence[int], actor: Any, reason: str
) -> tuple[Decision, list[Decision]]:
    """Accept it, and supersede what it was to supersede: both. Raises InvalidInput where that can't be any more."""
    with transaction.atomic():
        succession.one_at_a_time()
        current, faults = lock(decision, None), Faults()
        overtaken = succession.numbers_to_supersede(current, supersedes, Status.ACCEPTED, faults)
        faults.check()
        current.superseded_by = None
        _become(current, Status.ACCEPTED, actor, reason)
        for old in overtaken:
            old.superseded_by = current
            _become(old, Status.SUPERSEDED, actor, reason)
    return current, overtaken


def reject(*, decision: Decision, actor: Any, reason: str) -> None:
    """A reviewer said no. Nothing, where it is no proposal any more."""
    with transaction.atomic():
        current = lock(decision, None)
        if current.status in (Status.DRAFT, Status.PROPOSED):
            _become(current, Status.REJECTED, actor, reason)


def take_back(*, decision: Decision, reason: str) -> None:
    """Nobody agreed to what broken glass let through: it is a proposal again, and what it superseded is as it was."""
    with transaction.atomic():
        succession.one_at_a_time()
        current = lock(decision, None)
        if current.status != Status.ACCEPTED:
            return
        for old in current.supersedes.select_for_update():
            old.superseded_by = None
            before = old.history.exclude(status=Status.SUPERSEDED).order_by("-history_id").first()
            _become(old, Status(before.status) if before is not None else Status.ACCEPTED, None, reason)
        _become(current, Status.PROPOSED, None, reason)


def check_fixed(before: Decision, after: Decision, faults: Faults, *, correction: bool) -> None:
    """An accepted decision changes by being superseded; its text only where a slip of writing is corrected."""
    if before.status not in succession.DECIDED:
        return
    undecided = (Status.DRAFT, Status.PROPOSED, Status.REJECTED)
    if after.status in undecided and before.status == Status.ACCEPTED:
        faults.add("status", f"it was accepted, so it can't be {after.status} any more; deprecate or supersede it")
    fixed = (before.title, before.body, before.date) == (after.title, after.body, after.date)
    if after.status in succession.DECIDED and not fixed and not correction:
        faults.add(
            "correction",
            "an accepted decision is changed by one that supersedes it; where you only correct a slip of writing, say so",
        )


def _become(decision: Decision, status: Status, actor: Any, reason: str) -> None:
    decision.status = status
    decision.revision += 1
    sign(decision, unlinked, actor=actor, reason=reason)
