"""Writes of action items: add, change, close with evidence, drop with a reason.

Owns that none is closed before its evidence is there, and that the verdict is kept as it was. Never decides who may: portal does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import models, transaction

from governance.models import ActionItem, Contract, Decision, Postmortem, Runbook
from governance.selectors.evidence import verdict_of
from governance.services.documents import Faults
from orchestration import clock
from orchestration.errors import Conflict
from orchestration.models import Objective, Team, Workflow
from orchestration.services.governed import hold, require_reason, save
from orchestration.services.world import suggestion

MAX_TEXT = 500
MAX_DAYS = 90
#: What a check's target names: the model, the column, and the word for it.
_TARGETS: Mapping[str, tuple[type[models.Model], str, str]] = {
    ActionItem.Check.WORKFLOW_PUBLISHED: (Workflow, "name", "workflow"),
    ActionItem.Check.RUNBOOK_EDITED: (Runbook, "slug", "runbook"),
    ActionItem.Check.OBJECTIVE_MET: (Objective, "name", "objective"),
    ActionItem.Check.DECISION_ACCEPTED: (Decision, "number", "decision"),
    ActionItem.Check.CONTRACT_VERSION: (Contract, "name", "contract"),
}
_VERSION = re.compile(r"\d+\.\d+\.\d+\S{0,40}")


def add_action(
    *, postmortem: Postmortem, text: str, owner: Team, person: Any, due: date, check: str, target: str,
    days: int | None, actor: Any,
) -> ActionItem:  # fmt: skip
    """Write a new one; its evidence counts from now on. Raises InvalidInput."""
    item = ActionItem(postmortem=postmortem, since=clock.now())
    return _write(
        item, text=text, owner=owner, person=person, due=due, check=check, target=target, days=days, actor=actor,
        reason=f"An action of {postmortem}.",
    )  # fmt: skip


def change_action(
    *, item: ActionItem, text: str, owner: Team, person: Any, due: date, check: str, target: str, days: int | None,
    actor: Any, reason: str,
) -> ActionItem:  # fmt: skip
    """Change an open one. Raises InvalidInput, Conflict."""
    reason = require_reason(reason)
    with transaction.atomic():
        current = _open(item)
        return _write(
            current, text=text, owner=owner, person=person, due=due, check=check, target=target, days=days,
            actor=actor, reason=reason,
        )  # fmt: skip


def close_action(*, item: ActionItem, actor: Any, reason: str, link: str = "") -> ActionItem:
    """Done: the evidence is looked at now, and kept. Raises Conflict, which says what is missing; InvalidInput."""
    reason, faults = require_reason(reason), Faults()
    with transaction.atomic():
        current = _open(item)
        current.link = _checked_link(link.strip(), faults)
        if current.check_kind == ActionItem.Check.CONFIRMED and not current.link:
            faults.add("link", "give a link to what shows that it is done")
        faults.check()
        verdict = verdict_of(current, clock.now())
        if not verdict.is_met:
            raise Conflict(f"the evidence is not there yet: {verdict.said}")
        return _end(current, ActionItem.State.DONE, verdict.said, actor, reason)


def drop_action(*, item: ActionItem, actor: Any, reason: str) -> ActionItem:
    """Not to be done after all. Raises Conflict, InvalidInput."""
    reason = require_reason(reason)
    with transaction.atomic():
        return _end(_open(item), ActionItem.State.DROPPED, "", actor, reason)


def _open(item: ActionItem) -> ActionItem:
    hold()
    current = ActionItem.objects.select_for_update(of=("self",)).select_related("postmortem").get(pk=item.pk)
    if current.state != ActionItem.State.OPEN:
        raise Conflict(f"this action is {current.state} already; look at it again")
    return current


def _end(item: ActionItem, state: str, evidence: str, actor: Any, reason: str) -> ActionItem:
    item.state, item.evidence = state, evidence
    item.closed_at, item.closed_by = clock.now(), actor
    save(item, actor=actor, reason=reason)
    return item


def _write(
    item: ActionItem, *, text: str, owner: Team, person: Any, due: date, check: str, target: str, days: int | None,
    actor: Any, reason: str,
) -> ActionItem:  # fmt: skip
    faults, text, target = Faults(), text.strip(), target.strip()
    if not text:
        faults.add("text", "say what is to be done")
    elif len(text) > MAX_TEXT:
        faults.add("text", f"{len(text):,} characters; the limit is {MAX_TEXT}")
    for field, value in (("text", text), ("target", target)):
        if "\x00" in value or any("\ud800" <= character <= "\udfff" for character in value):
            faults.add(field, "it has a character that no database here can hold; remove it")
    if check not in ActionItem.Check.values:
        faults.add("check", f"check {check[:40]!r} is none of {', '.join(ActionItem.Check.values)}")
    faults.check()
    item.text, item.owner, item.person, item.due = text, owner, person, due
    item.check_kind = check
    item.target = "" if check == ActionItem.Check.CONFIRMED else _checked_target(check, target, faults)
    item.days = days if check == ActionItem.Check.OBJECTIVE_MET else None
    if item.days is not None and not 1 <= item.days <= MAX_DAYS:
        faults.add("days", f"from 1 to {MAX_DAYS} days, as long as hours are counted")
    faults.check()
    save(item, actor=actor, reason=reason)
    return item


def _checked_target(check: str, target: str, faults: Faults) -> str:
    """A name that exists. A contract's version need not yet: that is what is waited for."""
    target = target.strip().lstrip("#")
    model, column, word = _TARGETS[check]
    name, _, version = target.partition("@") if check == ActionItem.Check.CONTRACT_VERSION else (target, "", "")
    known = [str(one) for one in model._default_manager.values_list(column, flat=True)]
    if not target:
        faults.add("target", f"say which {word}")
    elif name not in known:
        faults.add("target", f"there is no {word} {name[:63]!r}{suggestion(name[:63], known)}")
    elif check == ActionItem.Check.CONTRACT_VERSION and not _VERSION.fullmatch(version):
        faults.add("target", "name the contract's version too, as in order.placed@2.0.0")
    return target[:200]


def _checked_link(link: str, faults: Faults) -> str:
    if link:
        try:
            URLValidator(schemes=["http", "https"])(link)
        except ValidationError:
            faults.add("link", "that is no address; begin it with https://")
        if len(link) > 500:
            faults.add("link", f"{len(link):,} characters; the limit is 500")
    return link
