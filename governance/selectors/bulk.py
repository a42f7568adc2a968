"""Reads of bulk changes: one of them, and the files of chosen documents. Never writes."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from governance.models import BulkChange, Runbook
from governance.selectors.decision_files import exported
from governance.selectors.runbook_files import export_runbooks
from orchestration.errors import InvalidInput, NotFound

#: What can be had as files.
EXPORTED = ("decision", "runbook")


def find_bulk(number: int) -> BulkChange:
    """By number. Raises NotFound."""
    found = BulkChange.objects.select_related("person").filter(pk=number).first() if number < 2**31 else None
    if found is None:
        raise NotFound(f"there is no bulk change {number}")
    return found


def bulk_by_key(key: uuid.UUID) -> BulkChange | None:
    """The one that a form or call with this key asked for, if any did."""
    return BulkChange.objects.filter(key=key).first()


def files_of(kind: str, keys: Sequence[str]) -> list[tuple[str, bytes]]:
    """Path and content of these decisions or runbooks; one that is gone is left out. Raises InvalidInput for other kinds."""
    if kind == "decision":
        return list(exported(numbers=[int(key) for key in keys if key.isascii() and key.isdigit() and len(key) < 10]))
    if kind == "runbook":
        rows = Runbook.objects.select_related("owner").prefetch_related("links__workflow", "links__dependency")
        chosen = rows.filter(slug__in=[key for key in keys if key.isprintable()]).order_by("slug")
        return [(path, text.encode()) for path, text in export_runbooks(chosen)]
    raise InvalidInput(f"{kind}s are not exported as files; {' and '.join(f'{one}s' for one in EXPORTED)} are")
