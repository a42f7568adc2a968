"""Pages and endpoints of objectives and alerts: what they say, what they take, and what they refuse without losing a word."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from orchestration import clock
from orchestration.models import Alert, Objective, Silence
from orchestration.selectors.alerts import AlertFilter, alerts
from orchestration.telemetry import alerting
from tests.alerts.counting import count, manifest, objective, outage
from tests.signed_in import sign_in, team  # noqa: F401 - fixtures

pytestmark = pytest.mark.django_db
FORM: dict[str, Any] = {
    "name": "demo.fast", "owner": "checkout", "workflow": "demo", "indicator": "latency", "threshold": "500 ms",
    "target": "99.5", "window_days": 28, "ticket": "on", "reason": "we promised it",
}  # fmt: skip


@pytest.fixture
def maintainer(sign_in: Callable[[str], Client]) -> Client:  # noqa: F811
    return sign_in("maintainer")


@pytest.fixture
def burning(maintainer: Client) -> Alert:
    made = objective(ticket=False)
    outage(made)
    alerting.evaluate(clock.now())
    return Alert.objects.get()


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_the_list_says_what_is_spent_and_the_page_why(maintainer: Client):
    outage(objective())
    assert "Of 1 budgets 1 spent" in text_of(maintainer.get("/objectives/"))
    page = text_of(maintainer.get("/objectives/demo.success/"))
    assert "The budget is spent. 40 of 50 events of the last 28 days were bad; 0.5 may be." in page
    assert "80×" in page


def test_the_budgets_tab_of_a_workflow_has_each_objective_and_its_chart(maintainer: Client):
    made = objective()
    count(made, clock.now() - timedelta(days=3), 1_000, 4)
    page = text_of(maintainer.get("/workflows/demo/budgets/"))
    assert "demo.success" in page
    assert "60.0 % left" in page or "60 % left" in page
    assert "60 % of the budget is left" in page
    assert "<td>" in page, "the table behind the chart"


@pytest.mark.parametrize("path", ["/objectives/", "/objectives/demo.success/", "/workflows/demo/budgets/", "/alerts/"])
def test_pages_open_with_nothing_counted(maintainer: Client, path: str):
    objective()
    assert maintainer.get(path).status_code == 200


def test_a_maintainer_makes_edits_and_retires_an_objective(maintainer: Client):
    objective()
    assert maintainer.post("/objectives/new/", FORM).status_code == 302
    made = Objective.objects.get(name="demo.fast")
    assert (made.threshold, str(made.target), made.page) == (0.5, "0.99500000", False)
    changed = maintainer.post("/objectives/demo.fast/edit/", FORM | {"target": "99.9", "reason": "stricter"})
    assert changed.status_code == 302
    made.refresh_from_db()
    assert str(made.target) == "0.99900000"
    assert maintainer.post("/objectives/demo.fast/retire/", {"reason": "gone"}).status_code == 302
    link = 'href="/objectives/demo.fast/"'
    maintainer.get("/objectives/")  # which tells that it is retired, once
    assert link not in text_of(maintainer.get("/objectives/"))
    assert link in text_of(maintainer.get("/objectives/?retired=1"))


def test_the_edit_form_is_filled_with_what_there_is(maintainer: Client):
    objective()
    maintainer.post("/objectives/new/", FORM)
    page = text_of(maintainer.get("/objectives/demo.fast/edit/"))
    assert 'value="99.5"' in page
    assert 'value="500ms"' in page


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"page": "on"}, "A page needs a runbook"),
        ({"threshold": "soon"}, "Wanted a duration"),
        ({"workflow": ""}, "of a workflow or of a dependency"),
        ({"target": "90", "ticket": "on", "page": "on", "runbook": ""}, "5 failures in 1 h instead"),
        ({"target": "100"}, "no budget to spend"),
        ({"name": "new"}, "address of the portal"),
        ({"step": "nope"}, "has no step"),
    ],
)
def test_what_can_not_be_is_refused_on_the_form_which_keeps_what_was_typed(maintainer: Client, more: Any, words: str):
    objective()
    answer = maintainer.post("/objectives/new/", FORM | more)
    assert answer.status_code in {404, 422}
    assert words in text_of(answer).replace("&#x27;", "'")
    assert "we promised it" in text_of(answer)
    assert Objective.objects.count() == 1


def test_of_a_declared_objective_the_form_changes_how_it_alerts_alone(maintainer: Client):
    spec = {"objectives": {"success": "90%"}, "steps": {"a": {"value": 1}}}
    manifest("Workflow", "shop", spec, version="1.0.0", owner="checkout", runbook="help")
    page = text_of(maintainer.get("/objectives/shop.success/edit/"))
    assert 'name="target"' not in page
    answer = maintainer.post(
        "/objectives/shop.success/edit/",
        {"page": "on", "page_failures": 3, "page_within": 30, "runbook": "help", "reason": "r"},
    )
    assert answer.status_code == 302, text_of(answer)
    assert Objective.objects.get(name="shop.success").page_failures == 3


def test_an_alert_says_what_burns_and_takes_an_answer(maintainer: Client, burning: Alert):
    page = text_of(maintainer.get(f"/alerts/{burning.pk}/"))
    assert "40 of 50 in 1 h and 40 of 50 in 5 m were bad." in page
    assert "/runs/?workflow=demo&amp;since=" in page
    refused = maintainer.post(f"/alerts/{burning.pk}/resolve/", {"reason": "surely over"})
    assert refused.status_code == 409
    assert "still burns" in text_of(refused)
    assert "surely over" in text_of(refused)
    assert maintainer.post(f"/alerts/{burning.pk}/acknowledge/", {"reason": "mine"}).status_code == 302
    assert "Acknowledged</b> by maintainer" in text_of(maintainer.get(f"/alerts/{burning.pk}/"))
    assert maintainer.post(f"/alerts/{burning.pk}/acknowledge/", {"reason": "mine"}).status_code == 409


def test_a_silence_is_made_and_ended_on_the_pages(maintainer: Client, burning: Alert):
    bad = maintainer.post(f"/alerts/{burning.pk}/silence/", {"length": "a while", "reason": "r"})
    assert bad.status_code == 422
    maintainer.post(f"/alerts/{burning.pk}/silence/", {"length": "2h", "reason": "we move", "severity": "page"})
    assert "we move" in text_of(maintainer.get("/objectives/demo.success/"))
    maintainer.post(f"/silences/{Silence.objects.get().pk}/end/", {"reason": "moved"})
    assert "Silent until" not in text_of(maintainer.get("/objectives/demo.success/"))
    maintainer.post("/objectives/demo.success/silence/", {"length": "1d", "reason": "again"})
    assert Silence.objects.filter(ends_at__gt=clock.now()).count() == 1


def test_the_list_filters_and_pages_by_keyset(maintainer: Client, burning: Alert):
    for query, there in (
        ("", True),
        ("?state=unresolved", True),
        ("?state=resolved", False),
        ("?severity=page&team=checkout", True),
    ):
        assert ("demo.success" in text_of(maintainer.get(f"/alerts/{query}"))) is there, query
    assert maintainer.get("/alerts/?cursor=nonsense").status_code == 422
    Alert.objects.update(state="resolved", resolved_at=clock.now())
    Alert.objects.bulk_create(
        [
            Alert(
                kind="compensation", severity="page", subject="x", team=burning.team, escalation=burning.team, opened_at=clock.now()
            )
            for _ in range(4)
        ]
    )  # fmt: skip
    first = alerts(AlertFilter(), limit=3)
    second = alerts(AlertFilter(), cursor=first.next or "", limit=3)
    assert [len(first.items), len(second.items), second.next] == [3, 2, None]


def test_home_shows_an_open_alert_to_its_team_until_somebody_answers(maintainer: Client, burning: Alert):
    assert f"/alerts/{burning.pk}/" in text_of(maintainer.get("/"))
    maintainer.post(f"/alerts/{burning.pk}/acknowledge/", {"reason": "mine"})
    assert f'aria-label="Look at alert {burning.pk}"' not in text_of(maintainer.get("/"))


def test_hostile_filters_find_nothing_and_break_nothing(maintainer: Client):
    objective()
    for path in (
        "/objectives/?q=%00%27&team=x",
        "/objectives/?page=9999999999999999",
        "/alerts/?workflow=%FF",
        "/alerts/?state=x",
    ):
        assert maintainer.get(path).status_code in {200, 302}, path
    for path in ("/objectives/%00/", "/objectives/none/", "/alerts/99999999999999/", "/objectives/none/edit/"):
        assert maintainer.get(path).status_code == 404, path


def test_the_api_makes_changes_and_retires_an_objective(maintainer: Client):
    objective()
    body = {"name": "api.one", "owner": "checkout", "workflow": "demo", "indicator": "success", "target": "0.99", "page": False, "reason": "r"}  # fmt: skip

    def send(method: str, path: str, value: Any) -> Any:
        return maintainer.generic(method, f"/api/v1{path}", json.dumps(value), content_type="application/json")

    made = send("POST", "/objectives", body)
    assert made.status_code == 201, made.content
    assert made.json()["budget"]["state"] == "no_data"
    assert send("PATCH", "/objectives/api.one", {"target": "0.995", "reason": "r"}).json()["target"] == "0.99500000"
    assert send("PATCH", "/objectives/api.one", {"page": True, "reason": "r"}).status_code == 422
    assert send("POST", "/objectives", body).status_code == 409
    assert send("POST", "/objectives/api.one/retire", {"reason": "r"}).json()["retired_at"]
    names = [one["name"] for one in maintainer.get("/api/v1/objectives").json()["items"]]
    assert names == ["demo.success"]
    pages = maintainer.get("/api/v1/objectives?limit=1&retired=true").json()
    assert (len(pages["items"]), pages["next"]) == (1, "api.one")


def test_the_api_of_alerts_tells_the_timeline(maintainer: Client, burning: Alert):
    found = maintainer.get(f"/api/v1/alerts/{burning.pk}").json()
    assert [event["what"] for event in found["events"]] == ["opened", "told"]
    answer = maintainer.post(
        f"/api/v1/alerts/{burning.pk}/acknowledge", json.dumps({"reason": "mine"}), content_type="application/json"
    )
    assert answer.json()["state"] == "acknowledged"
    assert [one["number"] for one in maintainer.get("/api/v1/alerts?state=unresolved").json()["items"]] == [burning.pk]


def test_openslo_is_a_file_of_the_page_and_a_text_of_the_api(maintainer: Client):
    objective()
    page = maintainer.get("/objectives/openslo/")
    assert page["Content-Disposition"].startswith("attachment")
    assert page.content.decode() == maintainer.get("/api/v1/openslo").json()["text"]
