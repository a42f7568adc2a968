"""Writes of decision records: create, edit, restore. Every write leaves a revision with who and why.

Owns the number's allotment. Never decides who may write: portal asks that before it calls.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.text import slugify

from governance.gate.decisions import withdraw_overtaken
from governance.models import Contract, Decision
from governance.models.linking import COLUMNS
from governance.selectors.revisions import find_revision
from governance.services import succession
from governance.services.accepting import check_fixed
from governance.services.documents import (
    Faults,
    checked_body,
    checked_title,
    lock,
    named,
    sign,
    sync_links,
    unlinked,
)
from orchestration.errors import Conflict, InvalidInput, Violation
from orchestration.models import Dependency, Team, Workflow
from orchestration.services.governed import require_reason

#: How often a number that somebody else got first is asked for anew. Each refusal means that another one succeeded.
ATTEMPTS = 50
_NAME = re.compile(r"[a-z][a-z0-9-]*")


def create_decision(
    *, title: str, body: str, status: str, owner: Team, date: datetime.date | None, workflows: Sequence[str],
    actor: Any, reason: str, superseded_by: int | None = None, supersedes: Sequence[int] = (),
    number: int | None = None, slug: str = "", front_matter: Mapping[str, Any] | None = None, unnamed: bool = False,
    dependencies: Sequence[str] | None = None, contracts: Sequence[str] | None = None,
) -> Decision:  # fmt: skip
    """Write a new record; its number is the next free one unless given. Raises InvalidInput, Conflict.

    `unnamed`: it may be superseded without a successor, as a file may say.
    """
    reason = require_reason(reason)
    for _ in range(ATTEMPTS):
        try:
            with transaction.atomic():
                _queue(superseded_by, supersedes)
                decision = Decision(owner=owner, front_matter=dict(front_matter or {}), revision=0)
                decision.number = number or (Decision.objects.aggregate(last=Max("number"))["last"] or 0) + 1
                decision.slug = slug or _slug(title, decision.number)
                _refuse_taken(decision, fixed_number=number is not None)
                return _write(
                    decision, title=title, body=body, status=status, date=date, workflows=workflows,
                    superseded_by=superseded_by, supersedes=supersedes, dependencies=dependencies, contracts=contracts,
                    actor=actor, reason=reason, unnamed=unnamed,
                )  # fmt: skip
        except IntegrityError:
            continue  # somebody took the number, or the slug, between our look and our insert
    raise Conflict("too many decisions are being created at once; try again")


def edit_decision(
    *, decision: Decision, revision: int, title: str, body: str, status: str, owner: Team, date: datetime.date,
    workflows: Sequence[str], actor: Any, reason: str, superseded_by: int | None = None, supersedes: Sequence[int] = (),
    correction: bool = False, front_matter: Mapping[str, Any] | None = None, unnamed: bool = False,
    dependencies: Sequence[str] | None = None, contracts: Sequence[str] | None = None,
) -> Decision:  # fmt: skip
    """Write the next revision over `revision`; the same content writes nothing. Raises EditConflict, InvalidInput.

    Dependencies and contracts that are None stay as they are: a loaded file says nothing of them.
    """
    reason = require_reason(reason)
    with transaction.atomic():
        _queue(superseded_by, supersedes)
        current = lock(decision, revision)
        current.owner = owner
        if front_matter is not None:
            current.front_matter = dict(front_matter)
        return _write(
            current, title=title, body=body, status=status, date=date, workflows=workflows,
            superseded_by=superseded_by, supersedes=supersedes, dependencies=dependencies, contracts=contracts, actor=actor,
            reason=reason, correction=correction, unnamed=unnamed,
        )  # fmt: skip


def restore_decision(
    *, decision: Decision, history_id: int, actor: Any, reason: str, revision: int | None = None
) -> Decision:
    """Bring back title, text and date of an earlier revision, as a new one. Status, owner and links stay.

    Of one that was decided only a text that was decided: a draft of it was never agreed to.
    """
    reason = require_reason(reason)
    with transaction.atomic():
        current = lock(decision, revision)
        row = find_revision(current, history_id)
        if current.status in succession.DECIDED and row.status not in succession.DECIDED:
            text = f"revision {row.revision} was a {row.status}, and this is {current.status}: restore one that was decided"
            raise InvalidInput(text, [Violation("/history_id", text)])
        if (row.title, row.body, row.date) == (current.title, current.body, current.date):
            return current
        current.title, current.body, current.date = row.title, row.body, row.date
        current.revision += 1
        return sign(current, unlinked, actor=actor, reason=reason)


def _write(
    decision: Decision, *, title: str, body: str, status: str, date: datetime.date | None, workflows: Sequence[str],
    superseded_by: int | None, supersedes: Sequence[int], dependencies: Sequence[str] | None,
    contracts: Sequence[str] | None, actor: Any, reason: str, correction: bool = False, unnamed: bool = False,
) -> Decision:  # fmt: skip
    """Check everything, then write the record, its links and the records that it supersedes."""
    faults = Faults()
    known = decision if decision.pk else None
    before = _facts(decision) if known else None
    decision.title = checked_title(title, faults)
    decision.body = checked_body(body, faults)
    if status not in Decision.Status.values:
        faults.add("status", f"status {status[:40]!r} is none of {', '.join(Decision.Status.values)}")
        faults.check()
    decision.status = status
    decision.date = date or timezone.now().date()
    concerned = _concerned(workflows, dependencies, contracts, faults)
    decision.superseded_by = succession.successor(known, status, superseded_by, faults, unnamed=unnamed)
    overtaken = succession.numbers_to_supersede(known, supersedes, status, faults)
    if known:
        succession.check_standing(known, status, faults)
        check_fixed(Decision.objects.get(pk=known.pk), decision, faults, correction=correction)
    faults.check()
    if before is None or before != _after(decision, concerned, before[-1]):
        decision.revision += 1

        def link(moment: datetime.datetime) -> None:
            for relation, targets in concerned.items():
                sync_links(decision, relation, targets, moment, actor=actor, reason=reason)

        sign(decision, link, actor=actor, reason=reason)
    for old in overtaken:
        old.status, old.superseded_by = Decision.Status.SUPERSEDED, decision
        old.revision += 1
        sign(old, unlinked, actor=actor, reason=reason)
    withdraw_overtaken(overtaken, decision, actor)
    return decision


def _queue(superseded_by: int | None, supersedes: Sequence[int]) -> None:
    if superseded_by is not None or supersedes:
        succession.one_at_a_time()


def _columns(decision: Decision) -> tuple[Any, ...]:
    return (
        decision.title, decision.body, decision.status, decision.date, decision.owner_id, decision.superseded_by_id,
        decision.front_matter,
    )  # fmt: skip


def _concerned(
    workflows: Sequence[str], dependencies: Sequence[str] | None, contracts: Sequence[str] | None, faults: Faults
) -> dict[str, Sequence[Workflow | Dependency | Contract]]:  # fmt: skip
    """What it is to concern, by the link's column; a kind that nobody spoke of is left out."""
    found: dict[str, Sequence[Workflow | Dependency | Contract]] = {
        "workflow": named(Workflow, workflows, "workflows", faults)
    }
    if dependencies is not None:
        found["dependency"] = named(Dependency, dependencies, "dependencies", faults)
    if contracts is not None:
        found["contract"] = named(Contract, contracts, "contracts", faults)
    return found


