"""A workflow's own concurrency: how many of its runs may be open at once, in all and for each key; and its pause.

Exact, whoever starts meanwhile: the workflow's row is locked from the count to the end of the transaction. Runs that wait for
a timer or a person count too; queued ones don't. A child run whose workflow is that of one of its own ancestors runs in the
place of that ancestor, which waits for it: otherwise it would wait for itself. Owns these counts. Never admits.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field

from django.db.models import Count, QuerySet

from orchestration.engine.claim import RunFacts
from orchestration.engine.scope import scope_of
from orchestration.errors import Conflict, InvalidInput
from orchestration.manifest import ExpressionError, Plan
from orchestration.models import Run, StepRun, Workflow
from orchestration.states import RUN_OPEN, RunStatus

LIMIT, KEY, PAUSED, SHARE = "limit", "key", "paused", "share"
_LONGEST_KEY = 200


@dataclass(slots=True)
class _Open:
    """The open runs of one workflow, by key, with its row locked."""

    paused: bool
    by_key: Counter[str]
    #: Whether runs with that key wait already, as far as somebody asked.
    waiting: dict[str, bool] = field(default_factory=dict)


@dataclass(slots=True)
class Bounds:
    """What one transaction found, and counts on."""

    _found: dict[int, _Open] = field(default_factory=dict)
    #: Teams that had no place left. What they start together goes behind its first that waits: the next look at the places
    #: does not see yet what this transaction writes.
    crowded: set[int] = field(default_factory=set)

    def obstacle(self, workflow_id: int, plan: Plan, key: str) -> str:
        """What stands in the way of one more run: LIMIT, KEY or PAUSED; empty if nothing does."""
        found, bounds = self.of(workflow_id), plan.concurrency
        if found.paused:
            return PAUSED
        if bounds is None:
            return ""
        if bounds.limit is not None and found.by_key.total() >= bounds.limit:
            return LIMIT
        return KEY if bounds.per_key is not None and found.by_key[key] >= bounds.per_key else ""

    def count(self, workflow_id: int, key: str) -> None:
        """One more run is open."""
        self.of(workflow_id).by_key[key] += 1

    def full_keys(self, workflow_id: int, per_key: int | None) -> list[str]:
        """Keys that have as many open runs as they may."""
        found = self.of(workflow_id).by_key
        return [key for key, runs in found.items() if per_key is not None and runs >= per_key]

    def waits(self, workflow_id: int, key: str) -> bool:
        """Whether runs with that key wait already: a new one goes behind them."""
        waiting = self.of(workflow_id).waiting
        if key not in waiting:
            rows = _limited(workflow_id).filter(status=RunStatus.QUEUED, concurrency_key=key)
            waiting[key] = rows.exists()
        return waiting[key]

    def queue(self, workflow_id: int, key: str) -> None:
        """One more run waits."""
        self.of(workflow_id).waiting[key] = True

    def of(self, workflow_id: int) -> _Open:
        """The workflow's open runs; its row is locked from now on."""
        if workflow_id not in self._found:
            workflow = Workflow.objects.select_for_update(no_key=True).get(pk=workflow_id)
            rows = _limited(workflow_id).filter(status__in=sorted(RUN_OPEN - {RunStatus.QUEUED}))
            by_key = Counter(dict(rows.values_list("concurrency_key").annotate(Count("pk"))))
            self._found[workflow_id] = _Open(is_paused(workflow), by_key)
        return self._found[workflow_id]


def is_paused(workflow: Workflow) -> bool:
    """Whether a person has paused it: what is started waits."""
    return workflow.paused_at is not None


def _limited(workflow_id: int) -> QuerySet[Run]:
    return Run.objects.filter(workflow_id=workflow_id, limited=True).exclude(status=RunStatus.FINISHED)


def key_of(plan: Plan, facts: RunFacts) -> str:
    """The run's value of `concurrency.key`, as text. Raises InvalidInput, but for a child: there it counts as empty."""
    bounds = plan.concurrency
    if bounds is None or bounds.key is None:
        return ""
    try:
        value = bounds.key.evaluate(scope_of(facts, bounds.key.references))
    except ExpressionError as error:
        if facts.parent_step_id is not None:
            return ""  # its parent waits for an outcome, and would wait for ever
        raise InvalidInput(f"concurrency.key: {error}") from error
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= _LONGEST_KEY else f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def runs_within(workflow_id: int, parent_step_id: int | None) -> bool:
    """Whether an ancestor of the run is of the same workflow."""
    while parent_step_id is not None:
        found = StepRun.objects.filter(pk=parent_step_id).values_list("run__workflow_id", "run__parent_step_id").first()
        if found is None:
            return False
        if found[0] == workflow_id:
            return True
        parent_step_id = found[1]
    return False


def refuse(plan: Plan, why: str, key: str) -> None:
    """Raise Conflict: the workflow wants no queue."""
    bounds = plan.concurrency
    assert bounds is not None
    if why == LIMIT:
        held = f"{bounds.limit} runs of {plan.workflow} are open, as many as its `concurrency.limit` allows"
    else:
        held = f"{bounds.per_key} runs of {plan.workflow} with key {key!r} are open, as many as its `concurrency.per_key` allows"
    raise Conflict(f"{held}; start it again when one has ended, raise the limit, or set `on_limit: queue`")
