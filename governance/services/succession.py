"""Which decision supersedes which: both ends agree, one successor each, never a circle.

One column holds it, `superseded_by`, so the two ends can't drift apart; the superseded record's history gets the who
and why. Owns that rule. Never saves: services.decisions does, with its own revision.
"""

from __future__ import annotations

from collections.abc import Sequence

from governance.models import Decision
from governance.services.documents import Faults
from orchestration.errors import InvalidInput, Violation
from orchestration.services.governed import hold

Status = Decision.Status
#: Only what has been decided can take another decision's place.
DECIDED = frozenset({Status.ACCEPTED, Status.DEPRECATED, Status.SUPERSEDED})
#: Longer chains of successors are not walked: there are none, and a walk must end.
MAX_CHAIN = 1_000


def one_at_a_time() -> None:
    """Hold back every other superseding until this transaction ends: two that pass each other could close a circle.

    Taken before any other lock, so that two of them can't wait for each other.
    """
    hold()
    Decision.objects.select_for_update().order_by("pk").first()


def numbers_to_supersede(
    decision: Decision | None, numbers: Sequence[int], status: str, faults: Faults
) -> list[Decision]:
    """The decisions that are to be superseded by this one, checked and locked; those that are already stay out."""
    wanted = list(dict.fromkeys(numbers))
    if not wanted:
        return []
    if status not in DECIDED:
        faults.add("supersedes", f"a decision that is {status} supersedes nothing yet; accept it first")
    found = {row.number: row for row in Decision.objects.select_for_update().filter(number__in=wanted).order_by("pk")}
    ahead = {row.pk for row in chain(decision)} if decision is not None else set()
    for number in wanted:
        old = found.get(number)
        if old is None:
            faults.add("supersedes", f"there is no decision {number}")
        elif decision is not None and old.pk == decision.pk:
            faults.add("supersedes", "a decision can't supersede itself")
        elif old.pk in ahead:
            faults.add("supersedes", f"decision {number} itself supersedes this one, by way of its successors")
        elif old.superseded_by_id is not None and (decision is None or old.superseded_by_id != decision.pk):
            faults.add("supersedes", f"decision {number} is superseded by another already")
    return [row for row in found.values() if row.superseded_by_id is None]


def successor(
    decision: Decision | None, status: str, number: int | None, faults: Faults, *, unnamed: bool = False
) -> Decision | None:  # fmt: skip
    """The decision that supersedes this one, checked: named exactly when the status is superseded.

    `unnamed`: a file may say superseded where no decision here took its place; such a one also stays so when it is edited.
    """
    if status != Status.SUPERSEDED:
        if number is not None:
            faults.add(
                "superseded_by", f"a successor goes with the status superseded, not with {status}; take one away"
            )
        return None
    if number is None:
        if unnamed or (decision is not None and _is_unnamed(decision)):
            return None
        faults.add("superseded_by", "name the number of the decision that supersedes this one")
        return None
    found = Decision.objects.select_for_update().filter(number=number).first()
    if found is None:
        faults.add("superseded_by", f"there is no decision {number}")
    elif decision is not None and found.pk == decision.pk:
        faults.add("superseded_by", "a decision can't supersede itself")
    elif found.status not in DECIDED:
        faults.add("superseded_by", f"decision {number} is {found.status}; only an accepted one supersedes another")
    elif decision is not None and decision.pk in {row.pk for row in chain(found)}:
        faults.add("superseded_by", f"decision {number} is itself superseded by this one: that would be a circle")
    return found


def _is_unnamed(decision: Decision) -> bool:
    rows = Decision.objects.filter(pk=decision.pk, status=Status.SUPERSEDED, superseded_by=None)
    return rows.exists()


def check_standing(decision: Decision, status: str, faults: Faults) -> None:
    """A decision that others were superseded by stays decided."""
    if status in DECIDED:
        return
    numbers = [str(number) for number in decision.supersedes.values_list("number", flat=True)]
    if numbers:
        faults.add("status", f"it supersedes {', '.join(numbers)}; give those another status before this is {status}")


def chain(decision: Decision) -> list[Decision]:
    """Its successors, nearest first."""
    found: list[Decision] = []
    at = decision.superseded_by
    while at is not None:
        found.append(at)
        if len(found) > MAX_CHAIN:
            text = f"more than {MAX_CHAIN:,} decisions supersede one another in a row"
            raise InvalidInput(text, [Violation("/superseded_by", text)])
        at = at.superseded_by
    return found
