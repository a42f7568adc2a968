"""Writes of runbooks: create, edit, review, restore. Every write leaves a revision with who and why.

Owns the slug's rules: it is what manifests name, so it never changes. Never decides who may write: portal asks that.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from governance.models import Contract, Runbook
from governance.runbooks.reading import MOST_AN_HOUR
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
from orchestration.errors import Conflict, InvalidInput, Violation
from orchestration.models import Dependency, Team, Workflow
from orchestration.services.governed import require_reason

MAX_SLUG = 63
#: Words that stand in URLs at a slug's place.
RESERVED = frozenset({"new", "preview", "import", "export"})
_SLUG = re.compile(r"[a-z][a-z0-9-]*")


def create_runbook(
    *, slug: str, title: str, body: str, status: str, owner: Team, review_by: datetime.date | None,
    workflows: Sequence[str], dependencies: Sequence[str], actor: Any, reason: str,
    front_matter: Mapping[str, Any] | None = None, auto_start: int | None = None, contracts: Sequence[str] | None = None,
) -> Runbook:  # fmt: skip
    """Write a new runbook; an empty slug is made from the title. Raises InvalidInput."""
    reason = require_reason(reason)
    try:
        with transaction.atomic():
            faults = Faults()
            runbook = Runbook(owner=owner, front_matter=dict(front_matter or {}), revision=0)
            runbook.slug = _checked_slug(slug or slugify(title)[:MAX_SLUG].strip("-"), faults)
            return _write(
                runbook, faults, title=title, body=body, status=status, review_by=review_by, workflows=workflows,
                dependencies=dependencies, contracts=contracts, auto_start=auto_start, actor=actor, reason=reason,
            )  # fmt: skip
    except IntegrityError:
        raise Conflict(f"a runbook {slug!r} was created at this moment; edit that one") from None


def edit_runbook(
    *, runbook: Runbook, revision: int, title: str, body: str, status: str, owner: Team,
    review_by: datetime.date | None, workflows: Sequence[str], dependencies: Sequence[str], actor: Any, reason: str,
    auto_start: int | None = None, front_matter: Mapping[str, Any] | None = None, is_read: bool = True,
    contracts: Sequence[str] | None = None,
) -> Runbook:  # fmt: skip
    """Write the next revision over `revision`; the same content writes nothing. Raises EditConflict, InvalidInput.

    `is_read`: whoever edits it had the text before them, which counts as a review. Contracts that are None stay as they are.
    """
    reason = require_reason(reason)
    with transaction.atomic():
        current = lock(runbook, revision)
        current.owner = owner
        if front_matter is not None:
            current.front_matter = dict(front_matter)
        return _write(
            current, Faults(), title=title, body=body, status=status, review_by=review_by, workflows=workflows,
            dependencies=dependencies, contracts=contracts, auto_start=auto_start, actor=actor, reason=reason, is_read=is_read,
        )  # fmt: skip


def restore_runbook(
    *, runbook: Runbook, history_id: int, actor: Any, reason: str, revision: int | None = None
) -> Runbook:
    """Bring back title and text of an earlier revision, as a new one. Status, owner, review date and links stay."""
    reason = require_reason(reason)
    with transaction.atomic():
        current = lock(runbook, revision)
        row = find_revision(current, history_id)
        if (row.title, row.body) == (current.title, current.body):
            return current
        current.title, current.body = row.title, row.body
        current.revision += 1
        return sign(current, unlinked, actor=actor, reason=reason)


def review_runbook(
    *, runbook: Runbook, revision: int, review_by: datetime.date, actor: Any, reason: str
) -> Runbook:  # fmt: skip
    """Somebody went through it and it holds, until that day. Raises EditConflict, InvalidInput."""
    reason = require_reason(reason)
    now = clock.now()
    if review_by <= now.date():
        raise InvalidInput("the next review lies in the future", [Violation("/review_by", "choose a later day")])
    with transaction.atomic():
        current = lock(runbook, revision)
        current.review_by, current.reviewed_at = review_by, now
        current.revision += 1
        return sign(current, unlinked, actor=actor, reason=reason)


def _write(
    runbook: Runbook, faults: Faults, *, title: str, body: str, status: str, review_by: datetime.date | None,
    workflows: Sequence[str], dependencies: Sequence[str], contracts: Sequence[str] | None,
    auto_start: int | None, actor: Any, reason: str, is_read: bool = True,
) -> Runbook:  # fmt: skip
    """Check everything, then write the runbook and its links."""
    before = _facts(runbook) if runbook.pk else None
    runbook.title = checked_title(title, faults)
    runbook.body = checked_body(body, faults)
    if status not in Runbook.Status.values:
        faults.add("status", f"status {status[:40]!r} is none of {', '.join(Runbook.Status.values)}")
    runbook.status = status
    if auto_start is not None and not 1 <= auto_start <= MOST_AN_HOUR:
        faults.add("auto_start", f"alerts start from 1 to {MOST_AN_HOUR} exercises an hour, or none: leave it empty")
    runbook.review_by, runbook.auto_start = review_by, auto_start
    about = named(Workflow, workflows, "workflows", faults)
    needed = named(Dependency, dependencies, "dependencies", faults)
    agreed = named(Contract, contracts, "contracts", faults) if contracts is not None else None
    faults.check()
    links = {("workflow", row.pk) for row in about} | {("dependency", row.pk) for row in needed}
    links |= {("contract", row.pk) for row in agreed} if agreed is not None else contracts_in(before)
    if before == (*_columns(runbook), links):
        return runbook

    def link(moment: datetime.datetime) -> None:
        sync_links(runbook, "workflow", about, moment, actor=actor, reason=reason)
        sync_links(runbook, "dependency", needed, moment, actor=actor, reason=reason)
        if agreed is not None:
            sync_links(runbook, "contract", agreed, moment, actor=actor, reason=reason)

    runbook.revision += 1
    if is_read:
        runbook.reviewed_at = clock.now()
    return sign(runbook, link, actor=actor, reason=reason)


def _columns(runbook: Runbook) -> tuple[Any, ...]:
    return (
        runbook.title,
        runbook.body,
        runbook.status,
        runbook.owner_id,
        runbook.review_by,
        runbook.auto_start,
        runbook.front_matter,
    )


def _facts(runbook: Runbook) -> tuple[Any, ...]:
    """What a revision is made of, as it is stored now."""
    stored = Runbook.objects.get(pk=runbook.pk)
    return (*_columns(stored), links_of(stored))


def _checked_slug(slug: str, faults: Faults) -> str:
    if not _SLUG.fullmatch(slug) or len(slug) > MAX_SLUG:
        faults.add(
            "slug",
            f"{slug[:MAX_SLUG]!r} can't be a runbook's name: use lower-case letters, digits and hyphens, a letter "
            f"first, at most {MAX_SLUG}, as in payments-slow",
        )
    elif slug in RESERVED:
        faults.add("slug", f"{slug!r} stands for something else in URLs; choose another name")
    elif Runbook.objects.filter(slug=slug).exists():
        faults.add("slug", f"there is a runbook {slug!r} already; edit that one, or choose another name")
    return slug
