"""The revisions of a document: who, when, why, and each as one text that can be compared with another.

The text carries title, status, owner and links above the body, so that a difference shows all that changed. Never
writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.db.models import Q

from governance.models import (
    Contract,
    Decision,
    DecisionLink,
    DecisionRelation,
    Document,
    Pattern,
    Postmortem,
    PostmortemLink,
    RunbookLink,
)
from governance.selectors.documents import Page, cut, page_size
from orchestration.errors import InvalidInput, NotFound
from orchestration.models import Dependency, Workflow


@dataclass(frozen=True, slots=True)
class Revision:
    """One row of a history. `by` is empty for the system itself."""

    id: int
    revision: int
    at: datetime
    by: str
    reason: str
    title: str
    status: str


def revisions(document: Document, *, cursor: str = "", limit: int = 50) -> Page[Revision]:
    """A page, newest first. Raises InvalidInput for a cursor that is none."""
    rows = document.history.exclude(history_type="-").select_related("history_user")
    rows = rows.defer(*(name for name in ("body", "front_matter") if hasattr(document, name)))
    if cursor:
        if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 16):
            raise InvalidInput("the cursor is not one that this list gave out; begin again without it")
        rows = rows.filter(history_id__lt=int(cursor))
    size = page_size(limit)
    items, more = cut([_revision(row) for row in rows.order_by("-history_id")[: size + 1]], size)
    return Page(items, str(items[-1].id) if more else None)


def _revision(row: Any) -> Revision:
    return Revision(
        id=row.history_id,
        revision=row.revision,
        at=row.history_date,
        by=row.history_user.get_username() if row.history_user else "",
        reason=row.history_change_reason or "",
        title=row.title,
        status=row.status,
    )


def find_revision(document: Document, history_id: int) -> Any:
    """The historical row, which has the document's columns. Raises NotFound."""
    row = document.history.filter(history_id=history_id).exclude(history_type="-").first()
    if row is None:
        raise NotFound(f"{document} has no revision with the history id {history_id}; see its history")
    return row


def at_revision(document: Document, revision: int) -> int | None:
    """The history id of the revision with this number: where an edit that conflicts began."""
    row = document.history.filter(revision=revision).exclude(history_type="-").order_by("-history_id").first()
    return row.history_id if row else None


def revision_text(document: Document, history_id: int) -> str:
    """The revision as one text. Raises NotFound."""
    row = find_revision(document, history_id)
    if isinstance(document, Decision):
        successor = row.superseded_by
        return decision_text(
            title=row.title, status=row.status, date=row.date, owner=row.owner.name, body=row.body,
            superseded_by=successor.number if successor else None,
            workflows=_linked(DecisionLink, "decision", row, "workflow", Workflow),
            dependencies=_linked(DecisionLink, "decision", row, "dependency", Dependency),
            contracts=_linked(DecisionLink, "decision", row, "contract", Contract), relations=relations_at(row),
        )  # fmt: skip
    if isinstance(document, Pattern):
        owner = row.owner.name if row.owner else ""
        return pattern_text(title=row.title, status=row.status, owner=owner, summary=row.summary, body=row.body)
    if isinstance(document, Postmortem):
        return postmortem_text(
            title=row.title, status=row.status, severity=row.severity, owner=row.owner.name, began_at=row.began_at,
            ended_at=row.ended_at, body=row.body,
            workflows=_linked(PostmortemLink, "postmortem", row, "workflow", Workflow),
            dependencies=_linked(PostmortemLink, "postmortem", row, "dependency", Dependency),
            contracts=_linked(PostmortemLink, "postmortem", row, "contract", Contract),
        )  # fmt: skip
    return runbook_text(
        title=row.title, status=row.status, owner=row.owner.name, review_by=row.review_by, body=row.body,
        auto_start=row.auto_start,
        workflows=_linked(RunbookLink, "runbook", row, "workflow", Workflow),
        dependencies=_linked(RunbookLink, "runbook", row, "dependency", Dependency),
        contracts=_linked(RunbookLink, "runbook", row, "contract", Contract),
    )  # fmt: skip


def decision_text(
    *, title: str, status: str, date: date | None, owner: str, superseded_by: int | None, workflows: Iterable[str],
    body: str, relations: Mapping[str, str] | None = None, dependencies: Iterable[str] = (), contracts: Iterable[str] = (),
) -> str:  # fmt: skip
    """A decision, stored or still in a form, as one text."""
    head = {
        "Title": title, "Status": status, "Date": date or "", "Owner": owner, "Superseded by": superseded_by or "",
        "Workflows": ", ".join(sorted(workflows)), **_named("Dependencies", dependencies), **_named("Contracts", contracts),
        **(relations or {}),
    }  # fmt: skip
    return as_text(head, body)


