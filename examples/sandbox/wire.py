"""Requests, replies and refusals as the services see them, and readers that refuse a malformed field by name.

Owns the shape of an error body. Knows nothing of sockets and nothing of any one service.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Request:
    """One call. `path` is relative to the service and still percent-encoded; header names are lower case."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    at: float = 0.0

    @property
    def key(self) -> str | None:
        """The caller's Idempotency-Key, if it sent one."""
        return self.headers.get("idempotency-key") or None

    @property
    def moment(self) -> str:
        """When the call came, as a timestamp for answers."""
        return datetime.fromtimestamp(self.at, UTC).isoformat(timespec="milliseconds")


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer, always JSON."""

    status: int
    body: Record
    headers: Mapping[str, str] = field(default_factory=dict)


class Refused(Exception):
    """A call that a service says no to, with a code for programs and a sentence for people."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.reply = Reply(status, {"error": {"code": code, "message": message}}, dict(headers or {}))


def text(body: Any, name: str, limit: int = 200) -> str:
    """A non-empty string field of an object."""
    value = body.get(name) if isinstance(body, dict) else None
    if not isinstance(value, str) or not 0 < len(value) <= limit:
        raise Refused(422, "invalid_field", f"{name}: a text of 1 to {limit} characters is required")
    return value


def whole(body: Any, name: str, low: int, high: int) -> int:
    """An integer field of an object, within bounds."""
    value = body.get(name) if isinstance(body, dict) else None
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise Refused(422, "invalid_field", f"{name}: an integer from {low} to {high} is required")
    return value


def rows(body: Any, name: str, limit: int = 100) -> list[Record]:
    """A non-empty list of objects."""
    value = body.get(name) if isinstance(body, dict) else None
    if not isinstance(value, list) or not 0 < len(value) <= limit or not all(isinstance(row, dict) for row in value):
        raise Refused(422, "invalid_field", f"{name}: a list of 1 to {limit} objects is required")
    return value


def day(value: str) -> date:
    """A calendar day out of a path."""
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise Refused(422, "invalid_date", f"{value[:20]!r} is not a date; write it as 2026-11-30") from None
