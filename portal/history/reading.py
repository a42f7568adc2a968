"""Reading a history: the object, there or deleted, and its revisions with who, when, why and the values before and after.

A page costs one query for the object, two for its rows and a few for the audit log, however long the history is. Never writes.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import models

from governance.models import AuditEntry
from governance.selectors.audit import AuditFilter, filtered
from governance.selectors.documents import Page, cut, page_size
from governance.services.audit import SYSTEM
from orchestration.errors import InvalidInput, NotFound
from orchestration.services.world import suggestion
from portal.history.kinds import Kind
from portal.history.registry import kind_of
from portal.permissions import Actor

ACTIONS = {"+": "created", "~": "changed", "-": "deleted"}
#: What the audit log calls by a word of its own, and the history a change.
_CHANGES = ("switched",)
#: Entries of the audit log that are looked through for the way in which the revisions of a page came.
MOST_ENTRIES = 400
#: An entry is written right beside its revision, but by the database's clock: so far apart the two clocks may put them.
_APART = datetime.timedelta(seconds=3)
#: Of digits: a longer number is none of a row, and Python refuses to read one of thousands.
_LONGEST_NUMBER = 18


@dataclass(frozen=True, slots=True)
class Subject:
    """The object whose history it is: `current` as it is now, None of what was deleted; `last` its newest historical row."""

    kind: Kind
    pk: Any
    current: Any
    last: Any

    @property
    def row(self) -> Any:
        """What there is of it."""
        return self.current if self.current is not None else self.last

    @property
    def name(self) -> str:
        """As people name it."""
        return str(self.current if self.current is not None else self.last.instance)


@dataclass(frozen=True, slots=True)
class Revision:
    """One revision. `by` is empty for the system; `via` names the token that somebody used. `before` is None for the first."""

    id: int
    at: datetime.datetime
    action: str
    by: str
    via: str
    reason: str
    values: dict[str, Any]
    before: dict[str, Any] | None

    @property
    def changed(self) -> list[str]:
        """The fields that differ from the revision before."""
        if self.before is None:
            return [name for name, value in self.values.items() if value not in (None, "", {}, [])]
        return [name for name, value in self.values.items() if value != self.before[name]]


def find(actor: Actor, slug: str, key: str) -> Subject:
    """By kind and name (or number), for whom may read it. Raises NotFound, Forbidden."""
    kind = kind_of(slug)
    kept = _rows_of(kind)
    if kind.key == "pk" and not _is_number(key):
        raise NotFound(f"{key[:40]!r} is no number of a {kind.noun}; its page leads to its history")
    column = kind.column if kind.key == "pk" else kind.key
    held = None if "\x00" in key else kind.model._base_manager.filter(**{column: key}).first()
    last = None if "\x00" in key else kept.filter(**{column: key}).order_by("-history_id").first()
    pk = held.pk if held is not None else None if last is None else getattr(last, kind.column)
    if pk is None:
        known = kind.model._base_manager.values_list(kind.key, flat=True)[:2_000] if kind.key == "name" else []
        raise NotFound(f"no {kind.noun} {key[:80]!r}, and none that was{suggestion(key[:80], known)}")
    subject = subject_of(kind, pk)
    kind.read(actor, subject.row)
    return subject


def subject_of(kind: Kind, pk: Any) -> Subject:
    """By primary key, whoever asks. Its name may have changed since."""
    current = kind.model._base_manager.filter(pk=pk).select_related(*kind.related).first()
    return Subject(kind, pk, current, _rows_of(kind).filter(**{kind.column: pk}).order_by("-history_id").first())


def recent(slug: str, current: Any, limit: int = 5) -> list[Revision]:
    """The newest revisions of an object that its page has in hand: one query, so no word of the tokens that were used."""
    kind = kind_of(slug)
    rows = list(_rows(Subject(kind, current.pk, current, None)).order_by("-history_id")[: limit + 1])
    return _revised(kind, rows, {})[:limit]


def revisions(subject: Subject, *, cursor: str = "", limit: int = 20) -> Page[Revision]:
    """A page, newest first. Raises InvalidInput for a cursor that is none."""
    rows, newer = _rows(subject), None
    if cursor:
        if not _is_number(cursor):
            raise InvalidInput("the cursor is not one that this list gave out; begin again without it")
        newer = rows.filter(history_id__gte=int(cursor)).order_by("history_id").first()
        rows = rows.filter(history_id__lt=int(cursor))
    size = page_size(limit)
    found = list(rows.order_by("-history_id")[: size + 1])
    items, more = cut(found, size)
    made = _revised(subject.kind, found, _ways(subject, found if newer is None else [newer, *found]))
    return Page(made[:size], str(items[-1].history_id) if more else None)


def find_row(subject: Subject, revision: int) -> Any:
    """The historical row, which has the object's columns. Raises NotFound."""
    row = _rows(subject).filter(history_id=revision).exclude(history_type="-").first()
    if row is None:
        raise NotFound(f"{subject.name} has no revision {revision}; its history lists them")
    return row


