"""Relations of decisions that people write: this one supersedes, amends or relates to others. Seen, and signed, on both ends.

Owns the rules: no circle, nothing twice, and what a loaded file states is changed in the file. The text of an accepted decision
stays as it is; what it relates to may still become known. Superseding is services/succession.py's. Never decides who may: the
caller is asked for each team whose decision is touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from governance.gate.decisions import submit, withdraw_overtaken
from governance.models import Decision, DecisionRelation
from governance.selectors.decision_files import is_as_imported
from governance.services import succession
from governance.services.decisions import edit_decision
from governance.services.documents import Faults, date, linked_workflows, lock, sign, unlinked
from orchestration.errors import InvalidInput, Violation
from orchestration.models import Team
from orchestration.services.applying import Signature
from orchestration.services.governed import delete, require_reason, save

Kind = DecisionRelation.Kind
SUPERSEDES, AMENDED_BY = "supersedes", "amended_by"
#: What a person may add from this end; taken away may also be what the other end says of this one.
ADDED = (SUPERSEDES, str(Kind.AMENDS), str(Kind.RELATES))
REMOVED = (*ADDED, AMENDED_BY)
#: At once, and in a walk along what amends what.
MOST, MAX_WALK = 50, 1_000
Require = Callable[[Team], None]


@dataclass(frozen=True, slots=True)
class Named:
    """A relation as a form or a request names it: its kind, seen from this decision, and the other's number."""

    kind: str
    number: int


def relate(
    *, decision: Decision, revision: int, add: Sequence[Named], remove: Sequence[Named], require: Require, actor: Any,
    reason: str,
) -> Decision:  # fmt: skip
    """Add and take away, all or nothing, over `revision`. Raises EditConflict, InvalidInput, and what `require` raises."""
    signature, faults = Signature(actor, require_reason(reason)), Faults()
    add, remove = list(dict.fromkeys(add)), list(dict.fromkeys(remove))
    with transaction.atomic():
        succession.one_at_a_time()
        current = lock(decision, revision)
        others = _others(current, add, remove, faults)
        require(current.owner)
        for other in others.values():
            require(other.owner)
        gone = [row for one in remove if one.kind != SUPERSEDES for row in _stated(current, one, others, faults)]
        new = [
            _new(current, others[one.number], one.kind, gone)
            for one in add
            if one.kind != SUPERSEDES and one.number in others
        ]
        _check_circle(current, [row for row in new if row is not None], gone, faults)
        taken = [others[one.number] for one in remove if one.kind == SUPERSEDES and one.number in others]
        _check_superseded(current, taken, faults)
        overtaken = succession.numbers_to_supersede(
            current, [one.number for one in add if one.kind == SUPERSEDES], current.status, faults
        )
        faults.check()
        for old in taken:
            _let_go(old, signature)
        for old in overtaken:
            old.status, old.superseded_by = Decision.Status.SUPERSEDED, current
            old.revision += 1
            sign(old, unlinked, actor=signature.actor, reason=signature.reason)
        withdraw_overtaken(overtaken, current, signature.actor)
        # Last, since it reads the other ends anew: one may have become a revision further just now.
        _write(current, [row for row in new if row is not None], gone, signature)
    return current


def _others(decision: Decision, add: Sequence[Named], remove: Sequence[Named], faults: Faults) -> dict[int, Decision]:
    """The decisions at the other ends, locked, by number."""
    for field, named, known in (("add", add, ADDED), ("remove", remove, REMOVED)):
        for one in named:
            if one.kind not in known:
                faults.add(field, f"{one.kind[:40]!r} is no relation; use one of {', '.join(known)}")
    numbers = {one.number for one in (*add, *remove)}
    if not numbers:
        faults.add("add", "choose a decision to relate to, or a relation to remove")
    elif len(numbers) > MOST:
        faults.add("add", f"{len(numbers)} decisions are too many at once; choose at most {MOST}")
    faults.check()
    rows = Decision.objects.select_for_update(of=("self",)).select_related("owner").filter(number__in=numbers)
    found = {row.number: row for row in rows.order_by("pk")}
    for number in sorted(numbers - found.keys()):
        faults.add("add", f"there is no decision {number}")
    if decision.number in numbers:
        faults.add("add", "a decision doesn't relate to itself; choose another")
    faults.check()
    return found


