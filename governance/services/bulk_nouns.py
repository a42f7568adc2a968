"""What of each noun may be changed for many documents at once, and how one of them is then written: as an edit by hand is.

Owns that list. A decision is accepted at the gate and superseded by another, and a postmortem's publishing freezes its figures:
each of these is done one by one, on its own page. Never decides who may write.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from governance.gate.decisions import submit, waiting
from governance.models import Decision, Document, Pattern, Postmortem, Runbook
from governance.services.decisions import edit_decision
from governance.services.documents import find_team, linked_workflows
from governance.services.patterns import edit_pattern
from governance.services.postmortems import edit_postmortem
from governance.services.runbooks import edit_runbook
from orchestration import clock
from orchestration.errors import Conflict, InvalidInput, NotFound, Violation
from orchestration.models import Team
from orchestration.services.applying import Signature

OWNER, STATUS, REVIEW_BY = "owner", "status", "review_by"


@dataclass(frozen=True, slots=True)
class Wanted:
    """The one thing that each of them is to have."""

    field: str
    value: str
    owner: Team | None = None
    day: datetime.date | None = None

    def over(self, owner: Team | None, status: str, review_by: datetime.date | None = None) -> dict[str, Any]:
        """A document's owner, status and review date, with the wanted one in its place."""
        return {
            OWNER: self.owner if self.field == OWNER else owner,
            STATUS: self.value if self.field == STATUS else status,
            REVIEW_BY: self.day if self.field == REVIEW_BY else review_by,
        }


@dataclass(frozen=True, slots=True)
class Noun:
    """A kind of document. `write` makes the next revision over the one given; `key` is the column by which people name one."""

    kind: str
    model: type[Document]
    key: str
    fields: tuple[str, ...]
    statuses: tuple[str, ...]
    write: Callable[[Any, int, Wanted, Signature], Document]
    #: Decisions, runbooks and postmortems belong to a team; a pattern may belong to everybody.
    has_owner: bool = True

    def find(self, key: str) -> Any:
        """The document of this number or name. Raises NotFound."""
        rows = self.model._default_manager.select_related("owner")
        found = rows.filter(**{self.key: key}).first() if self._may_name(key) else None
        if found is None:
            raise NotFound(f"there is no {self.kind} {key[:63]}")
        return found

    def titles(self, keys: Iterable[str]) -> dict[str, str]:
        """Their titles by number or name; what there is not is left out."""
        rows = self.model._default_manager.filter(**{f"{self.key}__in": [key for key in keys if self._may_name(key)]})
        return {str(key): title for key, title in rows.values_list(self.key, "title")}

    def _may_name(self, key: str) -> bool:
        if self.key == "number":
            return key.isascii() and key.isdigit() and len(key) < 10
        return bool(key) and key.isascii() and key.isprintable()


def _decision(decision: Decision, revision: int, wanted: Wanted, signature: Signature) -> Document:
    fields = wanted.over(decision.owner, decision.status)
    if decision.status == Decision.Status.SUPERSEDED != fields[STATUS]:
        raise Conflict(
            f"decision {decision.number} is superseded, and another status would forget by which; change it on its own page"
        )
    successor = decision.superseded_by.number if decision.superseded_by else None
    edited, _ = submit(
        lambda status, supersedes: edit_decision(
            decision=decision, revision=revision, title=decision.title, body=decision.body, status=status,
            owner=fields[OWNER], date=decision.date, workflows=linked_workflows(decision), superseded_by=successor,
            supersedes=supersedes, actor=signature.actor, reason=signature.reason,
        ),
        status=fields[STATUS], supersedes=(), signature=signature, before=decision,
    )  # fmt: skip
    return edited


def _runbook(runbook: Runbook, revision: int, wanted: Wanted, signature: Signature) -> Document:
    workflows, dependencies = _links(runbook)
    # Nobody has read it for that, so it says nothing of whether the text holds.
    return edit_runbook(
        runbook=runbook, revision=revision, title=runbook.title, body=runbook.body, auto_start=runbook.auto_start,
        workflows=workflows, dependencies=dependencies, actor=signature.actor, reason=signature.reason, is_read=False,
        **wanted.over(runbook.owner, runbook.status, runbook.review_by),
    )  # fmt: skip


