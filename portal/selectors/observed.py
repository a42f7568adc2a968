"""What was observed of the steps of a workflow, from rollups: counts, errors, latency and queue wait. Few queries; shared.

Owns which series those are, of one version or of all. Never compares with what is declared: presentation does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from orchestration.models import Series
from orchestration.selectors.curves import totals
from orchestration.selectors.series import Span
from portal.dashboards.periods import Period
from portal.dashboards.shared import shared


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of a step (or of the runs) in a period; shares are of 1 and None of none, times in seconds."""

    n: int = 0
    good: int = 0
    bad: int = 0
    retries: int = 0
    error_rate: float | None = None
    p50: float | None = None
    p95: float | None = None
    queue_p95: float | None = None


@dataclass(frozen=True, slots=True)
class Observed:
    """The runs of a workflow and each of its steps."""

    runs: Seen
    steps: Mapping[str, Seen]

    def of(self, step: str) -> Seen:
        """Nothing, of a step that never ran."""
        return self.steps.get(step, Seen())


def observed(workflow: str, period: Period, now: datetime, version: str = "") -> Observed:
    """Of one version, or of all that ran ('')."""
    return shared(
        f"observed:{workflow}:{version}:{period.key}", lambda: _observed(workflow, version, period.since(now), now)
    )


def _observed(workflow: str, version: str, since: datetime, now: datetime) -> Observed:
    kinds = Series.Kind
    rows = Series.objects.filter(workflow=workflow, kind__in=[kinds.RUN, kinds.STEP, kinds.QUEUE])
    found = {
        pk: (kind, step)
        for pk, kind, step, of in rows.values_list("pk", "kind", "step", "version")
        if of == (version if kind != kinds.QUEUE else "")
    }
    spans = totals(found, since, now)
    by = {found[pk]: span for pk, span in spans.items()}
    steps = {step: _seen(span, by.get((kinds.QUEUE, step))) for (kind, step), span in by.items() if kind == kinds.STEP}
    return Observed(_seen(by.get((kinds.RUN, "")) or Span(), None), steps)


def _seen(span: Span, queue: Span | None) -> Seen:
    return Seen(
        n=span.n, good=span.ok + span.degraded, bad=span.bad, retries=span.retries, error_rate=span.error_rate,
        p50=span.quantile(0.5), p95=span.quantile(0.95), queue_p95=queue.quantile(0.95) if queue else None,
    )  # fmt: skip
