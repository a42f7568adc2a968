"""Bulk changes by page and by API: choosing, seeing what would become of each, doing it once, reading what came of it."""

from __future__ import annotations

import io
import json
import re
import uuid
import zipfile
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from governance.models import BulkChange, Decision, Runbook
from tests.people import person, token_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(maintainer, signed_in):
    return signed_in(maintainer)


def hidden(page: str) -> dict[str, Any]:
    """What the confirmation's form sends besides the reason."""
    form = page[page.index('<form class="form page') :]
    found: dict[str, Any] = {}
    for name, value in re.findall(r'<input type="hidden" name="((?!csrf)[^"]+)" value="([^"]*)"', form):
        found.setdefault(name, []).append(value)
    return found


def test_from_the_list_to_the_result(browser, write_runbook, other_team, maintainer):
    for slug in ("one", "two", "three"):
        write_runbook(slug, title=f"Book {slug}")
    page = browser.get("/runbooks/?status=active").content.decode()
    assert page.count('class="choose"') == 3
    assert 'value="one:1"' in page
    assert "Export the chosen" in page
    sent = {"do": "status:retired", "chosen": ["one:1", "two:1"], "query": "status=active"}
    confirm = browser.post("/bulk/runbook/", sent).content.decode()
    assert "Set the status of 2 runbooks to Retired" in confirm
    assert "2 will change." in confirm
    assert Runbook.objects.filter(status="retired").count() == 0
    form = hidden(confirm)
    without = browser.post("/bulk/runbook/", {**form, "reason": " "})
    assert without.status_code == 422
    assert hidden(without.content.decode()) == form, "nothing that was chosen is lost"
    done = browser.post("/bulk/runbook/", {**form, "reason": "nobody uses them"})
    bulk = BulkChange.objects.get()
    assert done.status_code == 302
    assert done["Location"] == f"/bulk/{bulk.pk}/?status=active"
    result = browser.get(done["Location"]).content.decode()
    assert "2 changed." in result
    assert 'href="/runbooks/?status=active"' in result
    assert f'href="/audit/?bulk={bulk.pk}"' in result
    assert set(Runbook.objects.filter(status="retired").values_list("slug", flat=True)) == {"one", "two"}
    log = browser.get(f"/audit/?bulk={bulk.pk}").content.decode()
    assert log.count(f"bulk change {bulk.pk}</a>") == 2


def test_a_doubled_submit_ends_at_the_same_result(browser, write_runbook):
    write_runbook("one")
    form = {"do": "status:draft", "chosen": "one:1", "key": str(uuid.uuid4()), "reason": "twice"}
    places = {browser.post("/bulk/runbook/", form)["Location"] for _ in range(2)}
    assert len(places) == 1
    assert Runbook.objects.get().revision == 2


def test_the_box_for_all_works_without_script(browser, decide):
    decide("One")
    decide("Two")
    shown = {"all": "1", "shown": ["2:1", "1:1"], "do": "status:proposed"}
    page = browser.post("/bulk/decision/", shown).content.decode()
    assert "Set the status of 2 decisions to Proposed" in page


def test_one_page_shows_what_is_refused_and_why_and_sends_the_rest(browser, write_runbook, other_team, decide):
    write_runbook("ours")
    write_runbook("theirs", owner=other_team, title="Theirs")
    write_runbook("draft", status="draft")
    sent = {"do": "status:draft", "chosen": ["ours:1", "theirs:1", "draft:1", "gone:1", "draft2:7"]}
    page = browser.post("/bulk/runbook/", sent).content.decode()
    assert "1 will change, 1 is so already, 3 are refused." in page
    assert "for team payments; an admin can grant the role" in page
    assert hidden(page)["chosen"] == ["ours:1"]


def test_where_nothing_would_change_there_is_nothing_to_send(browser, write_runbook):
    write_runbook("one", status="draft")
    page = browser.post("/bulk/runbook/", {"do": "status:draft", "chosen": "one:1"}).content.decode()
    assert 'name="reason"' not in page


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"do": "status:draft"}, "choose at least one document"),
        ({"chosen": "one:1"}, "Choose what is to be done"),
        ({"chosen": "one:1", "do": "rm -rf"}, "Choose what is to be done"),
        ({"chosen": "one:1", "do": "review_by", "day": ""}, "No day is given"),
        ({"chosen": "one", "do": "status:draft"}, "no document with its revision"),
        ({"chosen": "one:1", "do": "status:draft", "key": "x", "reason": "r"}, "key is not one"),
        ({"chosen": [f"b-{n}:1" for n in range(101)], "do": "status:draft"}, "at most 100"),
    ],
)
def test_a_bad_choice_gets_a_page_that_says_what_would_do(browser, write_runbook, sent, words):
    write_runbook("one")
    answer = browser.post("/bulk/runbook/", sent)
    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_another_query_than_the_lists_leads_nowhere(browser, write_runbook):
    write_runbook("one")
    form = {"do": "status:draft", "chosen": "one:1", "key": str(uuid.uuid4()), "reason": "r", "query": "a\r\nX: y"}
    assert browser.post("/bulk/runbook/", form)["Location"] == f"/bulk/{BulkChange.objects.get().pk}/?"


