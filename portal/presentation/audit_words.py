"""An audit entry as people read it: the look of its action, what changed line by line, and how the chain stands.

Owns those words. Never reads the database.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from governance.models import AuditEntry, AuditVerification
from portal.presentation import quantities
from portal.presentation.words import Look

ACTION = {
    "created": Look("unk", "plus", "Created"),
    "changed": Look("unk", "edit", "Changed"),
    "deleted": Look("warn", "trash", "Deleted"),
    "proposed": Look("unk", "new", "Proposed"),
    "edited": Look("unk", "edit", "Edited"),
    "reviewed": Look("unk", "check", "Reviewed"),
    "commented": Look("unk", "user", "Commented"),
    "reminded": Look("unk", "wait", "Reminded"),
    "waived": Look("warn", "hand", "Waived"),
    "approved": Look("ok", "ok", "Approved"),
    "applied": Look("ok", "ok", "Applied"),
    "rejected": Look("fail", "stop", "Rejected"),
    "withdrawn": Look("unk", "undo", "Withdrawn"),
    "expired": Look("unk", "none", "Expired"),
    "rescheduled": Look("unk", "wait", "Rescheduled"),
    "reopened": Look("warn", "retry", "Reopened"),
    "verified": Look("unk", "check", "Verified"),
    "forced": Look("warn", "lock", "Forced"),
    "switched": Look("warn", "flag", "Switched"),
    "released": Look("ok", "undo", "Released"),
    "acknowledged": Look("unk", "user", "Acknowledged"),
    "resolved": Look("ok", "ok", "Resolved"),
    "started": Look("unk", "running", "Started"),
    "cancelled": Look("warn", "stop", "Cancelled"),
    "ticked": Look("unk", "check", "Ticked"),
    "acted": Look("unk", "rerun", "Acted"),
    "input_edited": Look("warn", "edit", "Input edited"),
    "glass_asked": Look("warn", "warn", "Glass: asked"),
    "glass_broken": Look("fail", "fail", "Glass: broken"),
    "glass_lapsed": Look("warn", "undo", "Glass: lapsed"),
}
#: A walk begins every hour; after three without one, nobody is walking.
STALE_AFTER = timedelta(hours=3)
#: More lines than these are folded.
MOST_OPEN = 3
_LONGEST = 120
#: No name of a token gets as far as this: governance.origin lets no comma of one through.
_BULK = re.compile(r", bulk ([1-9][0-9]{0,8})\Z")
_SUM = re.compile(r"[0-9a-f]{64}")
#: A moment as the log keeps it, in UTC.
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?(?:Z|\+00:00)")


@dataclass(frozen=True, slots=True)
class Delta:
    """One field, as it was and as it is; None where it was not, or is no more."""

    field: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the list. `history_url` leads to the object's revisions; empty where the reader has none to read."""

    entry: AuditEntry
    look: Look
    deltas: list[Delta]
    history_url: str = ""

    @property
    def is_folded(self) -> bool:
        """A new object has many fields, which few will read."""
        return len(self.deltas) > MOST_OPEN

    @property
    def by_token(self) -> bool:
        """That a person came in by the browser goes without saying."""
        return self.entry.via.startswith("token ")

    @property
    def way(self) -> str:
        """By what it came in, without the bulk change behind it."""
        return _BULK.sub("", self.entry.via)

    @property
    def bulk(self) -> int | None:
        """The number of the bulk change that it belongs to."""
        found = _BULK.search(self.entry.via)
        return int(found[1]) if found else None

    @property
    def trail(self) -> str:
        """The query of everything that happened to this object."""
        return urlencode({"kind": self.entry.object_kind, "name": self.entry.object_name})


def row(entry: AuditEntry, history_url: str = "") -> Row:
    """An entry as a line."""
    return Row(entry, action_look(entry.action), deltas(entry.before, entry.after), history_url)


def action_look(action: str) -> Look:
    """Its word; one that this table does not know is shown as it is."""
    return ACTION.get(action) or Look("unk", "audit", action.replace("_", " ").capitalize())


def deltas(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> list[Delta]:
    """Every field that either has, in the order they came. Of what was made or deleted there is one side only."""
    was, now = (before or {}, after) if after is not None else ({}, before or {})
    return [
        Delta(
            name.replace("_", " "),
            value_words(was[name]) if name in was else None,
            value_words(now[name]) if name in now else None,
        )
        for name in dict.fromkeys([*was, *now])
    ]


def value_words(value: Any) -> str:
    """A value on one line; of what was too long to be kept, its size and the beginning of its sum."""
    if isinstance(value, dict) and value.keys() == {"sha256", "length"}:
        return f"{value['length']:,} characters, sha256 {str(value['sha256'])[:8]}…"
    if value is None or value == "":
        return "empty"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if _SUM.fullmatch(text):
        return f"{text[:12]}…"
    if moment := _MOMENT.fullmatch(text):
        return f"{moment[1]} {moment[2]} UTC"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def chain_look(last: AuditVerification | None, now: datetime) -> Look:
    """Whether the chain is whole, and who says so since when."""
    if last is None:
        return Look("unk", "unk", "Chain not verified yet")
    when = quantities.relative(last.at, now)
    if last.problem:
        return Look("fail", "fail", f"Chain broken, found {when}")
    told = f"{last.entries:,} {'entry' if last.entries == 1 else 'entries'}"
    if now - last.at > STALE_AFTER:
        return Look("warn", "warn", f"Chain last verified {when}, {told}")
    return Look("ok", "audit", f"Chain verified {when}, {told}")
