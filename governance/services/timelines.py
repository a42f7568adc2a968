"""What people make of a postmortem's timeline: pin a line, hide it, annotate it, add one of their own, take that back.

Owns that a published timeline stands still. Never decides who may write: portal asks that.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.db import transaction

from governance.models import Postmortem, TimelineMark
from governance.selectors.incident_lines import OWN, timeline
from governance.services.documents import Faults
from orchestration import clock
from orchestration.errors import Conflict, InvalidInput, NotFound
from orchestration.services.governed import delete, hold, require_reason, save

MAX_TEXT = 1_000
#: More lines of their own are a novel, and more marks than lines can't be.
MOST_MARKS = 500


def mark_line(*, postmortem: Postmortem, key: str, shown: str, note: str, actor: Any) -> TimelineMark:
    """Pin, hide or annotate a line; `plain` without a note is how it was. Raises NotFound, InvalidInput, Conflict."""
    note = _checked("note", note, required=False)
    if shown not in TimelineMark.Shown.values:
        raise InvalidInput(f"a line is {', '.join(TimelineMark.Shown.values)}, not {shown[:40]!r}")
    with transaction.atomic():
        _open(postmortem)
        line = next((one for one in timeline(postmortem).lines if one.key == key), None)
        if line is None:
            raise NotFound("this line is no longer in the timeline; look at it again")
        found = postmortem.marks.filter(key=key).first()
        mark = found or TimelineMark(postmortem=postmortem, key=key, at=line.at, text=line.text)
        if (mark.shown, mark.note) != (shown, note) or found is None:
            mark.shown, mark.note = shown, note
            save(mark, actor=actor, reason=f"A line of the timeline: {note or shown}")
        return mark


def add_line(*, postmortem: Postmortem, at: datetime, text: str, actor: Any) -> TimelineMark:
    """A line of their own: what no machine saw. Raises InvalidInput, Conflict."""
    text = _checked("text", text, required=True)
    if at > clock.now():
        faults = Faults()
        faults.add("at", "it lies in the future; say when it happened")
        faults.check()
    with transaction.atomic():
        _open(postmortem)
        if postmortem.marks.count() >= MOST_MARKS:
            raise Conflict(f"this timeline has {MOST_MARKS} marks already; tell the rest in the text")
        mark = TimelineMark(postmortem=postmortem, key=f"{OWN}{uuid.uuid4()}", at=at, text=text)
        save(mark, actor=actor, reason=f"A line of the timeline: {text}"[:2_000])
    return mark


def remove_line(*, postmortem: Postmortem, key: str, actor: Any, reason: str) -> None:
    """Take back a line of one's own. Raises NotFound, Conflict."""
    reason = require_reason(reason)
    with transaction.atomic():
        _open(postmortem)
        mark = postmortem.marks.filter(key=key, key__startswith=OWN).first()
        if mark is None:
            raise NotFound("nobody wrote this line, or it is gone already")
        delete(mark, actor=actor, reason=reason)


def _open(postmortem: Postmortem) -> None:
    """Wait for our turn, then look: somebody may have published it meanwhile."""
    hold()
    postmortem.refresh_from_db(fields=["status", "frozen", "began_at", "ended_at"])
    if postmortem.is_published:
        raise Conflict(f"{postmortem} is published, and its timeline stands still; correct its text instead")


def _checked(field: str, text: str, *, required: bool) -> str:
    faults, text = Faults(), text.strip().replace("\r\n", "\n")
    if required and not text:
        faults.add(field, "say in a sentence what happened")
    elif len(text) > MAX_TEXT:
        faults.add(field, f"{len(text):,} characters; the limit is {MAX_TEXT:,}")
    elif "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        faults.add(field, "it has a character that no database here can hold; remove it")
    faults.check()
    return text