def values_of(kind: Kind, row: Any) -> dict[str, Any]:
    """What the history shows of an object or a historical row; of a reference, the name of what it leads to."""
    return {name: _value(row, kind.model._meta.get_field(name)) for name in kind.fields}


def _value(row: Any, field: models.Field[Any, Any]) -> Any:
    value = getattr(row, field.attname)
    if isinstance(field, models.ForeignKey):
        target = getattr(row, field.name) if value is not None else None
        return str(target) if target is not None else None if value is None else f"no. {value}, deleted"
    return format(value.normalize(), "f") if isinstance(value, Decimal) else value


def _rows_of(kind: Kind) -> models.QuerySet[Any]:
    rows: models.QuerySet[Any] = kind.model.history.model._base_manager.all()
    return rows


def _rows(subject: Subject) -> models.QuerySet[Any]:
    rows = _rows_of(subject.kind).filter(**{subject.kind.column: subject.pk})
    return rows.select_related("history_user", *subject.kind.related)


def _revised(kind: Kind, rows: Sequence[Any], ways: Mapping[int, AuditEntry]) -> list[Revision]:
    """Each beside the one before it, which stands next to it. The last has none: callers ask for a row more than they show."""
    values = [values_of(kind, row) for row in rows]
    return [
        _revision(row, ways.get(row.history_id), value, before)
        for row, value, before in zip(rows, values, [*values[1:], None], strict=True)
    ]


def _revision(row: Any, entry: AuditEntry | None, values: dict[str, Any], before: dict[str, Any] | None) -> Revision:
    by = row.history_user.get_username() if row.history_user else ""
    if not by and entry is not None and entry.actor != SYSTEM:
        by = entry.actor  # an account that was removed since: the log has its name
    via = entry.via if entry is not None and entry.via.startswith("token ") else ""
    return Revision(
        id=row.history_id, at=row.history_date, action=ACTIONS[row.history_type], by=by, via=via,
        reason=row.history_change_reason or "", values=values, before=before,
    )  # fmt: skip


def _ways(subject: Subject, rows: Sequence[Any]) -> dict[int, AuditEntry]:
    """The audit entry of each row, by its history id: only the log knows by which token somebody came.

    The two are written in one transaction, so an entry is that of the row nearest to it in time which has its action,
    person and reason. `rows` has the neighbours of the page too: they keep theirs, wherever the page ends. A revision
    that changed nothing has no entry.
    """
    if not rows:
        return {}
    times = [row.history_date for row in rows]
    wanted = AuditFilter(kind=subject.kind.noun, since=min(times) - _APART, until=max(times) + _APART)
    names = {str(getattr(row, subject.kind.key)) for row in rows} if subject.kind.key != "pk" else {subject.name}
    told = filtered(wanted).filter(
        object_name__in={name[:200] for name in names}, action__in=[*ACTIONS.values(), *_CHANGES]
    )
    found: dict[int, AuditEntry] = {}
    apart: dict[int, datetime.timedelta] = {}
    for entry in told.order_by("-sequence")[:MOST_ENTRIES]:
        far = {row.history_id: abs(entry.at - row.history_date) for row in rows if _tells_of(entry, row)}
        nearest = min(far, key=far.__getitem__, default=0)
        if nearest and far[nearest] <= min(_APART, apart.get(nearest, _APART)):
            found[nearest], apart[nearest] = entry, far[nearest]
    return found


def _tells_of(entry: AuditEntry, row: Any) -> bool:
    who = row.history_user.get_username() if row.history_user else ""
    action = "changed" if entry.action in _CHANGES else entry.action
    same = (action, entry.reason) == (ACTIONS[row.history_type], row.history_change_reason or "")
    return same and (not who or entry.actor == who)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER
