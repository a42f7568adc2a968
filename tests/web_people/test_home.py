"""Home: its sentence, its numbers, its queries, and what its live parts answer."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from governance.models import Decision, Runbook
from orchestration.models import Breaker, Objective, WorkflowVersion
from orchestration.services.manifests import Document, Signature, apply
from portal.dashboards.panels import clock_time
from tests.dashboards.filling import count
from tests.engine.harness import echo, publish

pytestmark = pytest.mark.django_db
DEPENDENCY = """
apiVersion: plumbline/v1
kind: Dependency
metadata: {name: payments, owner: checkout}
spec: {base_url: "https://payments.example/"}
"""


@pytest.fixture
def version(teams: Any) -> WorkflowVersion:
    return publish({"charge": echo(1)}, name="orders", objectives={"success": "99%", "latency": {"p95": "8s"}})


def text_of(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def test_an_empty_installation_says_why_it_is_empty(operator: Any, signed_in: Any):
    page = text_of(signed_in(operator).get("/"))
    assert "No workflow is published yet." in page
    assert "Nothing needs you" in page


def test_home_sends_a_stranger_to_sign_in(client: Any, db: None):
    assert client.get("/").headers["Location"] == f"{reverse('login')}?next=/"


def test_the_sentence_names_the_failing_workflow_since_when_and_at_which_step(
    operator: Any, signed_in: Any, version: Any, ended: Any
):
    for minutes in (50, 40):
        ended(version, minutes=minutes)
    first_bad = ended(version, "failed", minutes=30, step="charge")
    for minutes in (20, 10):
        ended(version, "timed_out", minutes=minutes, step="charge")
    page = text_of(signed_in(operator).get("/"))
    assert (
        f"orders has been failing since {clock_time(first_bad.finished_at)} at charge. 3 of its 3 runs since then failed, mostly with http.503."
        in page
    )
    assert f"Failing workflows 1 of 1 since {clock_time(first_bad.finished_at)}" in page


def test_a_calm_installation_says_so(operator: Any, signed_in: Any, version: Any, ended: Any):
    ended(version)
    page = text_of(signed_in(operator).get("/"))
    assert "All workflows run as declared. 1 run ended in the last 24 h, none of them badly." in page
    assert "Failing workflows 0 of 1 none fails now" in page
    assert "Budgets burning 0 of 2 none burns too fast" in page
    assert "Open breakers 0 of 0 all calls are let through" in page
    assert "Waiting approvals 0 no change waits for a review" in page


def test_the_table_shows_error_rate_and_p95_beside_the_declared_objective(
    operator: Any, signed_in: Any, version: Any, ended: Any
):
    for minute in range(1, 20):
        ended(version, minutes=minute, seconds=2.3)
    ended(version, minutes=1, seconds=60.0)
    ended(version, "failed", minutes=600, seconds=1.0, step="charge")
    page = text_of(signed_in(operator).get("/"))
    assert "4.76 % 2.3 s / 8 s" in page
    assert "orders lost 4.76 % of its runs in the last 24 h; 1.00 % is declared." in page


def test_cancelled_runs_are_neither_good_nor_bad(operator: Any, signed_in: Any, version: Any, ended: Any):
    ended(version)
    ended(version, "cancelled")
    ended(version, "terminated")
    assert "None of 1 runs" not in text_of(signed_in(operator).get("/"))
    assert "1 run ended in the last 24 h, none of them badly." in text_of(signed_in(operator).get("/"))


def test_what_ended_before_the_period_does_not_count(operator: Any, signed_in: Any, version: Any, ended: Any):
    ended(version, "failed", minutes=25 * 60, step="charge")
    page = text_of(signed_in(operator).get("/"))
    assert "Nothing has ended in the last 24 h." in page
    assert "Nothing finished in the last 24 h" in page


def test_needs_are_those_of_my_teams_only(
    operator: Any, person: Any, signed_in: Any, version: Any, ended: Any, teams: Any
):
    ended(version, "failed", step="charge", compensation="failed")
    for team in teams.values():
        Runbook.objects.create(
            slug=f"late-{team}",
            title=f"Late at {team}",
            owner=team,
            body="x",
            review_by=date.today() - timedelta(days=3),
        )
        Decision.objects.create(
            number=team.pk,
            slug=f"d-{team}",
            title=f"Decide at {team}",
            status="proposed",
            date=date.today(),
            owner=team,
            body="x",
        )
    Runbook.objects.create(slug="fresh", title="Fresh one", owner=teams["checkout"], body="x", review_by=date.today())
    mine = text_of(signed_in(operator).get("/"))
    assert "3 things, the most urgent first" in mine
    assert "Compensation failed:" in mine
    assert "Late at checkout" in mine
    assert "Late at payments" not in mine
    assert "Decide at checkout" in mine
    assert "Decide at payments" not in mine
    assert "Fresh one" not in mine
    theirs = text_of(signed_in(person("p", "viewer@payments")).get("/"))
    assert "Late at payments" in theirs
    assert "Compensation failed" not in theirs


def test_the_team_in_the_url_narrows_every_number(operator: Any, signed_in: Any, version: Any, ended: Any):
    ended(version)
    client = signed_in(operator)
    assert "orders" in text_of(client.get("/?team=checkout"))
    page = text_of(client.get("/?team=payments"))
    assert "No workflow is published yet" in page
    assert "Nothing finished in the last 24 h" in page


@pytest.mark.parametrize("query", ["", "?team=checkout"])
def test_every_tile_and_action_leads_to_a_page_that_opens(
    query: str, operator: Any, signed_in: Any, version: Any, ended: Any, teams: Any
):
    ended(version, "failed", step="charge", compensation="failed")
    Runbook.objects.create(slug="late", title="Late", owner=teams["checkout"], body="x", review_by=date(2020, 1, 1))
    Decision.objects.create(
        number=1, slug="d", title="D", status="proposed", date=date(2020, 1, 1), owner=teams["checkout"], body="x"
    )
    client = signed_in(operator)
    body = client.get(f"/{query}").content.decode()
    links = {link.replace("&amp;", "&") for link in re.findall(r'<a class="(?:tile|btn[^"]*)" href="([^"]+)"', body)}
    assert len(links) == 7
    assert {link: client.get(link, follow=True).status_code for link in links} == dict.fromkeys(links, 200)


def test_a_stale_runbook_is_edited_by_who_may_and_read_by_others(
    operator: Any, person: Any, signed_in: Any, version: Any, teams: Any
):
    Runbook.objects.create(slug="late", title="Late", owner=teams["checkout"], body="x", review_by=date(2020, 1, 1))
    assert reverse("runbook-edit", args=["late"]) not in signed_in(operator).get("/").content.decode()
    maintainer = person("m", "maintainer@checkout")
    assert reverse("runbook-edit", args=["late"]) in signed_in(maintainer).get("/").content.decode()


def test_an_unknown_team_is_a_404_that_suggests(operator: Any, signed_in: Any, version: Any):
    answer = signed_in(operator).get("/?team=chekout")
    assert answer.status_code == 404
    assert "did you mean &#x27;checkout&#x27;?" in answer.content.decode()


@pytest.mark.parametrize("workflows", [1, 5])
def test_the_number_of_queries_is_fixed(
    workflows: int, operator: Any, signed_in: Any, teams: Any, ended: Any, django_assert_num_queries: Any
):
    for index in range(workflows):
        made = publish({"charge": echo(1)}, name=f"flow{index}")
        for minutes in range(1, 12):
            ended(made, "failed" if index == 0 else "succeeded", minutes=minutes, step="charge" if index == 0 else "")
    client = signed_in(operator)
    client.get("/")  # compiled plans are kept from here on
    with django_assert_num_queries(35):
        client.get("/?period=7d")


def test_what_all_readers_share_is_read_once(
    operator: Any, signed_in: Any, version: Any, ended: Any, settings: Any, django_assert_max_num_queries: Any
):
    cache.clear()
    settings.PLUMBLINE_SHARED_SECONDS = 60.0
    ended(version)
    client = signed_in(operator)
    client.get("/")
    with django_assert_max_num_queries(15):
        assert "1 run ended in the last 24 h" in text_of(client.get("/"))
    cache.clear()


def test_a_spent_budget_and_an_open_breaker_are_on_the_tiles_with_links_to_what_they_count(
    operator: Any, signed_in: Any, version: Any
):
    objective = Objective.objects.get(workflow="orders", indicator="success")
    count("objective", timezone.now(), label=str(objective.pk), times=100, slo_bad=5)
    apply([Document(DEPENDENCY, "d.yaml")], Signature(None, "a test"))
    Breaker.objects.create(name="payments", state="open")
    Breaker.objects.create(name="of-long-ago", state="open")
    answer = signed_in(operator).get("/")
    assert "Budgets burning 1 of 2 1 spent" in text_of(answer)
    assert "Open breakers 1 of 1 payments" in text_of(answer)
    assert 'href="/dependencies/?breaker=open"' in answer.content.decode()
    assert f'href="/objectives/{objective.name}/"' in answer.content.decode()
    assert "payments" in text_of(signed_in(operator).get("/dependencies/?breaker=open"))


def test_the_live_part_answers_204_until_something_changes(operator: Any, signed_in: Any, version: Any, ended: Any):
    ended(version)
    client = signed_in(operator)
    url = re.search(r'id="home-live"[^>]*hx-get="([^"]+)"', client.get("/").content.decode())[1].replace("&amp;", "&")
    assert client.get(url, headers={"HX-Request": "true"}).status_code == 204
    ended(version, "failed", minutes=0.5, step="charge")
    answer = client.get(url, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert 'id="home-sentence" hx-swap-oob="true"' in answer.content.decode()
    assert "<html" not in answer.content.decode()


def test_the_chart_answers_204_until_something_changes(operator: Any, signed_in: Any, version: Any, ended: Any):
    ended(version)
    client = signed_in(operator)
    url = re.search(r'id="runs-and-errors"[^>]*hx-get="([^"]+)"', client.get("/").content.decode())[1].replace(
        "&amp;", "&"
    )
    assert client.get(url).status_code == 204
    ended(version, "failed", minutes=0.5, step="charge")
    answer = client.get(url)
    assert "1 of 2 runs failed in the last 24 h (50 %)" in answer.content.decode()


def test_only_the_page_with_the_chart_allows_inline_styles(operator: Any, signed_in: Any, version: Any):
    client = signed_in(operator)
    assert "style-src 'self' 'unsafe-inline'" in client.get("/").headers["Content-Security-Policy"]
    assert "unsafe-inline" not in client.get("/account/").headers["Content-Security-Policy"]


def test_hostile_names_are_escaped_in_page_and_chart(
    operator: Any, signed_in: Any, version: Any, ended: Any, teams: Any
):
    ended(version)
    bad = "</script><script>alert(1)</script>"
    Runbook.objects.create(slug="x", title=bad, owner=teams["checkout"], body="x", review_by=date(2020, 1, 1))
    WorkflowVersion._base_manager.filter(pk=version.pk).update(state="draft")  # what is published can't be changed
    WorkflowVersion._base_manager.filter(pk=version.pk).update(version=bad, state="active")
    body = signed_in(operator).get("/").content.decode()
    assert "<script>alert(1)" not in body


def test_what_is_published_while_figures_are_shared_has_a_page_at_once(
    operator: Any, signed_in: Any, version: Any, settings: Any
):
    cache.clear()
    settings.PLUMBLINE_SHARED_SECONDS = 60.0
    client = signed_in(operator)
    assert client.get("/workflows/orders/").status_code == 200
    publish({"a": echo(1)}, name="just-now")
    assert client.get("/workflows/just-now/").status_code == 200
    cache.clear()
