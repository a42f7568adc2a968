"""Restoring an earlier revision as a new one: compared with what was seen, and written by the service of an edit by hand.

Owns that somebody else's edit is never undone unseen. Never knows how a kind is written: restorers.py does.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction

from orchestration.errors import Conflict, Forbidden
from orchestration.services.governed import hold, require_reason
from portal.history.kinds import Restorer
from portal.history.reading import Subject, find_row, subject_of, values_of
from portal.permissions import Actor


def may_restore(actor: Actor, subject: Subject) -> bool:
    """Whether it is worth offering."""
    try:
        require_restorable(actor, subject)
    except (Conflict, Forbidden):
        return False
    return True


def require_restorable(actor: Actor, subject: Subject) -> Restorer:
    """How it is written. Raises Conflict for what is never restored or was deleted, Forbidden for who may not edit it."""
    restorer = subject.kind.restorer
    if restorer is None:
        raise Conflict(f"a {subject.kind.noun} is not restored. {subject.kind.fixed}")
    if subject.current is None:
        raise Conflict("it was deleted, so there is nothing to restore over; make it anew")
    restorer.allow(actor, subject.current)
    return restorer


def restore(*, subject: Subject, revision: int, seen: int, actor: Actor, reason: str) -> Subject:
    """Write the revision again as the newest; the subject as it is then. `seen` is the newest revision that the person saw.

    Raises Conflict when there is a newer one by now, NotFound, Forbidden, and what the kind's service raises.
    """
    require_restorable(actor, subject)
    reason = require_reason(reason)
    with transaction.atomic():
        hold()
        now = subject_of(subject.kind, subject.pk)
        restorer = require_restorable(actor, now)
        if newest(now) != seen:
            raise Conflict("it was changed meanwhile; look again at what would change, then restore")
        wanted = find_row(now, revision)
        present, past = would_change(now, wanted)
        if present != past:
            restorer.write(actor, now.current, wanted, reason)
        after = subject_of(subject.kind, subject.pk)
        if newest(after) == seen:
            raise Conflict("it is as it was then already, so there is nothing to restore")
    return after


def would_change(subject: Subject, wanted: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a restore is about: as it is now, and as the historical row `wanted` has it."""
    kind = subject.kind
    now, then = values_of(kind, subject.current), values_of(kind, wanted)
    restored = [name for name in kind.fields if name not in kind.aside]
    return {name: now[name] for name in restored}, {name: then[name] for name in restored}


def newest(subject: Subject) -> int:
    """The id of the newest revision; 0 where none was kept."""
    return subject.last.history_id if subject.last is not None else 0
