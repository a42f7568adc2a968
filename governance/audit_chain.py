"""How an audit entry becomes bytes, and how those are chained. Pure: no Django, no database.

Owns the canonical form, the hash, and what is too long to be kept as it is. Never decides what is recorded.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

#: What stands before the first entry.
GENESIS = "0" * 64
#: A longer text or document is kept as its sum and length only: the log tells what changed, not the content.
LONGEST_VALUE = 200


def canonical(facts: Mapping[str, Any]) -> bytes:
    """One form for the same facts: JSON in ASCII, keys sorted, no spaces."""
    return json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=_plain).encode()


def link(previous: str, data: bytes) -> str:
    """sha256(previous ‖ bytes), in hex."""
    return hashlib.sha256(bytes.fromhex(previous) + data).hexdigest()


def moment(at: datetime) -> str:
    """A time as entries have it: UTC, to the microsecond."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def shortened(fields: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The fields as JSON values, what is too long as {"sha256", "length"}."""
    if fields is None:
        return None
    return {name: _short(json.loads(canonical({"": value}))[""]) for name, value in fields.items()}


def _short(value: Any) -> Any:
    text = value if isinstance(value, str) else canonical({"": value}).decode()[4:-1]
    if len(text) <= LONGEST_VALUE:
        return value
    return {"sha256": hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest(), "length": len(text)}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return moment(value)
    return value.isoformat() if isinstance(value, date) else str(value)
