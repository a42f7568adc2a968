"""From the audit log to histories: the address of each object that it names, for whom may read it.

Owns that a link never leads to a refusal. Never writes; costs nothing for kinds that everyone reads, and up to two queries for
each other kind among the entries.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.urls import reverse

from governance.models import AuditEntry
from orchestration.errors import Forbidden, NotFound
from portal.history.kinds import Kind, everyone
from portal.history.registry import kind_by_noun
from portal.permissions import Actor


def history_urls(actor: Actor, entries: Iterable[AuditEntry]) -> dict[int, str]:
    """By the entry's number; what was deleted has one too. None where the log's name is no address."""
    named: dict[str, list[AuditEntry]] = defaultdict(list)
    for entry in entries:
        if entry.object_name and "/" not in entry.object_name:
            named[entry.object_kind].append(entry)
    found: dict[int, str] = {}
    for noun, those in named.items():
        kind = kind_by_noun(noun)
        if kind is None:
            continue
        names = {entry.object_name for entry in those}
        open_to = names if kind.read is everyone else _readable(actor, kind, names)
        for entry in those:
            if entry.object_name in open_to:
                found[entry.sequence] = reverse("history", args=[kind.slug, entry.object_name])
    return found


def _readable(actor: Actor, kind: Kind, names: set[str]) -> set[str]:
    among = {f"{kind.key}__in": names}
    held = {getattr(row, kind.key): row for row in kind.model._base_manager.filter(**among)}
    rows = dict(held)
    if names - held.keys():
        gone = kind.model.history.model._base_manager.filter(history_type="-", **among).order_by("history_id")
        rows = {**{getattr(row, kind.key): row for row in gone}, **held}
    return {name for name, row in rows.items() if _may_read(actor, kind, row)}


def _may_read(actor: Actor, kind: Kind, row: Any) -> bool:
    try:
        kind.read(actor, row)
    except (Forbidden, NotFound):
        return False
    return True
