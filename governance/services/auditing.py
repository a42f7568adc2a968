"""Walking along the audit chain: is every entry there, as it was written? And its head, written down elsewhere.

Owns what counts as broken. An entry that was edited, removed, put in or moved breaks the chain; a tail that was cut off
shows only beside a head that was exported before. Never repairs anything.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings

from governance.audit_chain import GENESIS, link, moment
from governance.models import AuditEntry, AuditHead, AuditVerification
from governance.services.audit import facts
from orchestration import clock
from orchestration.errors import InvalidInput

HEADS = "audit-heads.jsonl"
#: Entries read at once, and so kept in memory.
BATCH = 1_000
#: How often the whole chain is walked while the portal runs.
APART = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Verified:
    """What a walk came to. `first_bad` is the sequence of the first entry that is not as it was written, or not there."""

    entries: int
    ok: bool
    first_bad: int | None
    problem: str
    head_hash: str


@dataclass(frozen=True, slots=True)
class Head:
    """A head that was exported: so many entries, the last with this hash."""

    entries: int
    hash: str


class Walk:
    """One walk from the first entry to where the chain ended when it began; can be done in slices."""

    def __init__(self, exported: Iterable[Head] = ()) -> None:
        self._exported = {head.entries: head.hash for head in exported}
        # In this order: an entry and its head come in one transaction, so no head that is read later can be behind it.
        top = AuditEntry.objects.order_by("-sequence").values_list("sequence", flat=True).first() or 0
        head = AuditHead.objects.filter(pk=1).first()
        self._top = top
        self._until, self._head_hash = (head.sequence, head.hash) if head else (0, GENESIS)
        self._at, self._hash = 0, GENESIS

    def step(self, seconds: float) -> Verified | None:
        """Go on for so long; what it came to, once the end or a fault is reached."""
        ends = time.monotonic() + seconds
        if self._at == 0 and (before_first := AuditEntry.objects.filter(sequence__lt=1).first()):
            return self._broken(before_first.sequence, "an entry was put before the first one")
        size = BATCH
        while self._at < self._until:
            rows = AuditEntry.objects.filter(sequence__gt=self._at, sequence__lte=self._until).order_by("sequence")
            try:
                found = list(rows[:size])
            except (ValueError, TypeError):  # SQLite takes any text in any column; one by one, to find which
                if size == 1:
                    return self._broken(self._at + 1, "the entry can't be read any more")
                size = 1
                continue
            if not found:
                return self._broken(self._at + 1, "the entry is missing, with all after it up to the head")
            for entry in found:
                if problem := self._fault(entry):
                    return problem
                self._at, self._hash = entry.sequence, entry.hash
            if self._at < self._until and time.monotonic() >= ends:
                return None
        return self._end()

    def _fault(self, entry: AuditEntry) -> Verified | None:
        expected, data = self._at + 1, _bytes(entry.canonical)
        if entry.sequence != expected:
            return self._broken(expected, "the entry is missing")
        if entry.previous != self._hash:
            return self._broken(expected, "the entry does not follow the one before it")
        if entry.hash != link(self._hash, data):
            return self._broken(expected, "the entry's hash is not that of its content")
        if not _tells(data, entry):
            return self._broken(expected, "the entry's columns are not what was hashed")
        if self._exported.get(expected, entry.hash) != entry.hash:
            return self._broken(expected, "the chain up to here is another than when its head was exported")
        return None

    def _end(self) -> Verified:
        if self._hash != self._head_hash:
            return self._broken(self._until, "the head is not that of the last entry")
        if self._top > self._until:
            return self._broken(self._until + 1, "an entry stands behind the head")
        if (longest := max(self._exported, default=0)) > self._until:
            return self._broken(
                self._until + 1, f"the tail was cut off: a head was exported when there were {longest:,} entries"
            )
        return Verified(self._until, True, None, "", self._head_hash)

    def _broken(self, sequence: int, problem: str) -> Verified:
        return Verified(max(self._until, self._top), False, sequence, problem, self._head_hash)


def verify(exported: Iterable[Head] = ()) -> Verified:
    """Walk the whole chain now, in flat memory; compare it with heads that were exported."""
    found = Walk(exported).step(float("inf"))
    assert found is not None
    return found


def keep(found: Verified) -> None:
    """Store what a walk came to, for the audit page."""
    said = "" if found.ok else f"entry {found.first_bad}: {found.problem}"
    AuditVerification.objects.update_or_create(
        pk=1, defaults={"at": clock.now(), "entries": found.entries, "problem": said}
    )


def is_due() -> bool:
    """Whether the last walk is as long ago as walks are apart."""
    last = AuditVerification.objects.filter(pk=1).values_list("at", flat=True).first()
    return last is None or clock.now() - last >= APART


def export_head() -> Path:
    """Append where the chain ends now to a file in the data folder: a copy of it elsewhere shows a tail that was cut."""
    head = AuditHead.objects.filter(pk=1).first()
    line = {"at": moment(clock.now()), "entries": head.sequence if head else 0, "hash": head.hash if head else GENESIS}
    path: Path = settings.PLUMBLINE.data_dir / HEADS
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(descriptor, (json.dumps(line) + "\n").encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return path


def read_heads(path: Path) -> list[Head]:
    """The heads of such a file. Raises InvalidInput, which names the line."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path} can't be read: {error}; name a copy of {HEADS}") from error
    heads = []
    for number, line in enumerate(lines, start=1):
        try:
            head = json.loads(line)
            heads.append(Head(int(head["entries"]), str(head["hash"])))
        except (ValueError, TypeError, KeyError) as error:
            raise InvalidInput(f"{path}:{number} is no exported head; each line is one, as {HEADS} has them") from error
    return heads


def _bytes(kept: Any) -> bytes:
    """As written: PostgreSQL gives a view of them. SQLite holds whatever somebody put there, which then is not it."""
    return kept.encode("utf-8", "surrogatepass") if isinstance(kept, str) else bytes(kept)


def _tells(data: bytes, entry: AuditEntry) -> bool:
    try:
        return bool(json.loads(data) == facts(entry))
    except (ValueError, TypeError, AttributeError):
        return False
