"""/metrics, through Prometheus's own parser: what ran is what it counts, whoever asks and whenever."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from orchestration import clock
from orchestration.engine.claim import claim
from orchestration.models import Breaker, Dependency, Objective, RollupDay, Run, Series, Team
from orchestration.policies.breaker import State
from orchestration.selectors.counters import week_of
from orchestration.telemetry import histogram, metrics
from orchestration.telemetry.fold import fold, sum_dirty
from tests.engine import harness, tasks
from tests.engine.conftest import no_messages
from tests.people import person, token_for

__all__ = ["no_messages"]
pytestmark = pytest.mark.django_db
#: 5-observability.md has these; the events of objectives are what the exported rules are made of (decision 28).
NAMES = {
    "workflow_runs", "workflow_run_duration_seconds", "workflow_step_duration_seconds", "workflow_step_attempts",
    "workflow_retries", "workflow_queue_wait_seconds", "workflow_fallbacks", "workflow_timeouts",
    "workflow_slo_budget_remaining_ratio", "workflow_slo_burn_rate", "workflow_slo_events", "workflow_breaker_state",
    "workflow_queue_length", "workflow_queue_oldest_seconds",
}  # fmt: skip


def counted() -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Every sample by name and labels, once all that ended is folded."""
    while fold().batches:
        pass
    while sum_dirty():
        pass
    found = {}
    for family in text_string_to_metric_families(metrics.text().decode()):
        for sample in family.samples:
            key = (sample.name, tuple(sorted(sample.labels.items())))
            assert key not in found, f"told twice: {key}"
            found[key] = sample.value
    return found


def of(found: Any, name: str, **labels: str) -> float:
    value: float = found[name, tuple(sorted(labels.items()))]
    return value


def test_counters_equal_what_ran():
    good = harness.publish({"a": harness.echo(1), "b": harness.echo(2, needs=["a"])}, name="good")
    bad = harness.publish({"a": {"python": "test.fail"}}, name="bad")
    for _ in range(3):
        harness.settle_down(harness.begin(good))
    tasks.failing["b"] = 2
    harness.settle_down(harness.begin(good))
    runs = [harness.settle_down(harness.begin(bad)) for _ in range(2)]
    assert {run.result for run in runs} == {"failed"}

    found = counted()
    assert of(found, "workflow_runs_total", workflow="good", result="succeeded") == 4
    assert of(found, "workflow_runs_total", workflow="bad", result="failed") == 2
    assert of(found, "workflow_step_attempts_total", workflow="good", step="a") == 4
    assert of(found, "workflow_step_attempts_total", workflow="good", step="b") == 6
    assert of(found, "workflow_retries_total", workflow="good", step="b", reason="test.flaky") == 2
    assert of(found, "workflow_step_duration_seconds_count", workflow="good", step="a") == 4
    assert of(found, "workflow_run_duration_seconds_bucket", workflow="good", le="+Inf") == 4
    whole = sum((run.finished_at - run.started_at).total_seconds() for run in Run.objects.filter(workflow__name="good"))
    assert of(found, "workflow_run_duration_seconds_sum", workflow="good") == pytest.approx(whole, abs=1e-4)
    assert of(found, "workflow_timeouts_total", workflow="good", step="b") == 0


def test_an_attempt_that_ran_out_of_time_is_counted_whether_or_not_it_is_tried_again():
    version = harness.publish({"a": harness.echo(1, timeout={"start_to_close": "5s"}, retry={"maximum_attempts": 2})})
    run = harness.begin(version)
    for _ in range(2):
        claimed = claim(harness.step(run, "a").pk)
        assert claimed is not None
        harness.pass_time(8)
        harness.pass_time(120)
    run.refresh_from_db()
    assert run.result == "timed_out"
    assert of(counted(), "workflow_timeouts_total", workflow="demo", step="a") == 2


def test_names_are_the_designs_and_no_label_is_a_runs_id():
    run = harness.settle_down(harness.begin(harness.publish({"a": harness.echo(1)})))
    counted()
    families = {family.name for family in text_string_to_metric_families(metrics.text().decode())}
    assert families == NAMES
    assert str(run.pk) not in metrics.text().decode()


def test_buckets_are_exact_and_never_fall():
    seconds = [0.0, 0.002, 0.25, 0.2500001, 0.5, 3.0, 5000.0]
    buckets = dict(metrics._buckets([histogram.pack(seconds[:3]), histogram.pack(seconds[3:])], metrics.STEP_EDGES))
    for octave in metrics.STEP_EDGES:
        assert buckets[repr(2.0**octave)] == sum(one <= 2.0**octave for one in seconds), octave
    assert buckets["+Inf"] == len(seconds)
    assert list(buckets.values()) == sorted(buckets.values())
    assert set(dict(metrics._buckets([], metrics.STEP_EDGES)).values()) == {0.0}


