"""Workflows and dependencies: the lists, the tabs, versions and their differences."""

from __future__ import annotations

import re

import pytest
import yaml

from orchestration import clock
from orchestration.models import Dependency, Workflow
from orchestration.services.manifests import Document, Signature, apply
from tests.dashboards.filling import fold_all
from tests.engine import tasks
from tests.engine.harness import begin, echo, publish, settle_down, write
from tests.people import person

DEPENDENCY = """
apiVersion: plumbline/v1
kind: Dependency
metadata: {name: payments, owner: checkout, description: Takes money.}
spec:
  base_url: "https://payments.example/v2"
  authorization: {secret: payments-token}
  timeout: {start_to_close: 3s}
  failure_modes:
    - {mode: no answer, effect: unknown, response: retry with the same key, runbook: payments-slow}
"""


def text(response):
    return re.sub(r"\s+", " ", response.content.decode())


def test_the_list_has_the_state_first_the_worst_first_and_numbers_that_link_to_their_runs(operator, failed_run):
    settle_down(begin(publish({"one": echo(1)}, name="calm")))
    said = text(operator.get("/workflows/"))
    rows = said[said.index("<tbody") :]
    assert rows.index("Failing") < rows.index(">order</a>") < rows.index(">calm</a>")
    assert 'href="/runs/?workflow=order&amp;result=failed&amp;since=24h"' in rows
    assert "order is failing." in said


@pytest.mark.parametrize(
    ("query", "found"), [("q=ord", True), ("q=none", False), ("team=checkout", True), ("team=elsewhere", False)]
)
def test_the_list_can_be_filtered(operator, version, query, found):
    said = text(operator.get(f"/workflows/?{query}"))
    assert ('href="/workflows/order/"' in said) is found
    assert ("No workflow fits this filter" in said) is not found


def test_the_number_of_queries_of_the_list_does_not_grow(operator, team, django_assert_num_queries):
    clock.now()  # asks PostgreSQL once in a while, which is no query of the page's
    for number in range(2):
        for index in range(1 + number * 10):
            publish({"one": echo(1)}, name=f"flow-{number}-{index}")
        with django_assert_num_queries(13):
            operator.get("/workflows/")


def test_the_page_says_how_the_last_day_went_and_draws_the_steps(operator, failed_run):
    said = text(operator.get("/workflows/order/"))
    assert "1 of 1 runs failed in the last 24 h." in said
    assert "3 steps, 3 write" in said
    assert said.count("<title>") >= 4, "one for the page and one for each box"
    assert failed_run.short_id in said


def test_only_who_may_start_gets_the_button_and_the_others_the_reason(operator, viewer, version):
    assert 'href="/workflows/order/start/"' in text(operator.get("/workflows/order/"))
    said = text(viewer.get("/workflows/order/"))
    assert 'href="/workflows/order/start/"' not in said
    assert "Starting runs needs the role operator in checkout" in said


def test_an_unknown_workflow_is_not_found_and_the_nearest_name_is_offered(operator, version):
    answer = operator.get("/workflows/ordr/")
    assert answer.status_code == 404
    assert "did you mean" in text(answer)


def test_each_tab_is_a_page_and_marks_itself(operator, version):
    for tab in ("dependencies", "decisions", "runbooks", "versions", "history"):
        said = text(operator.get(f"/workflows/order/{tab}/"))
        assert f'href="/workflows/order/{tab}/" aria-current="page"' in said


def test_a_chosen_version_is_drawn_and_stays_chosen_in_the_tabs(operator, version):
    publish({"only": echo(1)}, name="order", version="2.0.0")
    said = text(operator.get("/workflows/order/?version=1.0.0"))
    assert "reserve" in said
    assert 'href="/workflows/order/versions/?version=1.0.0"' in said
    assert "reserve" not in text(operator.get("/workflows/order/"))
    assert operator.get("/workflows/order/?version=9.9.9").status_code == 404


def test_versions_say_who_when_why_and_from_which_commit(operator, team):
    manifest = {
        "apiVersion": "plumbline/v1", "kind": "Workflow",
        "metadata": {"name": "order", "version": "1.0.0", "owner": "checkout"}, "spec": {"steps": {"one": {"value": 1}}},
    }  # fmt: skip
    author = person("maintainer", team)
    source = {"repository": "shop/manifests", "commit": "9c01d3aa12ffff", "dirty": True}
    apply([Document(yaml.safe_dump(manifest), "order.yaml")], Signature(author, "Because <it> must", source))
    said = text(operator.get("/workflows/order/versions/"))
    for part in (author.username, "Because &lt;it&gt; must", "shop/manifests", "9c01d3aa12*"):
        assert part in said
    raw = operator.get("/workflows/order/versions/1.0.0/manifest/?raw=1")
    assert yaml.safe_load(raw.content) == manifest
    assert raw["Content-Disposition"] == 'attachment; filename="order-1.0.0.yaml"'
    assert "apiVersion: plumbline/v1" in text(operator.get("/workflows/order/versions/1.0.0/manifest/"))


