"""What documents share when they are written, whatever they are: checked text, signed revisions, links, no lost edit.

Owns those rules. Never decides who may write: portal asks that before it calls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from django.db import models

from governance.models import Contract, Decision, Pattern, Postmortem, Runbook
from governance.models import Document as AnyDocument
from governance.models.linking import COLUMNS
from orchestration import clock
from orchestration.errors import Conflict, InvalidInput, Violation
from orchestration.models import Dependency, Team, Workflow
from orchestration.services.governed import delete, hold, save
from orchestration.services.world import suggestion

MAX_BODY = 200_000
MAX_TITLE = 200
MAX_LINKS = 200

Named = TypeVar("Named", Workflow, Dependency, Contract)


class EditConflict(Conflict):
    """The document has moved on since the edit began. `current` is what it is now; the edit was not written."""

    def __init__(self, current: AnyDocument) -> None:
        super().__init__(
            f"{current} is at revision {current.revision} by now; read it again, merge your edit and send that revision"
        )
        self.current = current


class Faults:
    """Gathers every violation, so that a person corrects a form once."""

    def __init__(self) -> None:
        self._found: list[Violation] = []

    def add(self, field: str, message: str) -> None:
        """One fault of a field."""
        self._found.append(Violation(f"/{field}", message))

    def check(self) -> None:
        """Raise InvalidInput if there are any."""
        if self._found:
            raise InvalidInput("; ".join(fault.message for fault in self._found), self._found)


def checked_title(title: str, faults: Faults) -> str:
    """Trimmed, one line, not empty, within the limit."""
    text = title.strip()
    if not text:
        faults.add("title", "the title is empty; say in a few words what the document is about")
    elif len(text) > MAX_TITLE:
        faults.add("title", f"the title has {len(text):,} characters; the limit is {MAX_TITLE}")
    elif "\n" in text or "\r" in text:
        faults.add("title", "the title has a line break; write it on one line")
    _storable("title", text, faults)
    return text


def checked_body(body: str, faults: Faults) -> str:
    """With Unix line ends, within the limit."""
    text = body.replace("\r\n", "\n").replace("\r", "\n")
    if len(text) > MAX_BODY:
        faults.add("body", f"the text has {len(text):,} characters; the limit is {MAX_BODY:,}")
    _storable("body", text, faults)
    return text


def _storable(field: str, text: str, faults: Faults) -> None:
    if "\x00" in text:
        place = text.count("\n", 0, text.index("\x00")) + 1
        faults.add(field, f"line {place} has the character U+0000, which no database here can hold; remove it")
    elif any("\ud800" <= char <= "\udfff" for char in text):
        faults.add(field, "the text has half of a surrogate pair, which is no character; remove it")


def named(model: type[Named], names: Sequence[str], field: str, faults: Faults) -> list[Named]:
    """The rows of these names, each once; unknown ones become faults with a suggestion."""
    wanted = list(dict.fromkeys(names))
    if len(wanted) > MAX_LINKS:
        faults.add(field, f"{len(wanted):,} names; the limit is {MAX_LINKS}")
        return []
    rows = {row.name: row for row in model._default_manager.filter(name__in=[name for name in wanted if _plain(name)])}
    missing = [name for name in wanted if name not in rows]
    if missing:
        known = list(model._default_manager.values_list("name", flat=True))
        for name in missing:
            kind = model._meta.verbose_name
            faults.add(field, f"there is no {kind} {name[:63]!r}{suggestion(name[:63], known)}")
    return [rows[name] for name in wanted if name in rows]


def _plain(name: str) -> bool:
    return name.isascii() and name.isprintable()


def find_team(name: str) -> Team:
    """The team that is to own a document. Raises InvalidInput with a suggestion."""
    team = Team.objects.filter(name=name).first() if _plain(name) else None
    if team is None:
        known = Team.objects.values_list("name", flat=True)
        hint = suggestion(name[:63], known) or "; apply its manifest first"
        text = f"there is no team {name[:63]!r}{hint}"
        raise InvalidInput(text, [Violation("/owner", text)])
    return team


Document = TypeVar("Document", Decision, Runbook, Postmortem, Pattern)


def lock(document: Document, revision: int | None) -> Document:
    """The document as it is now, locked until the transaction ends. Raises EditConflict unless at `revision`."""
    hold()
    current = type(document)._default_manager.select_for_update().get(pk=document.pk)
    if revision is not None and revision != current.revision:
        raise EditConflict(current)
    return current


def sign(document: Document, links: Callable[[datetime], None], *, actor: Any, reason: str) -> Document:
    """Save the document as its next revision, then its links, all with one time in their histories.

    One time, because a revision is shown with the links that it had: those of that moment.
    """
    moment = clock.now()
    date(document, moment)
    save(document, actor=actor, reason=reason)
    links(moment)
    return document


def unlinked(_moment: datetime) -> None:
    """For `sign`, when the links stay as they are."""


def linked_workflows(document: Any) -> list[str]:
    """Names of the workflows that a decision, runbook or postmortem is about."""
    return list(document.links.exclude(workflow=None).values_list("workflow__name", flat=True))


def links_of(document: Runbook | Postmortem) -> set[tuple[str, int]]:
    """What it is linked to, as it is stored: the column and the key."""
    rows = document.links.values(*(f"{column}_id" for column in COLUMNS))
    return {(column, row[f"{column}_id"]) for row in rows for column in COLUMNS if row[f"{column}_id"] is not None}


def contracts_in(facts: tuple[Any, ...] | None) -> set[tuple[str, int]]:
    """The contracts among the links that a revision ended with; none of a new document."""
    return {link for link in facts[-1] if link[0] == "contract"} if facts is not None else set()


def sync_links(
    document: Decision | Runbook | Postmortem, relation: str, targets: Iterable[models.Model], moment: datetime, *, actor: Any,
    reason: str,
) -> None:  # fmt: skip
    """Make the document's links by `relation` (workflow, dependency or contract) exactly these."""
    wanted = {target.pk: target for target in targets}
    existing = {getattr(link, f"{relation}_id"): link for link in document.links.all()}
    existing.pop(None, None)
    for pk, link in existing.items():
        if pk not in wanted:
            date(link, moment)
            delete(link, actor=actor, reason=reason)
    for pk, target in wanted.items():
        if pk not in existing:
            link = document.links.model(**{type(document).__name__.lower(): document, relation: target})
            date(link, moment)
            save(link, actor=actor, reason=reason)


def date(instance: models.Model, moment: datetime) -> None:
    """The time that its next row of history has."""
    instance._history_date = moment  # type: ignore[attr-defined]