def day(series: Series, ts: datetime, n: int) -> None:
    RollupDay.objects.create(series=series, ts=ts, n=n, ok=n, hist=b"")


def test_counters_begin_anew_with_the_week_and_what_was_counted_before_stands_at_nothing():
    week = week_of(clock.now())
    assert (week.weekday(), week.hour, week.tzinfo) == (0, 0, UTC)
    quiet, gone = (Series.objects.create(kind="run", workflow=name) for name in ("quiet", "gone"))
    day(quiet, week - timedelta(days=1), 5)
    day(gone, week - timedelta(days=15), 5)
    found = counted()
    assert of(found, "workflow_runs_total", workflow="quiet", result="succeeded") == 0
    assert not [key for key in found if ("workflow", "gone") in key[1]]
    day(quiet, week, 7)
    assert of(counted(), "workflow_runs_total", workflow="quiet", result="succeeded") == 7


def test_a_breaker_is_in_one_state_and_closed_until_something_went_wrong():
    team = Team.objects.get_or_create(name="checkout")[0]
    for name in ("calm", "broken"):
        Dependency.objects.create(name=name, owner=team, content_hash="0")
    now = clock.now()
    Breaker.objects.create(name="broken", state="open", since=now, retry_at=now + timedelta(minutes=1))
    found = counted()
    assert of(found, "workflow_breaker_state", dependency="calm", state="closed") == 1
    assert of(found, "workflow_breaker_state", dependency="broken", state="open") == 1
    for dependency in ("calm", "broken"):
        assert sum(of(found, "workflow_breaker_state", dependency=dependency, state=state) for state in State) == 1


def test_a_fallback_and_the_attempts_before_it_are_counted():
    steps = {"a": {"python": "test.fail", "effect": "none", "fallback": {"value": 7}}}
    run = harness.settle_down(harness.begin(harness.publish(steps)))
    assert run.result == "degraded"
    found = counted()
    assert of(found, "workflow_fallbacks_total", workflow="demo", step="a") == 1
    assert of(found, "workflow_runs_total", workflow="demo", result="degraded") == 1
    assert of(found, "workflow_step_attempts_total", workflow="demo", step="a") == 1


def test_an_objectives_events_and_burn_rates_are_told():
    team = Team.objects.get_or_create(name="checkout")[0]
    objective = Objective.objects.create(
        name="demo-success", owner=team, workflow="bad", indicator="success", target=Decimal("0.9"),
        since=clock.now() - timedelta(days=30),
    )  # fmt: skip
    version = harness.publish({"a": {"python": "test.fail", "when": "input.bad"}}, name="bad")
    for bad in (True, False, False, False):
        harness.settle_down(harness.begin(version, {"bad": bad}))
    found = counted()
    assert of(found, "workflow_slo_events_total", objective=objective.name, outcome="bad") == 1
    assert of(found, "workflow_slo_events_total", objective=objective.name, outcome="good") == 3
    assert of(found, "workflow_slo_burn_rate", objective=objective.name, window="1h") == 2.5
    assert of(found, "workflow_slo_budget_remaining_ratio", objective=objective.name) == -1.5


@pytest.mark.parametrize("header", ["", "Bearer wrong", "Basic x", "Bearer", "Bearer ÿ"])
def test_nobody_reads_metrics_without_a_token(header: str):
    answer = Client().get("/metrics", headers={"Authorization": header} if header else {})
    assert answer.status_code == 401
    assert "Bearer" in answer["WWW-Authenticate"]
    assert b"PLUMBLINE_METRICS_TOKEN" in answer.content


def test_metrics_are_read_with_the_installations_own_token_an_api_token_or_a_sign_in(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(settings, "PLUMBLINE", replace(settings.PLUMBLINE, metrics_token="s" * 20))
    viewer = person("viewer", Team.objects.get_or_create(name="checkout")[0])
    signed_in = Client()
    signed_in.force_login(viewer)

    def ask(secret: str) -> Any:
        return Client().get("/metrics", headers={"Authorization": f"Bearer {secret}"})

    for answer in (ask("s" * 20), ask(token_for(viewer, verbs=[])), signed_in.get("/metrics")):
        assert answer.status_code == 200
        assert answer["Content-Type"].startswith("text/plain; version=0.0.4")
    assert ask("s" * 19).status_code == 401
    assert signed_in.post("/metrics").status_code == 405


def test_a_scrape_asks_few_queries_however_many_series_there_are(django_assert_max_num_queries: Any):
    week = week_of(clock.now())
    for number in range(50):
        day(Series.objects.create(kind="step", workflow=f"w{number}", step="a"), week, number)
    with django_assert_max_num_queries(6):
        metrics.text()