def _stated(decision: Decision, one: Named, others: dict[int, Decision], faults: Faults) -> list[DecisionRelation]:
    """The rows of a relation that is to be taken away. One that was taken away already has none: that is what is wanted."""
    other = others[one.number]
    outgoing, incoming = Q(decision=decision, other=other), Q(decision=other, other=decision)
    ends = {Kind.AMENDS: outgoing, AMENDED_BY: incoming}.get(one.kind, outgoing | incoming)
    kind = Kind.AMENDS if one.kind == AMENDED_BY else one.kind
    rows = list(DecisionRelation.objects.filter(ends, kind=kind))
    for row in rows:
        if not row.by_hand:
            faults.add("remove", _by_file(one.kind, one.number))
    return rows


def _by_file(kind: str, number: int) -> str:
    return f"that it {kind.replace('_', ' ')} {number} is stated by a loaded file; change it there"


def _new(
    decision: Decision, other: Decision, kind: str, gone: Sequence[DecisionRelation]
) -> DecisionRelation | None:  # fmt: skip
    """The relation to add; None where it is there already. That two relate to each other is said once."""
    ends = Q(decision=decision, other=other)
    if kind == Kind.RELATES:
        ends |= Q(decision=other, other=decision)
    if DecisionRelation.objects.filter(ends, kind=kind).exclude(pk__in=[row.pk for row in gone]).exists():
        return None
    return DecisionRelation(decision=decision, other=other, kind=kind, by_hand=True)


def _check_circle(
    decision: Decision, new: Iterable[DecisionRelation], gone: Iterable[DecisionRelation], faults: Faults
) -> None:  # fmt: skip
    """What amends a decision is not amended by it, not even by way of others."""
    left_out = [row.pk for row in gone]
    for row in new:
        seen, ahead = {row.other_id}, [row.other_id]
        while row.kind == Kind.AMENDS and ahead and len(seen) < MAX_WALK:
            rows = DecisionRelation.objects.filter(decision__in=ahead, kind=Kind.AMENDS).exclude(pk__in=left_out)
            ahead = [pk for pk in rows.values_list("other_id", flat=True) if pk not in seen]
            seen.update(ahead)
        if decision.pk in seen:
            faults.add("add", f"decision {row.other.number} itself amends this one: that would be a circle")


def _check_superseded(decision: Decision, taken: Iterable[Decision], faults: Faults) -> None:
    for old in taken:
        if old.superseded_by_id != decision.pk:
            faults.add("remove", f"decision {old.number} is not superseded by this one; look at it again")
        elif is_as_imported(old):
            faults.add("remove", _by_file(SUPERSEDES, old.number))


def _write(
    decision: Decision, new: Sequence[DecisionRelation], gone: Sequence[DecisionRelation], signature: Signature
) -> None:  # fmt: skip
    """The rows, and a revision on both ends: each reads differently from now on."""
    if not new and not gone:
        return
    by = {"actor": signature.actor, "reason": signature.reason}

    def rows(moment: datetime) -> None:
        for row in gone:
            date(row, moment)
            delete(row, **by)
        for row in new:
            date(row, moment)
            save(row, **by)

    ends = {row.decision_id for row in (*new, *gone)} | {row.other_id for row in (*new, *gone)}
    decision.revision += 1
    sign(decision, rows, **by)
    for other in Decision.objects.filter(pk__in=ends - {decision.pk}).order_by("pk"):
        other.revision += 1
        sign(other, unlinked, **by)


def _let_go(old: Decision, signature: Signature) -> None:
    """It has no successor any more and is what it was before: where that is accepted, the gate is asked as by hand."""
    before = old.history.exclude(status=Decision.Status.SUPERSEDED).order_by("-history_id").first()
    status = before.status if before is not None else Decision.Status.ACCEPTED
    if status not in succession.DECIDED:
        text = f"decision {old.number} was {status} before; give it a status on its own page"
        raise InvalidInput(text, [Violation("/remove", text)])
    submit(
        lambda status, supersedes: edit_decision(
            decision=old, revision=old.revision, title=old.title, body=old.body, status=status, owner=old.owner,
            date=old.date, workflows=linked_workflows(old), supersedes=supersedes, actor=signature.actor, reason=signature.reason,
            correction=True,
        ),
        status=status, supersedes=(), signature=signature, before=old,
    )  # fmt: skip
