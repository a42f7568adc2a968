"""The pages of postmortems: begun in one click, read, edited by two at once, marked, acted upon; hostile text stays text."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from governance.models import ActionItem, Postmortem
from governance.selectors.postmortems import find_postmortem
from governance.services.postmortems import edit_postmortem
from orchestration.models import Alert, BreakerTransition, Objective
from tests.engine.harness import begin, publish, pump
from tests.governance.incidents import GOOD_TEXT, edit_of, ended, now_minute, write
from tests.people import person

pytestmark = pytest.mark.django_db
XSS = "<script>alert(1)</script> [x](javascript:alert(1)) <img src=x onerror=alert(1)>"


@pytest.fixture
def browser(maintainer: Any, signed_in: Any) -> Any:
    return signed_in(maintainer)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> None:
    from orchestration.engine import publish as messages

    monkeypatch.setattr(messages, "send", len)


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.content.decode()))


def form(**changes: Any) -> dict[str, Any]:
    return {
        "title": "Charges hung", "status": "draft", "severity": "major", "owner": "checkout", "body": GOOD_TEXT,
        "began_at": "2026-01-02T10:00", "ended_at": "2026-01-02T11:00", "reason": "we met", **changes,
    }  # fmt: skip


def failed_run(team: Any) -> Any:
    run = begin(publish({"a": {"python": "test.fail"}}, name="orders"))
    pump()
    run.refresh_from_db()
    return run


def test_one_click_on_a_failed_run_makes_a_draft_and_a_second_click_finds_it(browser: Any, team: Any, sent: None):
    run = failed_run(team)
    page = browser.get(f"/runs/{run.pk}/").content.decode()
    assert f"/postmortems/of-run/{run.pk}/" in page
    answer = browser.post(f"/postmortems/of-run/{run.pk}/")
    assert answer["Location"] == "/postmortems/1/"
    assert browser.post(f"/postmortems/of-run/{run.pk}/")["Location"] == "/postmortems/1/"
    assert Postmortem.objects.count() == 1
    told = text_of(browser.get("/postmortems/1/"))
    assert "1 run of orders failed at a" in told
    assert "/postmortems/1/" in browser.get(f"/runs/{run.pk}/").content.decode()
    assert "/postmortems/1/" in browser.get("/workflows/orders/postmortems/").content.decode()


def test_a_run_that_went_well_has_no_postmortem(browser: Any, team: Any, sent: None):
    run = begin(publish({"a": {"value": 1}}, name="fine"))
    pump()
    assert browser.post(f"/postmortems/of-run/{run.pk}/")["Location"] == f"/runs/{run.pk}/"
    assert not Postmortem.objects.exists()


def test_one_click_on_an_alert_fills_in_window_workflows_and_the_dependency_in_trouble(
    browser: Any, team: Any, dependency: Any, sent: None
):
    steps = {"pay": {"http": {"method": "POST", "path": "/c"}, "dependency": "payments-api", "effect": "read"}}
    version, opened = publish(steps, name="orders"), now_minute() - timedelta(minutes=40)
    BreakerTransition.objects.create(name="payments-api", at=opened, source="closed", target="open", why="slow")
    ended(version, opened - timedelta(minutes=5), failed_step="pay")
    objective = Objective.objects.create(
        name="orders.success", owner=team, workflow="orders", indicator="success", target="0.95", since=opened
    )
    alert = Alert.objects.create(
        kind="burn", severity="page", subject="orders.success", team=team, escalation=team, objective=objective,
        workflow="orders", opened_at=opened, resolved_at=opened + timedelta(minutes=20), facts={"windows": {"60": [9, 9]}},
    )  # fmt: skip
    assert "Write a postmortem" in text_of(browser.get(f"/alerts/{alert.pk}/"))
    assert browser.post(f"/postmortems/of-alert/{alert.pk}/").status_code == 302
    made = find_postmortem(1)
    assert (made.began_at, made.ended_at) == (opened - timedelta(minutes=60), opened + timedelta(minutes=20))
    assert {(link.workflow or link.dependency).name for link in made.links.all()} == {"orders", "payments-api"}
    assert made.severity == "major"
    assert "Breaker of payments-api: closed to open" in text_of(browser.get("/postmortems/1/"))
    assert "Charges" not in text_of(browser.get("/dependencies/payments-api/"))
    assert "/postmortems/1/" in browser.get("/dependencies/payments-api/").content.decode()


def test_an_edit_in_between_gives_a_merge_page_that_loses_nothing(browser: Any, team: Any):
    made = write(team)
    edit_postmortem(**edit_of(made, title="Theirs"))
    answer = browser.post("/postmortems/1/edit/", form(title="Mine", revision="1", body="My text."))
    assert answer.status_code == 409
    told = answer.content.decode()
    assert "My text." in told
    assert "Theirs" in told
    assert browser.post("/postmortems/1/edit/", form(title="Both", revision="2")).status_code == 302
    assert find_postmortem(1).title == "Both"


def test_what_is_wrong_stands_at_its_field_and_nothing_typed_is_lost(browser: Any, team: Any):
    answer = browser.post("/postmortems/new/", form(began_at="2999-01-01T00:00", ended_at="", body="Kept text"))
    assert answer.status_code == 422
    assert "begins in the future" in text_of(answer)
    assert "Kept text" in answer.content.decode()
    assert browser.post("/postmortems/new/", form(preview="1")).status_code == 200
    assert not Postmortem.objects.exists()


def test_publishing_without_factors_says_what_is_missing(browser: Any, team: Any):
    answer = browser.post("/postmortems/new/", form(status="published", body="## Summary\n\nIt broke."))
    assert answer.status_code == 422
    assert "0 of at least 2 contributing factors" in text_of(answer)


def test_hostile_text_is_text_everywhere(browser: Any, team: Any):
    write(team, title=XSS[:200], body=f"{GOOD_TEXT}\n\n{XSS}")
    browser.post("/postmortems/1/lines/new/", {"at": "2026-01-02T10:00", "text": XSS})
    browser.post(
        "/postmortems/1/actions/new/", {"text": XSS, "owner": "checkout", "due": "2099-01-02", "check": "confirmed"}
    )
    for path in ("/postmortems/", "/postmortems/1/", "/postmortems/1/edit/", "/postmortems/1/history/"):
        page = browser.get(path).content.decode()
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert 'href="javascript' not in page


def test_lines_are_pinned_and_noted_and_hidden_ones_are_a_click_away(browser: Any, team: Any):
    write(team)
    browser.post("/postmortems/1/lines/new/", {"at": "2026-01-02T10:00", "text": "A customer called."})
    key = find_postmortem(1).marks.get().key
    browser.post("/postmortems/1/mark/", {"key": key, "shown": "hidden"})
    page = text_of(browser.get("/postmortems/1/"))
    assert "A customer called." not in page
    assert "1 hidden" in page
    assert "A customer called." in text_of(browser.get("/postmortems/1/?hidden"))
    answer = browser.post(f"/postmortems/1/note/?key={key}", {"shown": "pinned", "note": "The first sign"})
    assert answer.status_code == 302
    assert "The first sign" in text_of(browser.get("/postmortems/1/"))
    assert "no such line" in text_of(browser.get("/postmortems/1/note/?key=other"))


def test_an_action_cannot_be_closed_before_its_evidence(browser: Any, team: Any, write_runbook: Any):
    write_runbook()
    write(team)
    given = {
        "text": "Revise it",
        "owner": "checkout",
        "due": "2020-01-02",
        "check": "runbook_edited",
        "target": "payments-slow",
    }
    assert browser.post("/postmortems/1/actions/new/", given).status_code == 302
    item = ActionItem.objects.get()
    answer = browser.post(f"/actions/{item.pk}/close/", {"reason": "done"})
    assert answer.status_code == 422
    assert "The evidence is not there yet: payments-slow has no revision since" in text_of(answer)
    assert "Overdue" in text_of(browser.get("/postmortems/1/"))
    wrong = {**given, "person": "nobody", "target": "payments-sow"}
    told = text_of(browser.post("/postmortems/1/actions/new/", wrong))
    assert "There is no user" in told


def test_a_viewer_reads_and_is_offered_nothing_to_write(signed_in: Any, team: Any):
    write(team)
    viewer = signed_in(person("viewer", team))
    page = viewer.get("/postmortems/1/").content.decode()
    for path in ("/edit/", "/lines/new/", "/actions/new/"):
        assert path not in page


def test_the_page_asks_few_queries_however_many_actions_there_are(
    browser: Any, team: Any, workflow: Any, django_assert_max_num_queries: Any
):
    write(team, workflows=[workflow.name])
    for number in range(8):
        ActionItem.objects.create(
            postmortem=Postmortem.objects.get(), text=f"Do {number}", owner=team, due="2099-01-02", since=now_minute()
        )
    with django_assert_max_num_queries(32):
        browser.get("/postmortems/1/")
