"""Explore: what may be asked, what is drawn, and that page, table and CSV say the same."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orchestration.models import Objective, Series
from portal.presentation.explore_form import MEASURE_WORDS, WHAT, read, url_query
from portal.selectors.explore import MEASURES, explore
from tests.dashboards.filling import count

pytestmark = pytest.mark.django_db


def text(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def drawn(query: str, now: datetime) -> Any:
    from django.http import QueryDict

    wanted, faults = read(QueryDict(query).dict(), UTC, now)
    assert not faults
    return explore(wanted, now)


def test_every_kind_of_series_has_measures_that_exist_and_a_first_choice_of_each():
    assert WHAT.keys() == set(Series.Kind.values)
    for kind in WHAT.values():
        assert set(kind.measures) <= MEASURES.keys() & MEASURE_WORDS.keys()
        assert kind.by
        assert kind.filters


@pytest.mark.parametrize("what", WHAT)
def test_every_choice_that_the_form_offers_opens_and_as_csv(what: str, reader: Any, orders: Any, now: datetime):
    for by in WHAT[what].by:
        for measure in WHAT[what].measures:
            query = f"what={what}&by={by}&measure={measure}&compare=previous"
            assert reader.get(f"/explore/?{query}").status_code == 200, query
            assert reader.get(f"/explore/data.csv?{query}").status_code == 200, query


def test_an_empty_installation_says_why_nothing_is_drawn(reader: Any):
    said = text(reader.get("/explore/"))
    assert "Nothing was counted: last 24 h, by the hour" in said
    assert "Start over" in said


def test_lines_are_split_by_workflow_and_the_biggest_come_first(now: datetime):
    for index in range(10):
        count("run", now, workflow=f"flow{index}", times=index + 1)
    found = drawn("what=run&measure=count&by=workflow", now)
    assert [line.name for line in found.lines] == [f"flow{index}" for index in range(9, 1, -1)]
    assert [line.whole for line in found.lines] == list(range(10, 2, -1))
    assert found.left_out == 2


def test_what_is_counted_by_version_is_not_counted_twice(now: datetime):
    count("run", now, workflow="orders", times=5)
    count("run", now, workflow="orders", version="1.0.0", times=2)
    count("run", now, workflow="orders", version="2.0.0", times=3)
    assert [line.whole for line in drawn("what=run&by=&measure=count", now).lines] == [5]
    by_version = drawn("what=run&by=version&workflow=orders&measure=count", now)
    assert {line.name: line.whole for line in by_version.lines} == {"1.0.0": 2, "2.0.0": 3}
    assert drawn("what=run&workflow=orders&version=2.0.0&measure=count", now).lines[0].whole == 3


def test_calls_of_all_callers_and_of_one_are_told_apart(now: datetime):
    count("call", now, "error", dependency="payments", times=4)
    count("call", now, "ok", dependency="payments", times=6)
    count("call", now, "error", dependency="payments", workflow="orders", step="charge", times=4)
    count("call", now, "ok", dependency="payments", workflow="refunds", step="give", times=6)
    assert drawn("what=call&by=dependency&measure=error_rate", now).lines[0].whole == 0.4
    by_step = drawn("what=call&by=step&dependency=payments&measure=error_rate", now)
    assert {line.name: line.whole for line in by_step.lines} == {"refunds give": 0.0, "orders charge": 1.0}


def test_a_team_is_that_of_the_workflow(orders: Any, now: datetime):
    count("run", now, workflow="orders", times=2)
    count("run", now, workflow="gone", times=3)
    assert {line.name: line.whole for line in drawn("what=run&by=team&measure=count", now).lines} == {
        "checkout": 2,
        "no team now": 3,
    }
    assert [line.name for line in drawn("what=run&by=workflow&team=checkout&measure=count", now).lines] == ["orders"]


def test_an_objective_is_named_and_its_bad_share_is_exact(team: Any, now: datetime):
    objective = Objective.objects.create(
        name="orders-succeed", owner=team, workflow="orders", indicator="success", target="0.99", since=now
    )
    count("objective", now, label=str(objective.pk), times=8, slo_bad=2)
    [line] = drawn("what=objective&measure=slow", now).lines
    assert (line.name, line.whole) == ("orders-succeed", 0.25)


def test_two_periods_are_compared(reader: Any, now: datetime):
    count("run", now, workflow="orders", times=10)
    count("run", now - timedelta(hours=30), workflow="orders", times=4)
    found = drawn("what=run&measure=count&compare=previous", now)
    assert [(line.name, line.whole, line.other) for line in found.lines] == [
        ("orders", 10, False),
        ("orders, before", 4, True),
    ]
    assert all(len(line.values) == len(found.times) for line in found.lines)
    assert "orders: 10, against 4 in the period before" in text(reader.get("/explore/?compare=previous&measure=count"))


def test_two_versions_are_compared(now: datetime):
    count("run", now, workflow="orders", version="1.0.0", seconds=1.0)
    count("run", now, workflow="orders", version="2.0.0", seconds=3.0)
    found = drawn("what=run&workflow=orders&version=2.0.0&compare=1.0.0&measure=p95", now)
    assert [(line.name, round(line.whole or 0, 1)) for line in found.lines] == [
        ("orders, 2.0.0", 3.0),
        ("orders, 1.0.0", 1.0),
    ]


def test_the_csv_is_what_the_page_draws(reader: Any, now: datetime):
    count("run", now, "ok", workflow="orders", seconds=[0.5] * 20, times=20)
    count("run", now - timedelta(hours=3), "failed", workflow="orders", seconds=4.0)
    query = "what=run&measure=p95&period=24h"
    answer = reader.get(f"/explore/data.csv?{query}")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert answer["Content-Disposition"].startswith('attachment; filename="run-p95-')
    [line] = drawn(query, now).lines
    column = "orders p95 (seconds)"
    assert [float(row[column]) if row[column] else None for row in rows] == [
        None if value is None else pytest.approx(value) for value in line.values
    ]
    assert len(rows) == 25


def test_a_name_that_would_be_a_formula_is_none_in_the_csv(reader: Any, now: datetime):
    count("retry", now, "error", workflow="orders", step="a", label='=HYPERLINK("x")')
    head = next(csv.reader(io.StringIO(reader.get("/explore/data.csv?what=retry").content.decode())))
    assert head[1].startswith("'=HYPERLINK")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("what=tea", "'tea' is no kind of figure; choose run, step, queue, call, retry or objective"),
        ("by=moon", "'moon' is no by of runs; choose workflow, nothing, version or team"),
        ("measure=p77", "'p77' is no measure of runs"),
        ("what=retry&measure=p95", "'p95' is no measure of retries; choose count"),
        ("dependency=payments", "Runs have no dependency; take it off, or narrow down by workflow, version or team"),
        ("period=9y", "'9y' is no period; choose 1h, 6h, 24h, 7d or 28d"),
        ("since=yesterday", "'yesterday' is no time; write it as 2026-11-17T13:58"),
        ("since=2999-01-01T00:00", "choose an earlier beginning"),
        ("since=1999-01-01T00:00", "days are kept two years"),
        ("since=0001-01-01T00:00%2B23:59", "choose a time of these years"),
        ("until=2026-01-01T00:00", "fill in From"),
        ("compare=2.0.0", "choose a workflow and a version of it first"),
        ("since=%00&what=%F0%9F%8D%B5", "is no"),
    ],
)
def test_a_parameter_that_cannot_be_used_is_named_with_its_remedy(query: str, said: str, reader: Any, orders: Any):
    answer = reader.get(f"/explore/?{query}")
    assert answer.status_code == 400
    assert said in text(answer).replace("&#x27;", "'")
    plain = reader.get(f"/explore/data.csv?{query}")
    assert plain.status_code == 400
    assert plain["Content-Type"].startswith("text/plain")


@pytest.mark.parametrize(
    "query",
    [
        "what=run&by=&measure=p95&workflow=orders&period=7d",
        "what=run&by=version&measure=count&workflow=orders&version=1.0.0&period=24h&compare=2.0.0",
        "what=call&by=step&measure=slow&dependency=payments&since=2026-11-01T10%3A00%2B00%3A00&period=24h",
    ],
)
def test_the_address_is_the_question(query: str):
    from django.http import QueryDict

    now = datetime(2026, 11, 20, tzinfo=UTC)
    wanted, _ = read(QueryDict(query).dict(), UTC, now)
    again, faults = read(QueryDict(url_query(wanted)).dict(), UTC, now)
    assert (again, faults) == (wanted, [])


def test_another_kind_keeps_of_the_choice_what_fits_it(reader: Any, orders: Any):
    body = reader.get(
        "/explore/?what=run&by=version&measure=error_rate&workflow=orders&version=1.0.0&period=7d"
    ).content.decode()
    tabs = dict(
        re.findall(r'<a href="/explore/\?(what=(\w+)[^"]*)"', body)
        and [(b, a.replace("&amp;", "&")) for a, b in re.findall(r'<a href="/explore/\?(what=(\w+)[^"]*)"', body)]
    )
    assert tabs["step"] == "what=step&by=version&measure=error_rate&workflow=orders&version=1.0.0&period=7d"
    assert tabs["call"] == "what=call&measure=error_rate&workflow=orders&period=7d"


@pytest.mark.parametrize(("period", "intervals"), [("1h", 61), ("6h", 361), ("24h", 25), ("7d", 169), ("28d", 29)])
def test_the_grain_follows_the_period(period: str, intervals: int, now: datetime):
    assert len(drawn(f"period={period}", now).times) == intervals


def test_minutes_of_long_ago_are_gone_so_that_time_is_drawn_by_the_hour(now: datetime):
    since = (now - timedelta(days=9)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M")
    until = (now - timedelta(days=9, hours=-3)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M")
    assert len(drawn(f"since={since}&until={until}", now).times) in {4, 5}


@pytest.mark.parametrize("workflows", [1, 12])
def test_the_number_of_queries_does_not_grow(
    workflows: int, reader: Any, orders: Any, now: datetime, django_assert_max_num_queries: Any
):
    for index in range(workflows):
        count("run", now, workflow=f"flow{index}", seconds=1.0)
    reader.get("/explore/")
    with django_assert_max_num_queries(22):
        reader.get("/explore/?measure=p95&period=28d&compare=previous")
