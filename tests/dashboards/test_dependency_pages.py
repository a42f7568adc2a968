"""The dependency page, list and map: what rollups say of calls, in charts, tables and sentences."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from governance.models import DependencyReview
from orchestration.models import Alert, BreakerTransition, Dependency, EngineMark, Workflow
from portal.dashboards.periods import PERIODS
from portal.selectors.marks import Scope, marks
from tests.dashboards.filling import before_midnight, count
from tests.engine.harness import echo, publish
from tests.people import person

pytestmark = pytest.mark.django_db


def text(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


@pytest.fixture
def called(orders: Any, now: datetime) -> datetime:
    """20 calls of the last hours: 5 failed, 2 were slow, 1 fell back."""
    for names in ({}, {"workflow": "orders", "step": "charge"}):
        count("call", now, "error", dependency="payments", times=5, seconds=0.1, **names)
        count("call", now - timedelta(hours=2), dependency="payments", times=13, seconds=0.5, slo_bad=2, **names)
        count("call", now - timedelta(hours=3), "degraded", dependency="payments", times=2, seconds=0.5, **names)
    return now


def test_the_page_draws_four_charts_each_with_a_title_that_concludes(reader: Any, called: datetime):
    said = text(reader.get("/dependencies/payments/"))
    for title in ("25 % of calls failed in the last 24 h", "10 % of calls were slow", "10 % of calls fell back"):
        assert title in said
    body = reader.get("/dependencies/payments/").content.decode()
    assert body.count('class="plotly-chart') == body.count('<details class="behind"') == 4
    assert "Slow from 2 s" in body


def test_consumers_have_their_own_figures_also_those_that_never_called(reader: Any, called: datetime):
    publish({"idle": echo(1, dependency="payments")}, name="idle-flow")
    said = text(reader.get("/dependencies/payments/"))
    assert "orders 1.0.0 charge checkout 20 25 % 10 % 0.50 s 0.50 s" in said
    assert "idle-flow 1.0.0 idle checkout 0 – – – –" in said


@pytest.mark.parametrize("period", PERIODS)
def test_a_dependency_that_nobody_called_says_so_in_every_period(period: str, reader: Any, orders: Any):
    said = text(reader.get(f"/dependencies/payments/?period={period}"))
    assert "No step called this service in the period." in said
    assert "plotly-chart" not in reader.get(f"/dependencies/payments/?period={period}").content.decode()


def test_the_live_part_answers_204_until_a_call_comes(reader: Any, called: datetime):
    body = reader.get("/dependencies/payments/").content.decode()
    url = re.search(r'id="health"[^>]*hx-get="([^"]+)"', body)[1].replace("&amp;", "&")
    assert reader.get(url).status_code == 204
    count("call", called, "error", dependency="payments")
    answer = reader.get(url)
    assert answer.status_code == 200
    assert "<html" not in answer.content.decode()


def test_the_list_has_state_rate_p95_and_a_sparkline(reader: Any, called: datetime):
    said = text(reader.get("/dependencies/"))
    assert "20 25 % 0.50 s orders" in said
    assert (
        'aria-label="Error rate of payments, last 24 h, by the hour"' in reader.get("/dependencies/").content.decode()
    )


def test_the_list_concludes_with_the_worst_and_puts_it_first(reader: Any, called: datetime):
    assert "payments is down." in text(reader.get("/dependencies/")), "5 of 5 calls of the last minutes failed"
    count("call", called, "ok", dependency="payments", times=50)
    assert "No service is in trouble now." in text(reader.get("/dependencies/"))


def test_the_map_says_of_every_connection_what_came_of_it(reader: Any, called: datetime):
    publish({"idle": echo(1, dependency="payments")}, name="idle-flow")
    answer = reader.get("/dependencies/map/?period=24h")
    said = text(answer)
    assert "25 % of the calls from orders to payments failed in the last 24 h." in said
    assert "Table of 2 connections" in said
    body = answer.content.decode()
    assert "orders calls payments: 20 calls, 25 % failed, p95 0.50 s" in body
    assert "idle-flow calls payments: no call" in body
    url = re.search(r'id="dependency-map"[^>]*hx-get="([^"]+)"', body)[1].replace("&amp;", "&")
    assert reader.get(url, headers={"HX-Request": "true"}).status_code == 204
    count("call", called, "ok", dependency="payments", workflow="idle-flow", step="idle")
    assert reader.get(url, headers={"HX-Request": "true"}).status_code == 200


def test_a_big_map_folds_what_is_calm_and_keeps_every_row_in_the_table(reader: Any, called: datetime):
    for index in range(70):
        publish({"call": echo(index, dependency="payments")}, name=f"caller-{index:02}")
    said = text(reader.get("/dependencies/map/?period=24h"))
    assert "are folded into" in said
    assert "Table of 71 connections" in said
    assert "caller-69" in said


def test_an_empty_map_says_how_it_is_filled(reader: Any, team: Any):
    assert "No workflow calls a service" in text(reader.get("/dependencies/map/"))


@pytest.mark.parametrize("workflows", [1, 8])
def test_the_number_of_queries_does_not_grow_with_the_callers(
    workflows: int, reader: Any, called: datetime, django_assert_max_num_queries: Any
):
    for index in range(workflows):
        publish({"call": echo(1, dependency="payments")}, name=f"caller-{index}")
        count("call", called, dependency="payments", workflow=f"caller-{index}", step="call", seconds=0.2)
    for path, most in (
        ("/dependencies/payments/?period=28d", 44 + before_midnight()),
        ("/dependencies/map/?period=28d", 34 + before_midnight()),
        ("/dependencies/", 18),
    ):
        reader.get(path)
        with django_assert_max_num_queries(most):
            reader.get(path)


def test_breakers_that_opened_are_marks_and_half_open_ones_are_not(orders: Any, now: datetime):
    for source, target in (("closed", "open"), ("open", "half_open"), ("half_open", "open"), ("half_open", "closed")):
        BreakerTransition.objects.create(name="payments", at=now, source=source, target=target, why="")
    found = marks(Scope(now - timedelta(hours=1), ["orders"], ["payments"]))
    assert sorted(mark.label for mark in found) == ["payments: breaker closed", "payments: breaker open"]
    assert not marks(Scope(now - timedelta(hours=1), ["orders"], []))


def test_marks_of_a_workflow_leave_out_those_of_another(orders: Any, now: datetime):
    publish({"one": echo(1)}, name="other")
    assert Workflow.objects.count() == 2
    assert [mark.label for mark in marks(Scope(now - timedelta(hours=1)))] == ["other 1.0.0 live"]
    assert marks(Scope(now - timedelta(hours=1), ["orders"], ["payments"])) == []


def test_alerts_and_sign_offs_are_marks_of_what_they_are_about(orders: Any, team: Any, now: datetime):
    author = person("approver", team)
    dependency = Dependency.objects.get(name="payments")
    DependencyReview.objects.create(
        dependency=dependency, area="security", person=author, findings="none", signed_at=now
    )
    alert = {"kind": "burn", "severity": "page", "team": team, "escalation": team, "opened_at": now}
    Alert.objects.create(subject="orders-succeed", workflow="orders", **alert)
    Alert.objects.create(subject="another", workflow="another", **alert)
    of_orders = marks(Scope(now - timedelta(hours=1), ["orders"], ["payments"]))
    assert sorted((mark.kind, mark.label) for mark in of_orders) == [
        ("alert", "page of orders-succeed"),
        ("review", "payments: security reviewed"),
    ]
    assert [mark.kind for mark in marks(Scope(now - timedelta(hours=1), ["another"], []))] == ["alert"]
    assert len(marks(Scope(now - timedelta(hours=1)))) == 3


def test_example_data_is_said_to_be_such_where_it_is_and_only_there(reader: Any, called: datetime):
    EngineMark.objects.create(name="example_history", at=called - timedelta(hours=5))
    assert "Example data until" in text(reader.get("/explore/?what=call"))
    assert "Example data until" not in text(reader.get("/explore/?what=call&period=1h"))
    assert "Example data until" not in text(reader.get("/dependencies/payments/")), "its manifest is nobody's example"
    assert "Example data until" in text(reader.get("/?period=7d"))