def test_two_versions_are_compared_in_sentences_and_line_by_line(operator, version):
    publish({"reserve": write("free it", "held")}, name="order", version="2.0.0")
    said = text(operator.get("/workflows/order/diff/?from=1.0.0&to=2.0.0"))
    assert said.index("Step &#x27;ship&#x27; is removed") < said.index("Line by line")
    assert 'class="del"' in said
    assert "1.0.0 to 2.0.0" in text(operator.get("/workflows/order/diff/")), "without a choice, the last two"
    assert "The two versions mean the same." in text(operator.get("/workflows/order/diff/?from=1.0.0&to=1.0.0"))


def test_the_number_of_queries_of_the_page_does_not_grow_with_the_versions(
    operator, version, django_assert_num_queries
):
    operator.get("/workflows/order/")
    for number in (1, 12):
        for minor in range(number):
            publish({"one": echo(minor)}, name="order", version=f"{number + 1}.{minor}.0")
        operator.get("/workflows/order/")
        with django_assert_num_queries(20):
            operator.get("/workflows/order/versions/")


def test_history_says_what_changed_who_and_why(operator, version, team):
    workflow = Workflow.objects.get(name="order")
    workflow.description = "Now with words"
    workflow._change_reason = "It had none"
    workflow.save()
    said = text(operator.get("/workflows/order/history/"))
    assert "Workflow: description from" in said
    assert "It had none" in said


@pytest.fixture
def dependency(team):
    apply([Document(DEPENDENCY, "payments.yaml")], Signature(None, "a test"))
    return Dependency.objects.get(name="payments")


@pytest.fixture
def caller(dependency):
    retry = {"initial_interval": "1s", "jitter": "none", "maximum_attempts": 2}
    return publish({"charge": echo(1, dependency="payments", retry=retry), "free": echo(1)}, name="order")


def test_a_dependency_page_shows_what_is_declared_and_never_a_secret(operator, caller, monkeypatch):
    monkeypatch.setenv("PLUMBLINE_SECRET_PAYMENTS_TOKEN", "very-secret")
    said = text(operator.get("/dependencies/payments/"))
    for part in (
        "https://payments.example/v2",
        "secret payments-token",
        "3 s per attempt",
        "no answer",
        "payments-slow, not written yet",
    ):
        assert part in said
    assert "very-secret" not in said
    assert 'href="/workflows/order/"' in said


def test_failed_calls_of_the_last_day_are_counted_and_lead_to_their_attempts(operator, caller, monkeypatch):
    monkeypatch.setattr(tasks, "flaky", "connection.reset")
    assert "No step called it in the last 24 h." in text(operator.get("/dependencies/payments/"))
    tasks.failing["charge"] = 1
    run = settle_down(begin(caller), stride=2)
    fold_all()
    said = text(operator.get("/dependencies/payments/"))
    assert "1 of 2 calls failed in the last 24 h (50 %), lately most often with connection.reset." in said
    assert f'href="/runs/{run.pk}/steps/charge/"' in said
    assert "tried again" in said


def test_a_dependency_page_counts_calls_that_succeeded_at_once_and_those_that_did_not(operator, caller, monkeypatch):
    monkeypatch.setattr(tasks, "flaky", "connection.reset")
    settle_down(begin(caller))
    fold_all()
    assert "The one call of the last 24 h was answered." in text(operator.get("/dependencies/payments/"))
    tasks.failing["charge"] = 1
    settle_down(begin(caller), stride=2)
    fold_all()
    assert "1 of 3 calls failed in the last 24 h" in text(operator.get("/dependencies/payments/"))


def test_the_list_of_dependencies_names_who_calls_them(operator, caller, django_assert_num_queries):
    operator.get("/dependencies/")
    with django_assert_num_queries(12):
        said = text(operator.get("/dependencies/"))
    assert 'href="/dependencies/payments/"' in said
    assert 'href="/workflows/order/"' in said
    assert "No dependency fits this filter" in text(operator.get("/dependencies/?q=mail"))
