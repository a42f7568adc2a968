"""The living diagram and the Performance tab: declared against observed, and where the p95 of real runs goes."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from orchestration import clock
from orchestration.selectors.p95 import SAMPLE, where_the_p95_goes
from portal.dashboards.p95_panel import advice, p95_panel, title
from tests.dashboards.filling import before_midnight, count, fold_all
from tests.engine import tasks
from tests.engine.harness import begin, echo, publish, settle_down

pytestmark = pytest.mark.django_db


def text(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


@pytest.fixture
def observed(orders: Any, now: datetime) -> datetime:
    """100 runs: gift was asked for in 20 of them; charge failed in 3; ship never ran in the last hour."""
    count("run", now, workflow="orders", times=100, seconds=2.0)
    for step, times in (("reserve", 100), ("charge", 97), ("gift", 20)):
        count("step", now, workflow="orders", step=step, times=times, seconds=0.5)
    count("step", now, "failed", workflow="orders", step="charge", times=3, seconds=0.5)
    count("step", now - timedelta(hours=5), workflow="orders", step="ship", times=60, seconds=0.5)
    return now


def test_the_diagram_says_what_was_observed_beside_what_is_declared(reader: Any, observed: datetime):
    said = text(reader.get("/workflows/orders/?period=1h"))
    assert "100 runs in the last hour: count · errors · p95" in said
    assert "100 · 3.00 % · 0.50 s" in said
    assert "Never ran ship in 100 runs." in said
    assert "Skipped Gift by 79.4 % of the runs that came to it." in said
    assert "Fails most charge: 3 of 100 (3.00 %)." in said


def test_the_period_of_the_diagram_is_chosen_and_other_periods_are_other_figures(reader: Any, observed: datetime):
    said = text(reader.get("/workflows/orders/?period=24h"))
    assert "Never ran" not in said
    assert "60 · 0.00 % · 0.50 s" in said


def test_a_workflow_without_runs_is_drawn_as_declared(reader: Any, orders: Any):
    said = text(reader.get("/workflows/orders/"))
    assert "no run ended in the last 24 h" in said
    assert "never ran" in said
    assert "Declared against observed" not in reader.get("/workflows/orders/").content.decode()


def test_a_step_shows_the_trouble_of_the_service_that_it_calls(reader: Any, observed: datetime):
    count("call", observed, "error", dependency="payments", times=9)
    count("call", observed, "ok", dependency="payments", times=1)
    assert "payments: down" in text(reader.get("/workflows/orders/"))


def test_a_chosen_version_is_observed_alone(reader: Any, observed: datetime):
    count("step", observed, workflow="orders", version="1.0.0", step="reserve", times=7)
    count("run", observed, workflow="orders", version="1.0.0", times=7)
    assert "7 runs in the last 24 h" in text(reader.get("/workflows/orders/?version=1.0.0"))


def test_the_diagram_answers_204_until_something_changes(reader: Any, observed: datetime):
    body = reader.get("/workflows/orders/").content.decode()
    url = re.search(r'id="observed"[^>]*hx-get="([^"]+)"', body)[1].replace("&amp;", "&")
    assert reader.get(url).status_code == 204
    count("step", observed, "failed", workflow="orders", step="ship")
    answer = reader.get(url)
    assert answer.status_code == 200
    assert "<html" not in answer.content.decode()


@pytest.fixture
def slow() -> Any:
    """a is quick, then b and c beside each other; c fails once in one run of five and is tried again after 4 s."""
    retry = {"initial_interval": "4s", "jitter": "none", "maximum_attempts": 3}
    version = publish(
        {
            "a": echo(1),
            "b": echo(1, needs=["a"]),
            "c": echo(1, needs=["a"], retry=retry),
            "d": echo(1, needs=["b", "c"]),
        },
        name="slow",
    )
    for number in range(20):
        tasks.failing["c"] = 1 if number % 5 == 0 else 0
        settle_down(begin(version), stride=1)
    fold_all()
    return version


def test_the_p95_is_split_along_the_critical_path_of_real_runs(slow: Any):
    now = clock.now()
    found = where_the_p95_goes(slow.workflow_id, "slow", now - timedelta(hours=1), now + timedelta(minutes=1))
    assert found is not None
    assert len(found.runs) == min(SAMPLE, 20)
    assert found.looked_through == 20
    assert sum(where.total for where in found.steps) == pytest.approx(found.mean)
    assert found.steps[0].step == "c"
    assert max(found.steps[0].seconds, key=lambda kind: found.steps[0].seconds[kind]) == "retries"
    assert "c takes" in title(found)
    assert str(advice(found)).startswith("Improve c first: half its time would take")
    assert "see why it fails" in str(advice(found))


def test_the_tab_shows_chart_table_sample_and_advice(reader: Any, slow: Any):
    answer = reader.get("/workflows/slow/performance/?period=1h")
    said = text(answer)
    assert "Improve c first" in said
    assert "From the 20 runs nearest the p95 among the newest 20 that succeeded" in said
    assert answer.content.decode().count('class="plotly-chart') == 2
    assert 'href="/workflows/slow/performance/" aria-current="page"' in answer.content.decode()
    assert "unsafe-inline" in answer["Content-Security-Policy"]
    assert "unsafe-inline" not in reader.get("/workflows/slow/")["Content-Security-Policy"]


def test_a_workflow_that_never_succeeded_says_so(reader: Any, orders: Any):
    said = text(reader.get("/workflows/orders/performance/"))
    assert "No run succeeded in the last 24 h" in said


def test_a_figure_without_runs_is_empty_and_one_of_many_steps_folds_the_rest():
    from orchestration.policies.critical_path import KINDS
    from orchestration.selectors.p95 import Split, Where

    assert p95_panel(None, "last hour").is_empty
    steps = [Where(f"s{index}", dict.fromkeys(KINDS, 1.0), 0.1) for index in range(30)]
    drawn = p95_panel(Split(150.0, [(__import__("uuid").uuid4(), 150.0)], 1, steps), "last hour").figure
    assert len(drawn["data"][0]["y"]) == 13
    assert drawn["data"][0]["y"][-1] == "18 more"


def test_the_number_of_queries_does_not_grow_with_the_runs(reader: Any, slow: Any, django_assert_max_num_queries: Any):
    reader.get("/workflows/slow/performance/")
    with django_assert_max_num_queries(43 + before_midnight()):
        reader.get("/workflows/slow/performance/?period=28d")