def _facts(decision: Decision) -> tuple[Any, ...]:
    """What a revision is made of, as it is stored now."""
    stored = Decision.objects.get(pk=decision.pk)
    linked: dict[str, set[int]] = {column: set() for column in COLUMNS}
    for row in stored.links.values(*(f"{column}_id" for column in COLUMNS)):
        for column in COLUMNS:
            if row[f"{column}_id"] is not None:
                linked[column].add(row[f"{column}_id"])
    return (*_columns(stored), linked)


def _after(
    decision: Decision, concerned: Mapping[str, Sequence[Workflow | Dependency | Contract]], linked: Mapping[str, set[int]]
) -> tuple[Any, ...]:  # fmt: skip
    """The same as it is to be."""
    return (*_columns(decision), {**linked, **{column: {one.pk for one in rows} for column, rows in concerned.items()}})


def _slug(title: str, number: int) -> str:
    """The name by which manifests link it. A title in another script has none, so the number stands in."""
    name = slugify(title)[:63].strip("-")
    return name if _NAME.fullmatch(name) else f"decision-{number}"


def _refuse_taken(decision: Decision, *, fixed_number: bool) -> None:
    """A title twice is a doubled request, or a record that exists: either way the other one is what is wanted."""
    other = Decision.objects.filter(slug=decision.slug).first()
    if other is not None:
        text = f"decision {other.number} has this title already; edit that one, or choose another title"
        raise InvalidInput(text, [Violation("/title", text)])
    if fixed_number and Decision.objects.filter(number=decision.number).exists():
        raise Conflict(f"there is a decision {decision.number} already")