def test_the_chosen_are_exported_and_no_others(browser, decide, write_runbook):
    for title in ("One", "Two", "Three"):
        decide(title)
    answer = browser.post("/bulk/decision/", {"export": "1", "chosen": ["1:1", "3:1"]})
    names = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))).namelist()
    assert len(names) == 2
    assert not any("two" in name for name in names)
    write_runbook("one")
    answer = browser.post("/bulk/runbook/", {"export": "1", "chosen": "one:1"})
    assert answer["Content-Disposition"] == 'attachment; filename="runbooks.zip"'
    assert browser.post("/bulk/pattern/", {"export": "1", "chosen": "one:1"}).status_code == 422


def test_a_reader_may_export_but_is_offered_no_change(team, decide, write_runbook, signed_in):
    decide("One")
    viewer = signed_in(person("viewer", team))
    page = viewer.get("/decisions/").content.decode()
    assert "Export the chosen" in page
    assert "Show what would change" not in page
    assert 'class="choose"' not in viewer.get("/patterns/").content.decode()
    answer = viewer.post("/bulk/decision/", {"do": "status:proposed", "chosen": "1:1"}).content.decode()
    assert "1 is refused." in answer
    form = {"do": "status:proposed", "chosen": "1:1", "key": str(uuid.uuid4()), "reason": "let me"}
    viewer.post("/bulk/decision/", form)
    assert Decision.objects.get().status == "draft"


def test_the_lists_cost_no_query_more_for_many_rows(browser, write_runbook, workflow):
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            page = browser.get("/runbooks/").content.decode()
        assert page.count('class="choose"') == Runbook.objects.count()
        return len(seen)

    write_runbook("book", workflows=["order-fulfilment"])
    browser.get("/runbooks/")
    of_one = queries()
    for number in range(11):
        write_runbook(f"book-{number}", workflows=["order-fulfilment"])
    assert queries() == of_one


class TestApi:
    def call(self, who: Any, method: str, path: str, body: Any = None, **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        client = Client(headers={"Authorization": f"Bearer {token_for(who)}"})
        return client.generic(
            method, f"/api/v1{path}", json.dumps(body) if body else "", "application/json", headers=named
        )

    def body(self, **changes: Any) -> dict[str, Any]:
        items = [{"name": "one", "revision": 1}, {"name": "two", "revision": 9}]
        return {
            "kind": "runbook",
            "field": "status",
            "value": "retired",
            "reason": "by script",
            "items": items,
            **changes,
        }

    def test_each_document_has_its_outcome_and_it_is_read_again(self, write_runbook, maintainer):
        write_runbook("one")
        write_runbook("two")
        tried = self.call(maintainer, "POST", "/bulk", self.body(dry_run=True)).json()
        assert (tried["number"], tried["counts"]) == (None, {"changed": 1, "unchanged": 0, "refused": 1})
        assert Runbook.objects.get(slug="one").revision == 1
        done = self.call(maintainer, "POST", "/bulk", self.body())
        assert done.status_code == 200
        first, second = done.json()["lines"]
        assert (first["outcome"], first["was"], first["becomes"]) == ("changed", "active", 2)
        assert first["url"] == reverse("runbook", args=["one"])
        assert (second["outcome"], second["becomes"]) == ("refused", None)
        again = self.call(maintainer, "GET", f"/bulk/{done.json()['number']}")
        assert again.json() == done.json()
        log = self.call(maintainer, "GET", f"/audit?bulk={done.json()['number']}").json()["items"]
        number = done.json()["number"]
        assert [(item["name"], item["via"]) for item in log] == [("one", f"token test, bulk {number}")]

    def test_a_repeated_call_with_its_key_does_nothing_more(self, write_runbook, maintainer, team):
        write_runbook("one")
        body = self.body(items=[{"name": "one", "revision": 1}])
        answers = [self.call(maintainer, "POST", "/bulk", body, Idempotency_Key="k").json() for _ in range(2)]
        assert answers[0] == answers[1]
        other = self.call(person("maintainer", team), "POST", "/bulk", body, Idempotency_Key="k").json()
        assert other["number"] != answers[0]["number"], "each person's keys are their own"
        assert other["lines"][0]["outcome"] == "refused"
        changed = self.call(maintainer, "POST", "/bulk", {**body, "value": "draft"}, Idempotency_Key="k")
        assert changed.status_code == 409

    @pytest.mark.parametrize(
        ("changes", "status"),
        [
            ({"items": []}, 400),
            ({"kind": "contract"}, 400),
            ({"value": "x"}, 422),
            ({"reason": ""}, 400),
            ({"more": 1}, 422),
        ],
    )
    def test_what_makes_no_sense_is_refused(self, maintainer, changes, status):
        assert self.call(maintainer, "POST", "/bulk", self.body(**changes)).status_code == status

    def test_who_may_not_edit_gets_each_refused(self, write_runbook, team):
        write_runbook("one")
        lines = self.call(person("operator", team), "POST", "/bulk", self.body()).json()["lines"]
        assert {line["outcome"] for line in lines} == {"refused"}
        assert "may not apply manifests and edit documents for team checkout" in lines[0]["detail"]
