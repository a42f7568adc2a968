"""Writes the relations that a folder's files state: what amends and what relates to what.

Owns that sync. Only relations between decisions of the folder are touched, and of those what a file states or has stated: what
people wrote here stays. Never decides what a file states.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.db import transaction

from governance.decisions import Planned
from governance.models import Decision, DecisionRelation
from governance.services.documents import date
from orchestration import clock
from orchestration.services.governed import delete, hold, save

AMENDS = DecisionRelation.Kind.AMENDS
Key = tuple[int, int, str]


def cut_circles(planned: Iterable[Planned], decisions: Mapping[str, Decision]) -> dict[str, list[str]]:
    """Make a mere relation of each amending that what people wrote here makes a circle; the notices of it, by path.

    Among the files alone the plan has cut them. By numbers, since in a dry run a new decision has no row.
    """
    rows = DecisionRelation.objects.filter(kind=AMENDS)
    if not rows.filter(by_hand=True).exists():
        return {}
    stating = {decisions[one.record.path].number: one for one in planned if one.record.path in decisions}
    amended: dict[int, set[int]] = {}
    for number, target, by_hand in rows.values_list("decision__number", "other__number", "by_hand"):
        if by_hand or number not in stating:  # what these files stated before is written anew
            amended.setdefault(number, set()).add(target)
    notices: dict[str, list[str]] = {}
    for number, one in stating.items():
        for at, relation in enumerate(one.relations):
            other = decisions.get(relation.path)
            if relation.kind != AMENDS or other is None:
                continue
            if number in _reached(other.number, amended):
                one.relations[at] = replace(relation, kind=DecisionRelation.Kind.RELATES, words="Amends")
                notices.setdefault(one.record.path, []).append(
                    f"decision {other.number} amends it by what somebody wrote here: that would be a circle; kept as a relation"
                )
            else:
                amended.setdefault(number, set()).add(other.number)
    return notices


def _reached(number: int, amended: Mapping[int, Collection[int]]) -> set[int]:
    """The number, and what it amends, by way of others too."""
    seen: set[int] = set()
    ahead = [number]
    while ahead:
        at = ahead.pop()
        if at not in seen:
            seen.add(at)
            ahead += amended.get(at, ())
    return seen


def sync_relations(
    planned: Sequence[Planned], decisions: Mapping[str, Decision], *, revised: Collection[int], actor: Any, reason: str
) -> None:
    """Make the relations from the planned decisions to others of the folder exactly those of the plan.

    `revised`: the keys of the decisions of which this import has just written a revision. That one says it; another end gets
    a revision of its own, so that nobody else's is read as having said it.
    """
    inside = {decision.pk for decision in decisions.values()}
    mine = {decisions[one.record.path].pk for one in planned}
    rows = DecisionRelation.objects.filter(decision__in=mine, other__in=inside).select_related("decision", "other")
    existing = {(row.decision_id, row.other_id, row.kind): row for row in rows}
    wanted = _wanted(planned, decisions)
    gone = [row for key, row in existing.items() if key not in wanted and not row.by_hand]
    taken = [
        _taken_over(existing[key], row) for key, row in wanted.items() if key in existing and existing[key].by_hand
    ]
    new = [row for key, row in wanted.items() if key not in existing]
    if not (gone or new or taken):
        return
    ends = {pk for row in (*gone, *new) for pk in (row.decision_id, row.other_id)}
    with transaction.atomic():
        hold()
        moment = clock.now()
        for row in gone:
            date(row, moment)
            delete(row, actor=actor, reason=reason)
        for row in (*new, *taken):
            date(row, moment)
            save(row, actor=actor, reason=reason)
        for decision in Decision.objects.filter(pk__in=ends.difference(revised)).order_by("pk"):
            decision.revision += 1
            date(decision, moment)
            save(decision, actor=actor, reason=reason)


def _wanted(planned: Iterable[Planned], decisions: Mapping[str, Decision]) -> dict[Key, DecisionRelation]:
    wanted: dict[Key, DecisionRelation] = {}
    for one in planned:
        decision = decisions[one.record.path]
        for relation in one.relations:
            other = decisions.get(relation.path)
            if other is not None and other.pk != decision.pk:
                row = DecisionRelation(decision=decision, other=other, kind=relation.kind, words=relation.words)
                wanted.setdefault((decision.pk, other.pk, relation.kind), row)
    return wanted


def _taken_over(row: DecisionRelation, stated: DecisionRelation) -> DecisionRelation:
    """What somebody wrote here and the file states by now is the file's."""
    row.by_hand, row.words = False, stated.words
    return row
