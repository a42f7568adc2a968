"""What services announce of their own end in the answers that http steps get: Deprecation (RFC 9745) and Sunset (RFC 8594).

Written to the dependency when it is new to this process, so once and not with each call. Owns the reading of the three headers.
Never fails a step: an answer with an unreadable date is still the answer.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import structlog
from django.db import DatabaseError

from orchestration import clock
from orchestration.models import Dependency, DependencyEnd

log = structlog.get_logger(__name__)
#: `<address>; …; rel="sunset"`, RFC 8288; the address of the first that has one of the two relations.
_LINK = re.compile(r'<([^<>]{1,500})>\s*;[^,]*\brel="?(?:[^"]*\s)?(?:sunset|deprecation)\b')
_heard: dict[str, Announcement] = {}
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Announcement:
    """When it was or will be deprecated, when it goes, and where to read of it."""

    deprecated_at: datetime | None
    sunset_at: datetime | None
    link: str


def heed(dependency: str, headers: Mapping[str, str]) -> None:
    """Keep what an answer's head (lower-case names) announces, where it announces anything."""
    if "sunset" not in headers and "deprecation" not in headers:
        return
    found = announcement(headers)
    with _lock:
        if found == _heard.get(dependency) or (found.sunset_at is None and found.deprecated_at is None):
            return
        _heard[dependency] = found
    try:
        row = Dependency.objects.filter(name=dependency).first()
        if row is not None:
            facts = {"deprecated_at": found.deprecated_at, "sunset_at": found.sunset_at, "link": found.link}
            DependencyEnd.objects.update_or_create(dependency=row, defaults={**facts, "seen_at": clock.lately()})
    except DatabaseError as error:  # the step has its answer; the next process says it again
        log.warning("dependency.announcement_not_kept", dependency=dependency, error=str(error))
        with _lock:
            _heard.pop(dependency, None)


def announcement(headers: Mapping[str, str]) -> Announcement:
    """As the headers say it; what can't be read is left out."""
    links = _LINK.search(headers.get("link", ""))
    address = links[1] if links and links[1].startswith(("https://", "http://")) else ""
    return Announcement(_unix(headers.get("deprecation", "")), _http_date(headers.get("sunset", "")), address)


def forget() -> None:
    """Hear everything anew: for tests, which have a database each."""
    with _lock:
        _heard.clear()


def _unix(text: str) -> datetime | None:
    """`@1688169599`, a date of structured fields (RFC 9651)."""
    digits = text.strip().removeprefix("@")
    try:
        return datetime.fromtimestamp(int(digits), UTC) if text.strip().startswith("@") else None
    except (ValueError, OverflowError, OSError):
        return None


def _http_date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
