"""What rollups cannot say: which runs are open now, and at which step the newest failures of a failing workflow failed.

Bounded samples of runs, read by an index each. Never counts a period: orchestration/selectors/curves.py does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Count, F

from orchestration.ids import floor
from orchestration.models import Run
from orchestration.states import RESULT_BAD

#: Of each failing workflow so many of its newest failures are looked at.
SAMPLE = 50
#: So many workflows, those with most errors first: bounds the rows read to SAMPLE times this.
MOST = 12
#: A run that failed in the stretch may have begun earlier; one that took longer than this is left out of the sample.
LONGEST_LOOK_BACK = timedelta(days=7)


class Why(NamedTuple):
    """Since when, where and with what most of the newest failures failed."""

    since: datetime
    step: str
    error_type: str


def open_by_workflow() -> dict[int, int]:
    """Workflow id → runs that are not finished. One query, by the index on `finished_at`, where open runs are together."""
    rows = Run.objects.filter(finished_at=None).annotate(of=F("workflow_id") + 0)
    return dict(rows.values_list("of").annotate(count=Count("*")).order_by())


def why(stretches: Mapping[int, datetime]) -> dict[int, Why]:
    """Workflow id → why it has failed since that moment. One query: a union of one bounded read per workflow."""
    if not stretches:
        return {}
    parts = [_newest(pk, since) for pk, since in list(stretches.items())[:MOST]]
    rows: Iterable[Any] = parts[0].union(*parts[1:], all=True) if len(parts) > 1 else parts[0]
    found: dict[int, list[Any]] = {}
    for workflow_id, *row in rows:
        found.setdefault(workflow_id, []).append(row)
    return {pk: _why(sample) for pk, sample in found.items()}


def _why(sample: Sequence[Any]) -> Why:
    step, _ = Counter(step for _, step, _ in sample).most_common(1)[0]
    error, _ = Counter(error for _, at, error in sample if at == step).most_common(1)[0]
    return Why(min(at for at, _, _ in sample), step, error)


def _newest(workflow_id: int, since: datetime) -> Any:
    newest = Run.objects.filter(
        workflow_id=workflow_id,
        pk__gte=floor(since - LONGEST_LOOK_BACK),
        finished_at__gte=since,
        result__in=sorted(RESULT_BAD),
    )
    # SQLite refuses LIMIT inside a union, but not inside the subquery of one of its parts.
    bounded = newest.order_by("-pk").values("pk")[:SAMPLE]
    return Run.objects.filter(pk__in=bounded).values_list("workflow_id", "finished_at", "failed_step", "error_type")