def _postmortem(postmortem: Postmortem, revision: int, wanted: Wanted, signature: Signature) -> Document:
    workflows, dependencies = _links(postmortem)
    fields = wanted.over(postmortem.owner, postmortem.status)
    return edit_postmortem(
        postmortem=postmortem, revision=revision, title=postmortem.title, body=postmortem.body, status=fields[STATUS],
        severity=postmortem.severity, owner=fields[OWNER], began_at=postmortem.began_at, ended_at=postmortem.ended_at,
        workflows=workflows, dependencies=dependencies, actor=signature.actor, reason=signature.reason,
    )  # fmt: skip


def _pattern(pattern: Pattern, revision: int, wanted: Wanted, signature: Signature) -> Document:
    fields = wanted.over(pattern.owner, pattern.status)
    return edit_pattern(
        pattern=pattern, revision=revision, title=pattern.title, summary=pattern.summary, body=pattern.body,
        status=fields[STATUS], owner=fields[OWNER], actor=signature.actor, reason=signature.reason,
    )  # fmt: skip


def _links(document: Runbook | Postmortem) -> tuple[list[str], list[str]]:
    dependencies = document.links.exclude(dependency=None).values_list("dependency__name", flat=True)
    return linked_workflows(document), list(dependencies)


_DECISIONS = Decision.Status
NOUNS = {
    noun.kind: noun
    for noun in (
        Noun(
            "decision", Decision, "number", (OWNER, STATUS),
            (_DECISIONS.DRAFT, _DECISIONS.PROPOSED, _DECISIONS.REJECTED, _DECISIONS.DEPRECATED), _decision,
        ),
        Noun("runbook", Runbook, "slug", (OWNER, STATUS, REVIEW_BY), tuple(Runbook.Status), _runbook),
        Noun(
            "postmortem", Postmortem, "number", (OWNER, STATUS), (Postmortem.Status.DRAFT, Postmortem.Status.IN_REVIEW),
            _postmortem,
        ),
        Noun("pattern", Pattern, "slug", (OWNER, STATUS), tuple(Pattern.Status), _pattern, has_owner=False),
    )
}  # fmt: skip


def find_noun(kind: str) -> Noun:
    """The noun of that kind. Raises NotFound."""
    if kind not in NOUNS:
        raise NotFound(f"there are no bulk changes of {kind[:40]!r}; there are of {', '.join(NOUNS)}")
    return NOUNS[kind]


def read_wanted(noun: Noun, field: str, value: str) -> Wanted:
    """What a form or a request asks for, checked. Raises InvalidInput with the place and what would do."""
    if field not in noun.fields:
        raise _fault("field", f"{field[:40]!r} of {noun.kind}s is not changed in bulk; {', '.join(noun.fields)} is")
    wanted = Wanted(field, value)
    if field == STATUS:
        if value not in noun.statuses:
            why = f"status {value[:40]!r} is not given in bulk; use one of {', '.join(noun.statuses)}, or a page of its own"
            raise _fault("value", why)
        return wanted
    if field == OWNER:
        return wanted if not value and not noun.has_owner else replace(wanted, owner=find_team(value))
    try:
        day = datetime.date.fromisoformat(value)
    except ValueError:
        what = f"{value[:40]!r} is no day" if value else "no day is given"
        raise _fault("value", f"{what}; write one as 2026-11-17") from None
    if day <= clock.now().date():
        raise _fault("value", f"the next review lies in the future, and {day} doesn't; choose a later day")
    return replace(wanted, day=day)


def now_of(document: Any, field: str) -> str:
    """What it has at present, as it is written in a request."""
    found = getattr(document, field)
    return "" if found is None else str(found.name) if field == OWNER else str(found)


def consequence(document: Any, wanted: Wanted) -> str:
    """What else comes of it, for whoever decides: a decision that waits at the gate is asked about anew, or no more."""
    waits = waiting(document) if isinstance(document, Decision) else None
    if waits is None:
        return ""
    status = wanted.over(document.owner, document.status)[STATUS]
    asked = "its reviewers are asked anew" if status == Decision.Status.PROPOSED else "its review is withdrawn"
    return f"{asked} (change {waits.pk})"


def _fault(place: str, text: str) -> InvalidInput:
    return InvalidInput(text, [Violation(f"/{place}", text)])
