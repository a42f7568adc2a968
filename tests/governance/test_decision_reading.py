"""The page of a decision shows its checks, and what its workflows did before its day and since; the timeline shows all."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orchestration import clock
from portal.selectors.before_after import before_after
from tests.dashboards.filling import count
from tests.governance.gatehouse import policy, sent
from tests.people import person

pytestmark = pytest.mark.django_db


@pytest.fixture
def measured():
    """orders: 4 s and a tenth failing before a day ten days ago, 1 s and none failing since."""
    now = clock.now()
    day = (now - timedelta(days=10)).date()
    for ago in range(1, 20):
        at = now - timedelta(days=ago, hours=1)
        slow = at.date() < day
        count("run", at, times=9, seconds=4.0 if slow else 1.0, workflow="order-fulfilment")
        count("run", at, "failed" if slow else "ok", times=1, seconds=1.0, workflow="order-fulfilment")
        count("step", at, times=10, retries=5 if slow else 0, workflow="order-fulfilment", step="charge")
    return day, now


def test_both_sides_of_the_day_are_measured_alike(measured):
    day, now = measured
    found = before_after(day, ["order-fulfilment", "nothing-known"], now)
    assert found is not None
    (one,) = found.workflows
    assert one.before.p95 == pytest.approx(4.0, rel=0.01)
    assert one.after.p95 == pytest.approx(1.0, rel=0.01)
    assert (one.before.error_rate, one.after.error_rate) == (0.1, 0.0)
    assert (one.before.retries, one.after.retries) == (50.0, 0.0)
    assert len(one.p95s) == len(found.times)


@pytest.mark.parametrize("days", [-3, 0, 70])
def test_there_is_nothing_to_compare_for_a_day_to_come_or_long_gone(measured, days: int):
    _, now = measured
    assert before_after((now - timedelta(days=days)).date(), ["order-fulfilment"], now) is None


def test_the_page_shows_checks_and_both_sides_and_a_badge_where_reality_contradicts(
    decide, team, workflow, measured, signed_in, django_assert_max_num_queries
):
    body = "`check: p95 of workflow order-fulfilment over 7d <= 500ms`"
    decision = decide(body=body, status="accepted", date=measured[0], workflows=[workflow.name])
    client = signed_in(person("viewer", team))
    with django_assert_max_num_queries(60):
        page = client.get(f"/decisions/{decision.number}/").content.decode()
    assert "Contradicted" in page
    assert "measured: 1" in page
    assert "Before and after" in page
    assert "p95 of order-fulfilment was 4" in page
    assert "Contradicted" in client.get("/decisions/").content.decode()


def test_the_status_as_its_file_writes_it_is_shown_without_marks_of_emphasis(decide, team, signed_in):
    decision = decide(status="accepted", front_matter={"status": "**Accepted**, _mostly_ (`v2`) by snake_case"})
    page = signed_in(person("viewer", team)).get(f"/decisions/{decision.number}/").content.decode()
    assert "<dt>Status as written</dt><dd>Accepted, mostly (v2) by snake_case</dd>" in page
    assert decision.front_matter["status"].startswith("**")


def test_a_decision_that_waits_links_its_change_and_the_change_links_it(decide, team, signed_in):
    sent(policy(changes=["decision.accept"], review="always"))
    client = signed_in(person("maintainer", team))
    sent_form = {
        "title": "Use a saga", "status": "accepted", "owner": team.name, "date": "2026-01-02", "body": "Because.",
        "reason": "we met",
    }  # fmt: skip
    answer = client.post("/decisions/new/", sent_form)
    assert answer.status_code == 302
    change = client.get(answer.url).content.decode()
    assert "Accept use-a-saga" in change
    assert "/decisions/1/" in change
    assert f'href="{answer.url}"' in client.get("/decisions/1/").content.decode()


def test_the_timeline_draws_what_superseded_what(decide, team, signed_in):
    old = decide("Use one transaction", status="accepted")
    decide("Use a saga", status="accepted", supersedes=[old.number])
    page = signed_in(person("viewer", team)).get("/decisions/timeline/").content.decode()
    assert "decision 2 supersedes decision 1" in page
    assert "1 of 2 decisions hold" in page


def test_an_empty_timeline_says_so(team, signed_in):
    assert "No decision yet" in signed_in(person("viewer", team)).get("/decisions/timeline/").content.decode()
