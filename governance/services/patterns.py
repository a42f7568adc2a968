"""Writes of patterns: create, edit, restore, and loading the library that comes with the product.

Owns that what people have edited is never overwritten by a newer library. Never decides who may write: portal asks that.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from governance.models import Pattern
from governance.patterns.files import PatternFile
from governance.selectors.revisions import find_revision
from governance.services.documents import Faults, checked_body, checked_title, lock, sign, unlinked
from orchestration.errors import Conflict
from orchestration.models import Team
from orchestration.services.governed import require_reason

MAX_SUMMARY = 300
#: Words that stand in URLs at a name's place.
RESERVED = frozenset({"new", "preview"})
REASON = "The library of patterns that comes with Plumbline."
_SLUG = re.compile(r"[a-z][a-z0-9-]{0,62}")


def create_pattern(
    *, slug: str, title: str, summary: str, body: str, status: str, owner: Team | None, actor: Any, reason: str
) -> Pattern:
    """Write a new one; an empty slug is made from the title. Raises InvalidInput, Conflict."""
    reason, faults = require_reason(reason), Faults()
    pattern = Pattern(owner=owner, revision=0)
    pattern.slug = slug or slugify(title)[:63].strip("-")
    if not _SLUG.fullmatch(pattern.slug) or pattern.slug in RESERVED:
        faults.add("slug", f"{pattern.slug[:63]!r} can't be a name; use letters, digits and hyphens, as in dead-letter")
    elif Pattern.objects.filter(slug=pattern.slug).exists():
        faults.add("slug", f"there is a pattern {pattern.slug!r} already; edit that one, or choose another name")
    try:
        with transaction.atomic():
            return _write(
                pattern, faults, title=title, summary=summary, body=body, status=status, actor=actor, reason=reason
            )
    except IntegrityError:
        raise Conflict(f"a pattern {pattern.slug!r} was created at this moment; edit that one") from None


def edit_pattern(
    *, pattern: Pattern, revision: int, title: str, summary: str, body: str, status: str, owner: Team | None, actor: Any,
    reason: str,
) -> Pattern:  # fmt: skip
    """Write the next revision over `revision`; the same content writes nothing. Raises EditConflict, InvalidInput."""
    reason = require_reason(reason)
    with transaction.atomic():
        current = lock(pattern, revision)
        current.owner = owner
        return _write(
            current, Faults(), title=title, summary=summary, body=body, status=status, actor=actor, reason=reason
        )


def restore_pattern(
    *, pattern: Pattern, history_id: int, actor: Any, reason: str, revision: int | None = None
) -> Pattern:
    """Bring back title and text of an earlier revision, as a new one. Status, owner and summary stay."""
    reason = require_reason(reason)
    with transaction.atomic():
        current = lock(pattern, revision)
        row = find_revision(current, history_id)
        if (row.title, row.body) == (current.title, current.body):
            return current
        current.title, current.body = row.title, row.body
        current.revision += 1
        return sign(current, unlinked, actor=actor, reason=reason)


def load_library(files: Iterable[PatternFile]) -> list[str]:
    """Write what is new, and renew what nobody has edited; the names of what was written. Safe to run again."""
    written = []
    known = {row.slug: row for row in Pattern.objects.all()}
    for file in files:
        row = known.get(file.slug)
        values: dict[str, Any] = {"title": file.title, "summary": file.summary, "body": file.body}
        if row is None:
            create_pattern(
                slug=file.slug, status=Pattern.Status.ACTIVE, owner=None, actor=None, reason=REASON, **values
            )
        elif all(getattr(row, name) == value for name, value in values.items()) or _was_edited(row):
            continue
        else:
            edit_pattern(
                pattern=row,
                revision=row.revision,
                status=row.status,
                owner=row.owner,
                actor=None,
                reason=REASON,
                **values,
            )
        written.append(file.slug)
    return written


def _was_edited(pattern: Pattern) -> bool:
    """Whether anybody but the library wrote a revision of it."""
    return bool(pattern.history.exclude(history_change_reason=REASON).exists())


def _write(
    pattern: Pattern, faults: Faults, *, title: str, summary: str, body: str, status: str, actor: Any, reason: str
) -> Pattern:
    before = _columns(Pattern.objects.get(pk=pattern.pk)) if pattern.pk else None
    pattern.title, pattern.body = checked_title(title, faults), checked_body(body, faults)
    pattern.summary = " ".join(summary.split())
    if len(pattern.summary) > MAX_SUMMARY:
        faults.add("summary", f"the summary has {len(pattern.summary):,} characters; the limit is {MAX_SUMMARY}")
    elif "\x00" in pattern.summary or any("\ud800" <= char <= "\udfff" for char in pattern.summary):
        faults.add("summary", "it has a character that no database here can hold; remove it")
    if status not in Pattern.Status.values:
        faults.add("status", f"status {status[:40]!r} is none of {', '.join(Pattern.Status.values)}")
    pattern.status = status
    faults.check()
    if before == _columns(pattern):
        return pattern
    pattern.revision += 1
    return sign(pattern, unlinked, actor=actor, reason=reason)


def _columns(pattern: Pattern) -> tuple[Any, ...]:
    return (pattern.title, pattern.summary, pattern.body, pattern.status, pattern.owner_id)
