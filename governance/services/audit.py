"""Appending to the audit log, in the transaction of what is told, so that neither is there without the other.

Owns the head's lock and the order of entries. Never changes an entry. Walking along the chain is services/auditing.py's.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction

from governance.audit_chain import GENESIS, canonical, link, moment, shortened
from governance.models import AuditEntry, AuditHead
from governance.origin import via as present_way
from orchestration import clock

#: Who acted when nobody is named.
SYSTEM = "system"
#: What an entry keeps of a long name. A reason is bounded where it is read (`governed.require_reason`).
LONGEST_NAME = 200


def hold() -> None:
    """Lock the head until the transaction ends. See orchestration.services.governed.hold."""
    _locked_head()


def record(
    *, action: str, kind: str, name: str, actor: Any, reason: str, before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None, via: str = "",
) -> AuditEntry:  # fmt: skip
    """Append one entry. `actor` is a user, or None for the system; `via` defaults to the way the request came in.

    `before` and `after` have the fields that changed and nothing else, never a payload or a secret; what is long in them
    is kept as its sum and length.
    """
    with transaction.atomic(savepoint=False):
        head = _locked_head()
        entry = AuditEntry(
            sequence=head.sequence + 1, at=max(clock.now(), head.at), actor=_name_of(actor), via=(via or present_way())[:120],
            action=action[:64], object_kind=kind[:64], object_name=name[:LONGEST_NAME], reason=reason,
            before=shortened(before), after=shortened(after), previous=head.hash,
        )  # fmt: skip
        entry.canonical = canonical(facts(entry))
        entry.hash = link(entry.previous, entry.canonical)
        entry.save(force_insert=True)
        head.sequence, head.at, head.hash = entry.sequence, entry.at, entry.hash
        head.save(update_fields=["sequence", "at", "hash"])
    return entry


def facts(entry: AuditEntry) -> dict[str, Any]:
    """What the entry tells: what is hashed, and exported."""
    return {
        "sequence": entry.sequence, "at": moment(entry.at), "actor": entry.actor, "via": entry.via,
        "action": entry.action, "kind": entry.object_kind, "name": entry.object_name, "reason": entry.reason,
        "before": entry.before, "after": entry.after,
    }  # fmt: skip


def _name_of(actor: Any) -> str:
    return SYSTEM if actor is None or not actor.pk else str(actor.get_username())


def _locked_head() -> AuditHead:
    """The head, locked. SQLite needs no lock: its transaction is the only one that writes."""
    rows = AuditHead.objects.select_for_update()
    head = rows.filter(pk=1).first()
    if head is None:
        # The first entry of an installation; or the row was lost, and the chain goes on where its entries end.
        last = AuditEntry.objects.order_by("-sequence").first()
        start = (last.sequence, last.at, last.hash) if last else (0, clock.now(), GENESIS)
        AuditHead.objects.get_or_create(pk=1, defaults=dict(zip(("sequence", "at", "hash"), start, strict=True)))
        head = rows.get(pk=1)
    return head
