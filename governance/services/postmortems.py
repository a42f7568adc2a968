"""Writes of postmortems: create, edit, publish, restore. Every write leaves a revision with who and why.

Owns the number's allotment and what publishing asks for: from then on timeline and figures stand still, because retention will
delete what they were read from. Never decides who may write: portal asks that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max

from governance.models import Contract, Postmortem
from governance.postmortems.sections import missing, parse
from governance.selectors.incident_impact import impact_of
from governance.selectors.incident_lines import lines_of
from governance.selectors.revisions import find_revision
from governance.services.documents import (
    Faults,
    checked_body,
    checked_title,
    contracts_in,
    links_of,
    lock,
    named,
    sign,
    sync_links,
    unlinked,
)
from orchestration import clock
from orchestration.errors import InvalidInput
from orchestration.models import Dependency, Team, Workflow
from orchestration.services.governed import hold, require_reason

#: A longer window is no incident, and would read too many runs.
LONGEST = timedelta(days=31)


def create_postmortem(
    *, title: str, body: str, status: str, severity: str, owner: Team, began_at: datetime, ended_at: datetime | None,
    workflows: Sequence[str], dependencies: Sequence[str], actor: Any, reason: str, source: str = "",
    contracts: Sequence[str] | None = None,
) -> Postmortem:  # fmt: skip
    """Write a new one; its number is the next free one. One with the same `source` is returned instead. Raises InvalidInput."""
    reason = require_reason(reason)
    with transaction.atomic():
        hold()  # whoever else wants a number, or has clicked the same button, comes after us
        known = Postmortem.objects.filter(source=source).first() if source else None
        if known is not None:
            return known
        number = (Postmortem.objects.aggregate(last=Max("number"))["last"] or 0) + 1
        postmortem = Postmortem(owner=owner, number=number, source=source, revision=0)
        return _write(
            postmortem, title=title, body=body, status=status, severity=severity, began_at=began_at, ended_at=ended_at,
            workflows=workflows, dependencies=dependencies, contracts=contracts, actor=actor, reason=reason,
        )  # fmt: skip


def edit_postmortem(
    *, postmortem: Postmortem, revision: int, title: str, body: str, status: str, severity: str, owner: Team,
    began_at: datetime, ended_at: datetime | None, workflows: Sequence[str], dependencies: Sequence[str], actor: Any,
    reason: str, contracts: Sequence[str] | None = None,
) -> Postmortem:  # fmt: skip
    """Write the next revision over `revision`; the same content writes nothing. Raises EditConflict, InvalidInput.

    Contracts that are None stay as they are.
    """
    reason = require_reason(reason)
    with transaction.atomic():
        current = lock(postmortem, revision)
        current.owner = owner
        return _write(
            current, title=title, body=body, status=status, severity=severity, began_at=began_at, ended_at=ended_at,
            workflows=workflows, dependencies=dependencies, contracts=contracts, actor=actor, reason=reason,
        )  # fmt: skip


def restore_postmortem(
    *, postmortem: Postmortem, history_id: int, actor: Any, reason: str, revision: int | None = None
) -> Postmortem:
    """Bring back title and text of an earlier revision, as a new one. Everything else stays."""
    reason = require_reason(reason)
    with transaction.atomic():
        current = lock(postmortem, revision)
        row = find_revision(current, history_id)
        if (row.title, row.body) == (current.title, current.body):
            return current
        if current.is_published and missing(parse(row.body)):
            raise InvalidInput("this postmortem is published, and that revision lacks what a published one must have")
        current.title, current.body = row.title, row.body
        current.revision += 1
        return sign(current, unlinked, actor=actor, reason=reason)


def minutes(began: datetime, ended: datetime | None) -> tuple[datetime, datetime | None]:
    """The window in whole minutes, as forms have them: otherwise an edit that touches neither would change both."""
    low = began.replace(second=0, microsecond=0)
    if ended is None or not (ended.second or ended.microsecond):
        return low, ended
    return low, ended.replace(second=0, microsecond=0) + timedelta(minutes=1)


def _write(
    postmortem: Postmortem, *, title: str, body: str, status: str, severity: str, began_at: datetime,
    ended_at: datetime | None, workflows: Sequence[str], dependencies: Sequence[str], contracts: Sequence[str] | None,
    actor: Any, reason: str,
) -> Postmortem:  # fmt: skip
    """Check everything, then write the postmortem and its links."""
    faults, before = Faults(), _facts(postmortem) if postmortem.pk else None
    postmortem.title, postmortem.body = checked_title(title, faults), checked_body(body, faults)
    for field, value, known in (
        ("status", status, Postmortem.Status.values), ("severity", severity, Postmortem.Severity.values),
    ):  # fmt: skip
        if value not in known:
            faults.add(field, f"{field} {value[:40]!r} is none of {', '.join(known)}")
    was_published = postmortem.pk is not None and postmortem.is_published
    postmortem.status, postmortem.severity = status, severity
    postmortem.began_at, postmortem.ended_at = minutes(began_at, ended_at)
    _check_window(postmortem, faults)
    flows = named(Workflow, workflows, "workflows", faults)
    services = named(Dependency, dependencies, "dependencies", faults)
    agreed = named(Contract, contracts, "contracts", faults) if contracts is not None else None
    links = {("workflow", row.pk) for row in flows} | {("dependency", row.pk) for row in services}
    links |= {("contract", row.pk) for row in agreed} if agreed is not None else contracts_in(before)
    after = (*_columns(postmortem), links)
    _check_published(postmortem, faults, before if was_published else None, after)
    faults.check()
    if before == after:
        return postmortem
    if postmortem.is_published and not was_published:
        _freeze(postmortem, [row.name for row in flows], [row.name for row in services])

    def link(moment: datetime) -> None:
        sync_links(postmortem, "workflow", flows, moment, actor=actor, reason=reason)
        sync_links(postmortem, "dependency", services, moment, actor=actor, reason=reason)
        if agreed is not None:
            sync_links(postmortem, "contract", agreed, moment, actor=actor, reason=reason)

    postmortem.revision += 1
    return sign(postmortem, link, actor=actor, reason=reason)


def _check_window(postmortem: Postmortem, faults: Faults) -> None:
    began, ended, now = postmortem.began_at, postmortem.ended_at, clock.now()
    if began > now:
        faults.add("began_at", "it begins in the future; say when it began")
    elif ended is not None and ended <= began:
        faults.add("ended_at", "it ends before it begins; put the two times right")
    elif (ended or now) - began > LONGEST:
        which = "ended_at" if ended else "began_at"
        faults.add(which, f"the window is longer than {LONGEST.days} days; narrow it to the incident")
    if ended is not None and ended > now + timedelta(minutes=1):
        faults.add("ended_at", "it ends in the future; leave the end empty while it goes on")


def _check_published(
    postmortem: Postmortem, faults: Faults, frozen: tuple[Any, ...] | None, after: tuple[Any, ...]
) -> None:
    """What a published one must have, and what of it stands still: status, and the window and links that the figures are of."""
    if frozen is not None and not postmortem.is_published:
        faults.add("status", "a published postmortem stays published; correct its text, and say so in the reason")
    elif frozen is not None and frozen[-3:] != after[-3:]:
        text = (
            "the window and what it is about stand still once it is published, since timeline and figures are of them"
        )
        faults.add("began_at", text)
    if not postmortem.is_published:
        return
    for fault in missing(parse(postmortem.body)):
        faults.add("body", fault)
    if postmortem.ended_at is None:
        faults.add("ended_at", "say when it was over before you publish")


def _freeze(postmortem: Postmortem, workflows: list[str], dependencies: list[str]) -> None:
    """Keep the timeline and the figures as they are now."""
    impact = impact_of(postmortem.began_at, postmortem.ended_at, workflows, dependencies)
    found = lines_of(postmortem, workflows, dependencies)
    kept = {"lines": [asdict(line) for line in found.lines], "cut": found.cut, "impact": asdict(impact)}
    postmortem.frozen = _plain(kept)
    postmortem.published_at = clock.now()


def _plain(value: Any) -> Any:
    """As JSON has it: times as text."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return value


def _columns(postmortem: Postmortem) -> tuple[Any, ...]:
    return (
        postmortem.title, postmortem.body, postmortem.status, postmortem.severity, postmortem.owner_id,
        postmortem.began_at, postmortem.ended_at,
    )  # fmt: skip


def _facts(postmortem: Postmortem) -> tuple[Any, ...]:
    """What a revision is made of, as it is stored now."""
    stored = Postmortem.objects.get(pk=postmortem.pk)
    return (*_columns(stored), links_of(stored))
