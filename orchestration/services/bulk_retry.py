"""Bulk retry: the failed runs of a filtered list are retried, a batch at a time, by a job that survives a killed process.

The job's runs are rows from its start, and a batch and its account are one transaction: so whoever goes on with it finds
what is left, and nothing is retried twice. Owns what can be retried and the job's progress. Never asks who may: the caller
says for which teams.
"""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Count, Exists, OuterRef

from orchestration import clock
from orchestration.errors import Conflict, InvalidInput, NotFound, TooLarge
from orchestration.models import BulkRetry, BulkRetryItem, Run
from orchestration.selectors.runs import RunFilter, filtered
from orchestration.services.governed import require_reason
from orchestration.services.runs import retry_run
from orchestration.states import Compensation, RunResult, RunStatus

log = structlog.get_logger(__name__)

#: A job has no more runs.
MOST = 10_000
#: So many runs are retried in one transaction.
BATCH = 20
#: So many runs of a preview are shown.
SAMPLE = 10

Item = BulkRetryItem.State
#: The teams whose runs may be retried; None: every team's.
Teams = Collection[int] | None


@dataclass(frozen=True, slots=True)
class Preview:
    """What a bulk retry of a list would do. `refused`: why not → how many; `sample`: the newest that can be retried."""

    matched: int
    ids: tuple[uuid.UUID, ...]
    workflows: Mapping[str, int]
    refused: Mapping[str, int]
    sample: tuple[Run, ...]

    @property
    def can(self) -> int:
        """How many can be retried."""
        return len(self.ids)


def preview(*, wanted: RunFilter, teams: Teams) -> Preview:
    """Raises InvalidInput for a state that there is not and for a list that is too long for one job."""
    return _look(wanted, teams)[0]


def begin(*, wanted: RunFilter, words: Mapping[str, str], teams: Teams, actor: Any, reason: str, key: str) -> BulkRetry:
    """The job, which goes on by itself. The same key is the same job, so that a doubled request doubles nothing.

    `words`: the filter as its page writes it. Raises InvalidInput where nothing can be retried or too much matches.
    """
    reason = require_reason(reason)
    if not key or len(key) > 64 or not key.isprintable():
        raise InvalidInput("the key of a bulk retry has 1 to 64 printable characters")
    known = BulkRetry.objects.filter(key=key).first()
    if known is not None:
        return known
    seen, names = _look(wanted, teams)
    if not seen.ids:
        raise InvalidInput("no run of this list can be retried; choose another filter")
    with transaction.atomic():
        job, created = BulkRetry.objects.get_or_create(
            key=key,
            defaults={
                "filter": dict(words), "total": seen.can, "actor": actor, "reason": reason, "created_at": clock.now()
            },
        )  # fmt: skip
        if created:
            # Oldest first: what has waited longest is retried first.
            items = [BulkRetryItem(bulk=job, run_id=pk, workflow=names[pk]) for pk in reversed(seen.ids)]
            BulkRetryItem.objects.bulk_create(items, batch_size=500)
    return job


def cancel(*, job_id: int, actor: Any, reason: str) -> BulkRetry:
    """Retry no more of its runs; those that were retried go on. Raises NotFound, Conflict for a job that is over."""
    reason = require_reason(reason)
    with transaction.atomic():
        job = BulkRetry.objects.select_for_update().filter(pk=job_id).first()
        if job is None:
            raise NotFound(f"no bulk retry {job_id}")
        if job.state != BulkRetry.State.RUNNING:
            raise Conflict(f"bulk retry {job.pk} is {job.state}; there is nothing to cancel")
        job.items.filter(state=Item.PENDING).update(state=Item.CANCELLED)
        job.state, job.ended_at = BulkRetry.State.CANCELLED, clock.now()
        job.cancelled_by, job.cancel_reason = actor, reason
        job.save(update_fields=["state", "ended_at", "cancelled_by", "cancel_reason"])
    return job


