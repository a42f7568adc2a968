"""Writes of upkeep that people enter themselves: add, and end as done or dropped. Never decides who may: portal does."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from governance.models import UpkeepItem
from governance.services.documents import Faults, named
from orchestration import clock
from orchestration.errors import Conflict
from orchestration.models import Team, Workflow
from orchestration.services.governed import hold, require_reason, save

MAX_TEXT = 500


def add_upkeep(*, team: Team, text: str, effort: str, workflow: str, actor: Any) -> UpkeepItem:
    """Something to put right. Raises InvalidInput."""
    faults, text = Faults(), text.strip()
    if not text:
        faults.add("text", "say what is to be put right")
    elif len(text) > MAX_TEXT:
        faults.add("text", f"{len(text):,} characters; the limit is {MAX_TEXT}")
    elif "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        faults.add("text", "it has a character that no database here can hold; remove it")
    if effort not in UpkeepItem.Effort.values:
        faults.add("effort", f"effort {effort[:40]!r} is none of {', '.join(UpkeepItem.Effort.values)}")
    flows = named(Workflow, [workflow] if workflow else [], "workflow", faults)
    faults.check()
    item = UpkeepItem(team=team, text=text, effort=effort, workflow=flows[0] if flows else None, made_at=clock.now())
    save(item, actor=actor, reason=text)
    return item


def end_upkeep(*, item: UpkeepItem, state: str, actor: Any, reason: str) -> UpkeepItem:
    """Done, or not to be done after all. Raises Conflict, InvalidInput."""
    reason, faults = require_reason(reason), Faults()
    if state not in (UpkeepItem.State.DONE, UpkeepItem.State.DROPPED):
        faults.add("state", "it ends as done or as dropped")
    faults.check()
    with transaction.atomic():
        hold()
        current = UpkeepItem.objects.select_for_update(of=("self",)).get(pk=item.pk)
        if current.state != UpkeepItem.State.OPEN:
            raise Conflict(f"it is {current.state} already")
        current.state, current.ended_at = state, clock.now()
        save(current, actor=actor, reason=reason)
    return current
