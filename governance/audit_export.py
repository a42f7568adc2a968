"""The audit log as files: CSV for people's tables, JSONL for programs. Pure: entries in, lines out; never reads any.

A line of JSONL has all that is needed to check the chain again outside: see docs/audit.md.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from governance.models import AuditEntry
from governance.services.audit import facts

COLUMNS = (
    "sequence", "at", "actor", "via", "action", "kind", "name", "reason", "before", "after", "previous", "hash",
)  # fmt: skip
#: What a spreadsheet would run as a formula when a cell begins with it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def shown(entry: AuditEntry) -> dict[str, Any]:
    """All that is told of an entry, and its place in the chain."""
    return {**facts(entry), "previous": entry.previous, "hash": entry.hash}


def jsonl(entries: Iterable[AuditEntry]) -> Iterator[str]:
    """A JSON object on each line."""
    for entry in entries:
        yield json.dumps(shown(entry), ensure_ascii=False) + "\n"


def as_csv(entries: Iterable[AuditEntry]) -> Iterator[str]:
    """A head and a row for each entry; what changed is JSON in a cell. No cell is a formula."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    for row in _rows(entries):
        writer.writerow(row)
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def _rows(entries: Iterable[AuditEntry]) -> Iterator[Iterable[Any]]:
    yield COLUMNS
    for entry in entries:
        told = shown(entry)
        yield [_cell(told[column]) for column in COLUMNS]


def _cell(value: Any) -> Any:
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


FORMATS: dict[str, Callable[[Iterable[AuditEntry]], Iterator[str]]] = {"csv": as_csv, "jsonl": jsonl}
