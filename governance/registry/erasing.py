"""A version of a subject goes for good: for clients; the contract keeps its history, and the audit log what went.

Owns that removal. Never asks whether it may go: deleting.py and registering.py do.
"""

from __future__ import annotations

from typing import Any

from governance.models import SubjectVersion
from governance.services import audit


def erase(found: list[SubjectVersion], actor: Any, reason: str) -> list[int]:
    """The numbers that are gone."""
    for one in found:
        audit.record(
            action="deleted", kind="subject version", name=str(one), actor=actor, reason=reason,
            before={"subject": one.subject.name, "number": one.number, "schema": one.schema_id},
        )  # fmt: skip
    SubjectVersion.objects.filter(pk__in=[one.pk for one in found]).delete()
    return [one.number for one in found]
