"""Writes the relations that a folder's files state: what amends and what relates to what.

Owns that sync. Only relations between decisions of the folder are touched, and of those what a file states or has stated: what
people wrote here stays. Never decides what a file states.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from governance.decisions import Planned
from governance.models import Decision, DecisionRelation
from orchestration.services.governed import delete, hold, save


def sync_relations(planned: Sequence[Planned], decisions: Mapping[str, Decision], *, actor: Any, reason: str) -> None:
    """Make the relations from the planned decisions to others of the folder exactly those of the plan."""
    inside = {decision.pk for decision in decisions.values()}
    mine = {decisions[one.record.path].pk for one in planned}
    rows = DecisionRelation.objects.filter(decision__in=mine, other__in=inside).select_related("decision", "other")
    existing = {(row.decision_id, row.other_id, row.kind): row for row in rows}
    wanted: dict[tuple[int, int, str], DecisionRelation] = {}
    for one in planned:
        decision = decisions[one.record.path]
        for relation in one.relations:
            other = decisions.get(relation.path)
            if other is not None and other.pk != decision.pk:
                row = DecisionRelation(decision=decision, other=other, kind=relation.kind, words=relation.words)
                wanted.setdefault((decision.pk, other.pk, relation.kind), row)
    gone = [row for key, row in existing.items() if key not in wanted and not row.by_hand]
    taken = [
        _taken_over(existing[key], row) for key, row in wanted.items() if key in existing and existing[key].by_hand
    ]
    new = [row for key, row in wanted.items() if key not in existing]
    with transaction.atomic():
        if gone or new or taken:
            hold()
        for row in gone:
            delete(row, actor=actor, reason=reason)
        for row in (*new, *taken):
            save(row, actor=actor, reason=reason)


def _taken_over(row: DecisionRelation, stated: DecisionRelation) -> DecisionRelation:
    """What somebody wrote here and the file states by now is the file's."""
    row.by_hand, row.words = False, stated.words
    return row
