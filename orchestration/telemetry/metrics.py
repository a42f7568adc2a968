"""Metrics for Prometheus, collected when they are asked for: from rollups and tables, so that they are the same in every process
and after every restart. No label ever holds a run's id. Owns names, labels and buckets; never decides who may read them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from orchestration import clock
from orchestration.exports.prometheus import WINDOWS, span
from orchestration.models import Breaker, Dependency, Objective, Series
from orchestration.policies import burn
from orchestration.policies.breaker import State
from orchestration.selectors.breakers import state_of
from orchestration.selectors.budgets import burns
from orchestration.selectors.counters import Count, counts
from orchestration.selectors.queue import lengths
from orchestration.telemetry import histogram

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
#: Powers of two, by their exponents, because these are edges of the rollups' buckets too: so the counts below them are exact.
STEP_EDGES = range(-9, 13)  # 2 ms to 68 min
RUN_EDGES = range(-7, 20)  # 8 ms to 6 days
Kind = Series.Kind


def text() -> bytes:
    """All of them, in the text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Rollups())
    return generate_latest(registry)


class Rollups(Collector):
    """See the module."""

    def collect(self) -> Iterator[Metric]:
        """Every metric there is."""
        by_kind: dict[str, list[Count]] = {}
        for one in counts(clock.now()):
            by_kind.setdefault(one.kind, []).append(one)
        runs, steps, retries = (by_kind.get(kind, []) for kind in (Kind.RUN, Kind.STEP, Kind.RETRY))
        yield _runs(runs)
        yield _durations(
            "workflow_run_duration_seconds", "From the start of a run to its end", runs, ["workflow"], RUN_EDGES
        )
        yield _durations(
            "workflow_step_duration_seconds", "From the first claim of a step to its end, without queue wait", steps,
            ["workflow", "step"], STEP_EDGES,
        )  # fmt: skip
        yield _attempts(steps)
        yield _retries(retries)
        yield _durations(
            "workflow_queue_wait_seconds", "How long a step that was ready waited for a worker",
            by_kind.get(Kind.QUEUE, []), ["workflow", "step"], STEP_EDGES,
        )  # fmt: skip
        yield _fallbacks(steps)
        yield _timeouts(steps, retries)
        yield _breakers()
        yield from _queues()
        yield from _objectives(by_kind.get(Kind.OBJECTIVE, []))


def _runs(runs: Iterable[Count]) -> Metric:
    metric = CounterMetricFamily("workflow_runs", "Runs that ended, by result", labels=["workflow", "result"])
    for one in runs:
        for result, count in (
            ("succeeded", one.ok), ("degraded", one.degraded), ("failed", one.error), ("timed_out", one.timeout),
            ("cancelled", one.cancelled),
        ):  # fmt: skip
            metric.add_metric([one.workflow, result], count)
    return metric


def _attempts(steps: Iterable[Count]) -> Metric:
    metric = CounterMetricFamily(
        "workflow_step_attempts", "Attempts of steps that ended, retries included", labels=["workflow", "step"]
    )
    for one in steps:
        metric.add_metric([one.workflow, one.step], one.n + one.retries)
    return metric


def _retries(retries: Iterable[Count]) -> Metric:
    metric = CounterMetricFamily(
        "workflow_retries", "Attempts that are tried again, by error type", labels=["workflow", "step", "reason"]
    )
    for one in retries:
        metric.add_metric([one.workflow, one.step, one.label], one.n)
    return metric


def _fallbacks(steps: Iterable[Count]) -> Metric:
    metric = CounterMetricFamily(
        "workflow_fallbacks", "Steps that ended with their fallback", labels=["workflow", "step"]
    )
    for one in steps:
        metric.add_metric([one.workflow, one.step], one.degraded)
    return metric


def _timeouts(steps: Iterable[Count], retries: Iterable[Count]) -> Metric:
    metric = CounterMetricFamily(
        "workflow_timeouts", "Attempts that ran out of time, tried again or not", labels=["workflow", "step"]
    )
    found: dict[tuple[str, str], int] = {(one.workflow, one.step): one.timeout for one in steps}
    for one in retries:
        if one.label == "timeout" or one.label.startswith("timeout."):
            place = (one.workflow, one.step)
            found[place] = found.get(place, 0) + one.n
    for (workflow, step), count in found.items():
        metric.add_metric([workflow, step], count)
    return metric


def _breakers() -> Metric:
    """A dependency that nothing has gone wrong with has no row yet: its breaker is closed."""
    metric = GaugeMetricFamily(
        "workflow_breaker_state", "1 for the state that a dependency's breaker is in", labels=["dependency", "state"]
    )
    states: dict[str, str] = dict.fromkeys(Dependency.objects.values_list("name", flat=True), State.CLOSED)
    now = clock.now()
    states |= {row.name: state_of(row, now) for row in Breaker.objects.all()}
    for dependency, present in sorted(states.items()):
        for state in State:
            metric.add_metric([dependency, state], float(state == present))
    return metric


def _queues() -> Iterator[Metric]:
    """A team that nothing waits of has no line."""
    long = GaugeMetricFamily("workflow_queue_length", "Runs that are queued", labels=["team"])
    old = GaugeMetricFamily("workflow_queue_oldest_seconds", "Age of the oldest queued run", labels=["team"])
    now = clock.now()
    for team, runs, oldest in lengths():
        long.add_metric([team], runs)
        old.add_metric([team], max((now - oldest).total_seconds(), 0.0))
    yield from (long, old)


def _durations(name: str, words: str, found: Iterable[Count], labels: Sequence[str], edges: Sequence[int]) -> Metric:
    metric = HistogramMetricFamily(name, words, labels=labels)
    for one in found:
        metric.add_metric([getattr(one, label) for label in labels], _buckets(one.hists, edges), sum_value=one.sum)
    return metric


def _buckets(hists: Sequence[bytes], octaves: Sequence[int]) -> list[tuple[str, float]]:
    """Counts up to each edge; the last is the number of all durations."""
    edges = [*(repr(2.0**octave) for octave in octaves), "+Inf"]
    return [(edge, float(count)) for edge, count in zip(edges, histogram.upto(hists, octaves), strict=True)]


def _objectives(events: Iterable[Count]) -> Iterator[Metric]:
    told = CounterMetricFamily(
        "workflow_slo_events", "Events that an objective counts, by outcome", labels=["objective", "outcome"]
    )
    left = GaugeMetricFamily(
        "workflow_slo_budget_remaining_ratio", "Share of the window's error budget that is left", labels=["objective"]
    )
    rates = GaugeMetricFamily(
        "workflow_slo_burn_rate",
        "How many times as fast as allowed the budget is spent",
        labels=["objective", "window"],
    )
    found = list(Objective.objects.filter(retired_at__isnull=True))
    counted = {one.label: one for one in events}
    for objective in found:
        one = counted.get(str(objective.pk))
        told.add_metric([objective.name, "good"], one.n - one.slo_bad if one else 0)
        told.add_metric([objective.name, "bad"], one.slo_bad if one else 0)
    spans = {one.pk: timedelta(days=one.window_days) for one in found}
    of = burns(found, {*WINDOWS, *spans.values()}, clock.now())
    for objective in found:
        left.add_metric(
            [objective.name], float(burn.remaining(objective.target, of[objective.pk][spans[objective.pk]]))
        )
        for window in WINDOWS:
            rates.add_metric(
                [objective.name, span(window)], float(burn.burn(objective.target, of[objective.pk][window]) or 0)
            )
    yield from (told, left, rates)