def progress(job: BulkRetry) -> dict[str, int]:
    """How many of its runs are in each state."""
    counted = dict(job.items.values_list("state").annotate(count=Count("pk")))
    return {str(state): counted.get(state, 0) for state in Item.values}


def carry_on(*, seconds: float) -> int:
    """Go on with the oldest job that nobody is at, for about so long; how many runs were looked at. Harmless when doubled."""
    began, total = time.monotonic(), 0
    while time.monotonic() - began < seconds:
        done = _batch()
        if not done:
            break
        total += done
    return total


@transaction.atomic
def _batch() -> int:
    running = BulkRetry.objects.filter(state=BulkRetry.State.RUNNING).order_by("pk")
    job = running.select_for_update(skip_locked=True, of=("self",)).select_related("actor").first()
    if job is None:
        return 0
    items = list(job.items.filter(state=Item.PENDING).order_by("pk")[:BATCH])
    for item in items:
        _retry(job, item)
    if len(items) < BATCH:
        job.state, job.ended_at = BulkRetry.State.DONE, clock.now()
        job.save(update_fields=["state", "ended_at"])
    return len(items)


def _retry(job: BulkRetry, item: BulkRetryItem) -> None:
    """One of them. What goes wrong with it is its own."""
    try:
        with transaction.atomic():
            run = Run(pk=item.run_id)
            # The key that the page's button uses: however it was asked for, there is one retry.
            new, _ = retry_run(run=run, actor=job.actor, key=f"retry-{item.run_id}")
        item.state, item.retried_as = Item.RETRIED, new.pk
    except (Conflict, NotFound, InvalidInput, TooLarge) as error:
        item.state, item.message = Item.REFUSED, str(error)
    except (OperationalError, InterfaceError):
        raise  # the database is away for all of them alike: the next round finds them again
    except Exception:
        log.exception("bulk_retry.item_failed", job=job.pk, run_id=str(item.run_id))
        item.state, item.message = Item.REFUSED, "it could not be retried because of a fault, which the log tells"
    item.save(update_fields=["state", "retried_as", "message"])


def _look(wanted: RunFilter, teams: Teams) -> tuple[Preview, dict[uuid.UUID, str]]:
    wanted.check()
    rows = filtered(wanted).annotate(retried=Exists(Run.objects.filter(retry_of=OuterRef("pk")))).order_by("-pk")
    fields = ("pk", "workflow__name", "team_id", "workflow__owner_id", "status", "result", "compensation", "retried")
    found = list(rows.values_list(*fields)[: MOST + 1])
    if len(found) > MOST:
        raise InvalidInput(f"more than {MOST:,} runs match; narrow the filter, and retry them in parts")
    names: dict[uuid.UUID, str] = {}
    refused: Counter[str] = Counter()
    for pk, workflow, team, owner, *facts in found:
        why = _why_not(*facts) or _whose(teams, team, owner)
        if why:
            refused[why] += 1
        else:
            names[pk] = workflow
    ids = tuple(names)
    sample = filtered(RunFilter()).filter(pk__in=ids[:SAMPLE]).order_by("-pk")
    ranked = dict(Counter(names.values()).most_common())
    return Preview(len(found), ids, ranked, dict(refused.most_common()), tuple(sample)), names


def _why_not(status: str, result: str, compensation: str, retried: bool) -> str:
    """As services.runs.why_not_retry, for many at once."""
    if status != RunStatus.FINISHED:
        return "still open"
    if result in {RunResult.SUCCEEDED, RunResult.DEGRADED}:
        return "ended well"
    if compensation == Compensation.FAILED:
        return "undone only by halves: resume its compensation first"
    return "retried already" if retried else ""


def _whose(teams: Teams, team: int, owner: int) -> str:
    allowed = teams is None or (team in teams and owner in teams)
    return "" if allowed else "of a team whose runs you may not retry"
