"""The alerts of a runbook's strip: the first few one by one, all of them counted, and the words of the link true."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from governance.selectors.runbooks import About
from orchestration import clock
from orchestration.models import Alert, Team
from portal.selectors.runbook_strip import strip
from tests.engine.harness import publish
from tests.runbooks.test_automatic import fire

pytestmark = pytest.mark.django_db


def others(team: Team, count: int) -> None:
    """Alerts about the same workflow, of objectives that name no runbook."""
    common = {"kind": "burn", "team": team, "escalation": team, "workflow": "demo", "opened_at": clock.now()}
    for number in range(count):
        Alert.objects.create(severity="page", subject=f"demo.other-{number}", **common)


def test_of_many_alerts_three_are_shown_first_the_one_that_names_the_runbook(operator, book, team):
    publish({"a": {"python": "test.fail"}})
    book(workflows=["demo"])
    named = fire(team)
    others(team, 20)
    Alert.objects.create(
        kind="burn", severity="page", subject="elsewhere", team=team, escalation=team, workflow="other", opened_at=clock.now()
    )  # fmt: skip
    browser = Client()
    browser.force_login(operator)
    page = browser.get("/runbooks/payments-slow/")
    shown = page.context["strip"].alerts
    assert shown[0].pk == named.pk
    assert len(shown) == 3
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page.content.decode()))
    assert "18 more alerts about these. All open alerts" in text


def test_the_alerts_cost_one_query_however_many_and_another_is_news(team, django_assert_num_queries):
    fire(team)
    seen = []
    for _ in range(6):
        with django_assert_num_queries(1):
            seen.append(strip("payments-slow", About([], []), clock.now()))
        fire(team, number=len(seen))
    assert [(one.alert_count, len(one.alerts), one.more_alerts) for one in seen] == [
        (1, 1, 0), (2, 2, 0), (3, 3, 0), (4, 3, 1), (5, 3, 2), (6, 3, 3),
    ]  # fmt: skip
    assert len({one.mark for one in seen}) == 6