def _named(label: str, names: Iterable[str]) -> dict[str, str]:
    """A line of the text; none where there is nothing to say."""
    found = ", ".join(sorted(names))
    return {label: found} if found else {}


def relations_at(row: Any) -> dict[str, str]:
    """What it amended, was amended by and related to at the time of the historical row: label → numbers.

    What people write has the time of its revision. An import writes what files state after them: that belongs to the revision
    before it.
    """
    changes = DecisionRelation.history.filter(Q(decision_id=row.id) | Q(other_id=row.id))
    following = Decision.history.filter(id=row.id, history_id__gt=row.history_id).order_by("history_id")
    until = following.values_list("history_date", flat=True).first()
    said = Q(history_date__lte=row.history_date)
    changes = changes.filter(said | Q(by_hand=False, **({"history_date__lt": until} if until else {})))
    held: dict[int, tuple[str, int]] = {}
    for change in changes.order_by("history_date", "history_id"):
        outgoing = change.decision_id == row.id
        label = "Relates to" if change.kind == DecisionRelation.Kind.RELATES else "Amends" if outgoing else "Amended by"
        held[change.id] = (label, change.other_id if outgoing else change.decision_id)
        if change.history_type == "-":
            del held[change.id]
    numbers = dict(Decision.objects.filter(pk__in=[pk for _, pk in held.values()]).values_list("pk", "number"))
    found: dict[str, list[int]] = {}
    for label, pk in held.values():
        found.setdefault(label, []).append(numbers.get(pk, 0))
    return {label: ", ".join(map(str, sorted(found[label]))) for label in sorted(found)}


def runbook_text(
    *, title: str, status: str, owner: str, review_by: date | None, workflows: Iterable[str],
    dependencies: Iterable[str], body: str, auto_start: int | None = None, contracts: Iterable[str] = (),
) -> str:  # fmt: skip
    """A runbook, stored or still in a form, as one text."""
    head = {
        "Title": title, "Status": status, "Owner": owner, "Review by": review_by or "",
        "Workflows": ", ".join(sorted(workflows)), "Dependencies": ", ".join(sorted(dependencies)),
        **_named("Contracts", contracts),
        **({"Started by alerts, an hour": auto_start} if auto_start else {}),
    }  # fmt: skip
    return as_text(head, body)


def postmortem_text(
    *, title: str, status: str, severity: str, owner: str, began_at: datetime, ended_at: datetime | None,
    workflows: Iterable[str], dependencies: Iterable[str], body: str, contracts: Iterable[str] = (),
) -> str:  # fmt: skip
    """A postmortem, stored or still in a form, as one text. Times in UTC, to the minute, as forms have them."""
    head = {
        "Title": title, "Status": status, "Severity": severity, "Owner": owner, "Began": _minute(began_at),
        "Ended": _minute(ended_at) if ended_at else "", "Workflows": ", ".join(sorted(workflows)),
        "Dependencies": ", ".join(sorted(dependencies)), **_named("Contracts", contracts),
    }  # fmt: skip
    return as_text(head, body)


def pattern_text(*, title: str, status: str, owner: str, summary: str, body: str) -> str:
    """A pattern, stored or still in a form, as one text."""
    return as_text({"Title": title, "Status": status, "Owner": owner, "Summary": summary}, body)


def _minute(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def as_text(head: Mapping[str, object], body: str) -> str:
    """The facts, one a line, an empty line, the body."""
    text = body.replace("\r\n", "\n")  # browsers send these; they are no change
    return "".join(f"{name}: {value}\n" for name, value in head.items()) + f"\n{text}"


def _linked(
    model: Any, owner: str, row: Any, relation: str, target: type[Workflow] | type[Dependency] | type[Contract]
) -> list[str]:
    """The names that the document was linked to at the time of the historical row."""
    changes = model.history.filter(**{f"{owner}_id": row.id, "history_date__lte": row.history_date})
    held: dict[int, int] = {}
    rows = changes.order_by("history_date", "history_id").values_list("id", f"{relation}_id", "history_type")
    for pk, target_pk, kind in rows:
        if kind == "-":
            held.pop(pk, None)
        elif target_pk is not None:
            held[pk] = target_pk
    names = dict(target._default_manager.filter(pk__in=held.values()).values_list("pk", "name"))
    return sorted(str(names.get(pk, f"#{pk}")) for pk in held.values())
