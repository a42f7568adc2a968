"""Changing many documents at once: first tried and taken back, to show what would become of each, then done one by one.

Owns that flow: each document by itself, over the revision that was read, with its own permission, revision and audit entries;
what is refused stops none of the others. A step and its outcome come in one transaction, so that a doubled click or a process
that was killed in between does nothing twice. How a document is written is services/bulk_nouns.py's. Never decides who may.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction

from governance.models import AuditHead, BulkChange
from governance.origin import coming_by, via
from governance.services.bulk_nouns import OWNER, Noun, Wanted, consequence, find_noun, now_of, read_wanted
from governance.services.documents import EditConflict
from orchestration import clock
from orchestration.errors import Conflict, InvalidInput, PlumblineError, Violation
from orchestration.models import Team
from orchestration.services.applying import Signature
from orchestration.services.governed import hold, require_reason

#: More than these are no longer read before they are changed.
MOST = 100
CHANGED, UNCHANGED, REFUSED = "changed", "unchanged", "refused"
OUTCOMES = (CHANGED, UNCHANGED, REFUSED)
#: What is left of a token's name in the audit log, so that the reference behind it is never cut off.
_LONGEST_WAY = 100
_KEY = re.compile(r"[a-zA-Z0-9_-]{1,120}")
#: Raises Forbidden unless documents of that team (None: of everybody) may be edited.
Require = Callable[[Team | None], None]


@dataclass(frozen=True, slots=True)
class Target:
    """A document as somebody chose it, at the revision that they saw."""

    key: str
    revision: int


@dataclass(frozen=True, slots=True)
class Line:
    """What becomes of one: `revision` is the one that was read and `becomes` the one that it is at then, `was` what it has
    before, `detail` why it is refused or what else comes of it."""

    key: str
    revision: int
    title: str = ""
    becomes: int = 0
    was: str = ""
    outcome: str = ""
    detail: str = ""


def plan(
    *, noun: Noun, targets: Sequence[Target], wanted: Wanted, require: Require, actor: Any
) -> list[Line]:  # fmt: skip
    """What would become of each. It is done and taken back, since only the services know all that they refuse."""
    signature, lines = Signature(actor, "what a bulk change would do"), []
    for target in checked(targets):
        with transaction.atomic():
            hold()
            lines.append(_changed(noun, target, lambda: wanted, require, signature))
            transaction.set_rollback(True)
    return lines


def begin(
    *, key: uuid.UUID, noun: Noun, targets: Sequence[Target], wanted: Wanted, actor: Any, reason: str
) -> BulkChange:  # fmt: skip
    """Keep what is asked, before any of it is done. The same key again gives the same one. Raises InvalidInput, Conflict."""
    asked = {"kind": noun.kind, "field": wanted.field, "value": wanted.value, "reason": require_reason(reason)}
    lines = [asdict(Line(one.key, one.revision)) for one in checked(targets)]
    with transaction.atomic():
        hold()
        bulk, is_new = BulkChange.objects.get_or_create(
            key=key, defaults={**asked, "person": actor, "lines": lines, "asked_at": clock.now()}
        )
    same = bulk.person_id == actor.pk and all(getattr(bulk, name) == value for name, value in asked.items())
    if not is_new and not (same and _targets(bulk) == list(targets)):
        raise Conflict(f"this key is that of bulk change {bulk.pk}, which is another; choose a new key")
    return bulk


def carry_out(bulk: BulkChange, *, require: Require) -> BulkChange:
    """Do what is still to be done of it, one document after the other."""
    noun = find_noun(bulk.kind)
    for position in range(len(bulk.lines)):
        _step(bulk.pk, position, noun, require)
    with transaction.atomic():
        found = BulkChange.objects.select_for_update().get(pk=bulk.pk)
        if found.ended_at is None:
            found.ended_at = clock.now()
            found.save(update_fields=["ended_at"])
    return found


def checked(targets: Sequence[Target]) -> Sequence[Target]:
    """The same, if they are some, not too many, and each once. Raises InvalidInput."""
    text = ""
    if not targets:
        text = "choose at least one document"
    elif len(targets) > MOST:
        text = f"{len(targets):,} documents are too many at once; choose at most {MOST}"
    elif any(not _KEY.fullmatch(target.key) for target in targets):
        text = "name each document by its number or its name, as in 12 or payments-slow"
    elif len({_plain(target.key) for target in targets}) < len(targets):
        text = "a document is named twice; name each once"
    if text:
        raise InvalidInput(text, [Violation("/items", text)])
    return targets


def own_key(person: Any, sent: str) -> uuid.UUID:
    """The key that this person's page or call sent, as the row has it. Each person's keys are their own."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"plumbline:bulk:{person.pk}:{sent}")


def count(lines: Sequence[dict[str, Any]], outcome: str) -> int:
    """How many ended so."""
    return sum(line["outcome"] == outcome for line in lines)


def _step(pk: int, position: int, noun: Noun, require: Require) -> None:
    with transaction.atomic():
        hold()
        bulk = BulkChange.objects.select_for_update(of=("self",)).select_related("person").get(pk=pk)
        asked = bulk.lines[position]
        if asked["outcome"]:
            return  # the other click, or this one before its process was killed
        before = _head()
        with coming_by(f"{via()[:_LONGEST_WAY]}, {bulk}"):
            target, signature = Target(asked["key"], asked["revision"]), Signature(bulk.person, bulk.reason)
            done = _changed(noun, target, lambda: read_wanted(noun, bulk.field, bulk.value), require, signature)
        bulk.lines[position] = asdict(done)
        if _head() > before:
            bulk.first_entry, bulk.last_entry = bulk.first_entry or before + 1, _head()
        bulk.save(update_fields=["lines", "first_entry", "last_entry"])


def _changed(
    noun: Noun, target: Target, read: Callable[[], Wanted], require: Require, signature: Signature
) -> Line:  # fmt: skip
    """Change one, or say why not. What was begun of a refused one is taken back."""
    title, was, becomes, outcome = "", "", 0, REFUSED
    try:
        document, wanted = noun.find(target.key), read()
        title, was, note = document.title, now_of(document, wanted.field), consequence(document, wanted)
        with transaction.atomic():
            require(document.owner)
            if wanted.field == OWNER:
                require(wanted.owner)
            becomes = noun.write(document, target.revision, wanted, signature).revision
        outcome = UNCHANGED if becomes == target.revision else CHANGED
    except EditConflict as error:
        note = f"it was edited meanwhile and is at revision {error.current.revision}; look at it again"
    except PlumblineError as error:
        note = str(error)
    return Line(target.key, target.revision, title, becomes, was, outcome, "" if outcome == UNCHANGED else note)


def _plain(key: str) -> str:
    """A number as 07 is the same as 7; no name begins with a digit."""
    return str(int(key)) if key.isdigit() else key


def _targets(bulk: BulkChange) -> list[Target]:
    return [Target(line["key"], line["revision"]) for line in bulk.lines]


def _head() -> int:
    return AuditHead.objects.filter(pk=1).values_list("sequence", flat=True).first() or 0
