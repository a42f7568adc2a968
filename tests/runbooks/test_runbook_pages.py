"""The pages: the live strip and what stands at a step, starting, answering, acting, handing over, ending, reviewing."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from governance.models import ContractVersion, Exercise, ExerciseAction, Runbook
from governance.services.exercises import start_exercise, tick
from orchestration import clock
from orchestration.models import Alert, Breaker, Objective, Parking, Run, StepRun, Team
from tests.engine.harness import begin, publish, pump
from tests.governance.gatehouse import contract, sent
from tests.people import person
from tests.runbooks.test_automatic import fire

pytestmark = pytest.mark.django_db
XSS = '<script>alert(1)</script> <img src=x onerror=alert(1)> [x](javascript:alert(1)) <a hx-get="/">x</a>'


@pytest.fixture
def browser(operator: Any) -> Client:
    client = Client()
    client.force_login(operator)
    return client


@pytest.fixture
def maintainer(sign_in: Callable[[str], Client]) -> Client:
    return sign_in("maintainer")


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.content.decode()))


def trouble(team: Team) -> Alert:
    """Runs that fail, an open breaker, a step parked at it, an alert."""
    version = publish({"a": {"python": "test.fail"}})
    for _ in range(3):
        begin(version)
    pump()
    Breaker.objects.create(name="payments", state="open", since=clock.now(), retry_at=clock.now() + timedelta(hours=1))
    Parking.objects.create(
        step=StepRun.objects.first(), dependency="payments", kind="breaker", since=clock.now(), message="x"
    )
    return fire(team)


def test_the_strip_says_how_everything_stands_and_so_do_the_steps_that_name_it(browser, book, team):
    alert = trouble(team)
    book(workflows=["demo"])
    page = browser.get("/runbooks/payments-slow/")
    text = text_of(page)
    for words in ("breaker open", "1 parked", "3 of 3 failed in the last hour", "burns too fast"):
        assert words in text
    html = page.content.decode()
    assert f'href="/alerts/{alert.pk}/"' in html
    slot = html.split('id="slot-3"')[1].split("</div>")[0]
    assert "breaker open" in slot


def test_the_live_part_is_sent_when_something_changed_and_not_otherwise(browser, book, team):
    book()
    url = browser.get("/runbooks/payments-slow/").context["strip_url"]
    assert browser.get(url).status_code == 204
    trouble(team)
    answer = browser.get(url)
    assert answer.status_code == 200
    assert answer.content.count(b"hx-swap-oob") == 3


def test_the_strip_costs_the_same_queries_whatever_it_is_about(browser, book, team, django_assert_max_num_queries):
    trouble(team)
    book(workflows=["demo"])
    browser.get("/runbooks/payments-slow/")
    with django_assert_max_num_queries(26):
        browser.get("/runbooks/payments-slow/")
    with django_assert_max_num_queries(20):
        browser.get("/runbooks/payments-slow/live/")


def test_an_alert_is_answered_by_an_exercise_that_leads_back(browser, book, team):
    alert = trouble(team)
    book()
    page = browser.get(f"/alerts/{alert.pk}/")
    assert "Respond" in text_of(page)
    answer = browser.post(f"/alerts/{alert.pk}/respond/")
    exercise = Exercise.objects.get()
    assert answer["Location"] == f"/exercises/{exercise.pk}/"
    assert f"Alert {alert.pk}" in text_of(browser.get(answer["Location"]))
    assert "Under way" in text_of(browser.get(f"/alerts/{alert.pk}/"))
    browser.post(f"/alerts/{alert.pk}/respond/")
    assert Exercise.objects.count() == 1
    assert "under way already" in text_of(browser.get(answer["Location"]))


def test_a_step_is_answered_its_action_run_and_the_exercise_ended(browser, book, team):
    trouble(team)
    book(workflows=["demo"])
    where = browser.post("/runbooks/payments-slow/exercise/")["Location"]
    page = text_of(browser.get(where))
    assert "0 of 5 steps" in page
    assert "Retries 3 failed runs of demo at a." in page
    assert (
        browser.post(f"{where}steps/1/", {"what": "done", "note": "it is slow", "evidence": "2.4 s"}).status_code == 302
    )
    for _ in range(2):
        answer = browser.post(f"{where}steps/2/action/", {"attempt": "1"})
    assert answer["Location"] == f"{where}#step-2"
    assert Run.objects.filter(retry_of__isnull=False).count() == 3
    page = text_of(browser.get(where))
    for words in ("it is slow", "2.4 s", "3 runs started again.", "1 of 5 steps", "asked for already"):
        assert words in page
    assert browser.post(f"{where}end/", {"state": "completed", "summary": "recovered"}).status_code == 302
    page = text_of(browser.get(where))
    assert "Completed" in page
    assert "recovered" in page
    assert "just now" in text_of(browser.get("/runbooks/")) or "ago" in text_of(browser.get("/runbooks/"))
    trail = text_of(browser.get("/audit/?kind=exercise"))
    assert "Ticked" in trail
    assert "Acted" in trail


def test_what_is_refused_is_said_at_the_step_with_what_was_typed(browser, book, operator, team):
    publish({"a": {"python": "test.fail"}})
    exercise, _ = start_exercise(runbook=book(), actor=operator)
    where = f"/exercises/{exercise.pk}/"
    answer = browser.post(f"{where}steps/1/", {"what": "skipped", "evidence": "kept words"})
    assert answer.status_code == 422
    assert "Say in a note why it is skipped." in text_of(answer)
    assert "kept words" in text_of(answer)
    tick(
        exercise=exercise, position=1, what="done", note="first", evidence="", seen=None, actor=person("operator", team)
    )
    answer = browser.post(f"{where}steps/1/", {"what": "done", "note": "second", "seen": ""})
    assert answer.status_code == 409
    assert "of this step meanwhile" in text_of(answer)
    assert "second" in text_of(answer)
    assert browser.post(f"{where}steps/9/", {"what": "done"}).status_code == 422
    assert browser.post(f"{where}steps/2/action/", {"attempt": "x"}).status_code == 422
    assert browser.post(f"{where}end/", {"state": "odd", "summary": "x"}).status_code == 422


def test_it_is_handed_over_to_those_who_may_go_on_and_to_nobody_else(browser, book, operator, team):
    exercise, _ = start_exercise(runbook=book(), actor=operator)
    second, viewer = person("operator", team), person("viewer", team)
    where = f"/exercises/{exercise.pk}/"
    page = browser.get(where)
    assert [one.username for one in page.context["takers"]] == [second.username]
    for name in (viewer.username, "nobody", "a\x00b"):
        assert browser.post(f"{where}hand-over/", {"to": name}).status_code == 422
    browser.post(f"{where}hand-over/", {"to": second.username, "note": "my shift ends"})
    exercise.refresh_from_db()
    assert exercise.holder == second
    assert "Take it over" in text_of(browser.get(where))


def test_an_action_needs_the_role_that_it_would_need_by_hand(book, operator, browser, team):
    other = Team.objects.create(name="other")
    publish({"a": {"python": "test.fail"}})
    exercise, _ = start_exercise(runbook=book(owner=other), actor=operator)
    fire(team)
    outsider = person("operator", other)
    client = Client()
    client.force_login(outsider)
    where = f"/exercises/{exercise.pk}/"
    assert "needs the role operator in checkout" in text_of(client.get(where))
    assert client.post(f"{where}steps/2/action/", {"attempt": "1"}).status_code == 403
    assert browser.get(where).status_code == 200
    assert browser.post(f"{where}steps/1/", {"what": "done"}).status_code == 403
    assert not ExerciseAction.objects.exists()


def test_nothing_written_by_people_acts_on_the_page(browser, book, operator):
    book(
        body=f"## {XSS}\n\n1. **Do** {XSS}\n   **Expect** {XSS}\n   **If not** {XSS}\n   **Action** {XSS}\n", title="T"
    )
    where = browser.post("/runbooks/payments-slow/exercise/")["Location"]
    browser.post(f"{where}steps/1/", {"what": "done", "note": XSS, "evidence": XSS})
    browser.post(f"{where}hand-over/", {"to": XSS, "note": XSS})
    for path in (where, "/runbooks/payments-slow/", "/exercises/"):
        html = browser.get(path).content.decode()
        main = html.split('id="main"')[1].split("</main>")[0]
        for wrong in ("<script>alert", "<img src=x", 'href="javascript:', "<a hx-get"):
            assert wrong not in main, (path, wrong)


def test_a_live_exercise_page_tells_only_what_changed(browser, book, operator):
    exercise, _ = start_exercise(runbook=book(), actor=operator)
    clock.advance(timedelta(seconds=2))
    page = browser.get(f"/exercises/{exercise.pk}/")
    headers = {"HX-Request": "true"}
    again = browser.get(page.context["live_url"], headers=headers)
    assert again.status_code in {200, 204}
    tick(exercise=exercise, position=1, what="done", note="seen live", evidence="", seen=None, actor=operator)
    answer = browser.get(page.context["live_url"], headers=headers)
    assert "seen live" in text_of(answer)
    assert 'id="step-state-1"' in answer.content.decode()


def test_a_runbook_is_stale_when_a_version_or_contract_came_after_the_last_look(browser, maintainer, book, team):
    sent(contract("1.0.0", {"type": "object"}))
    publish({"a": {"python": "test.fail"}}, input={"contract": "order.placed@^1"})
    written = book(workflows=["demo"], review_by=clock.now().date() + timedelta(days=100))
    assert "Fresh" in text_of(browser.get("/runbooks/"))
    publish({"a": {"python": "test.fail"}}, version="1.1.0", input={"contract": "order.placed@^1"})
    for path in ("/runbooks/", "/runbooks/payments-slow/", "/workflows/demo/runbooks/"):
        page = text_of(browser.get(path))
        assert "Stale" in page, path
        assert "demo 1.1.0" in page, path
    form = {"review_by": (clock.now() + timedelta(days=30)).date().isoformat(), "reason": "read it", "revision": "1"}
    assert maintainer.post("/runbooks/payments-slow/reviewed/", form).status_code == 302
    assert "Stale" not in text_of(browser.get("/runbooks/payments-slow/"))
    sent(contract("1.1.0", {"type": "object", "title": "x"}))
    assert ContractVersion.objects.filter(version="1.1.0", state="active").exists()
    assert "order.placed 1.1.0 came after" in text_of(browser.get("/runbooks/payments-slow/"))
    written.refresh_from_db()
    assert (written.revision, written.history.latest().history_change_reason) == (2, "read it")


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [({"review_by": "2020-01-01"}, 422, "lies in the future"), ({"review_by": "soon"}, 422, "valid date"),
     ({"reason": ""}, 422, "Reason: This field"), ({"revision": "7"}, 409, "edited it meanwhile")],
)  # fmt: skip
def test_a_review_that_can_not_be_is_refused(maintainer, book, change, status, words):
    book()
    form = {"review_by": "2099-01-01", "reason": "read it", "revision": "1", **change}
    answer = maintainer.post("/runbooks/payments-slow/reviewed/", form)
    assert answer.status_code == status
    assert words in text_of(answer)


def test_how_often_alerts_may_start_it_is_set_on_its_form(maintainer, book):
    book()
    form = {
        "title": "T", "status": "active", "owner": "checkout", "body": "1. x", "reason": "r", "revision": "1", "auto_start": "3",
    }  # fmt: skip
    assert maintainer.post("/runbooks/payments-slow/edit/", form).status_code == 302
    assert Runbook.objects.get().auto_start == 3
    assert "at most 3 an hour" in text_of(maintainer.get("/runbooks/payments-slow/"))
    assert (
        maintainer.post("/runbooks/payments-slow/edit/", {**form, "revision": "2", "auto_start": "1000"}).status_code
        == 422
    )


def test_the_list_of_exercises_filters_and_says_when_it_is_empty(browser, book, operator):
    assert "No exercise yet" in text_of(browser.get("/exercises/"))
    start_exercise(runbook=book(), actor=operator)
    assert "Payments is slow" in text_of(browser.get("/exercises/?state=running&runbook=payments-slow"))
    assert "No exercise fits" in text_of(browser.get("/exercises/?state=completed"))
    assert browser.get("/exercises/?state=odd").status_code == 422
    assert browser.get("/exercises/99/").status_code == 404


def test_an_alert_without_a_runbook_can_not_be_answered_by_one(browser, team):
    alert = fire(team)
    Objective._base_manager.update(runbook="")
    assert browser.post(f"/alerts/{alert.pk}/respond/").status_code == 404
