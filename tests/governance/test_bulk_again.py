"""Bulk changes that can't be done as they were asked: the choice comes back, a form is not sent twice, a trial leaves no row."""

from __future__ import annotations

import json
import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from governance.models import BulkChange, Runbook
from governance.services.bulk import carry_out
from governance.services.patterns import create_pattern
from orchestration import clock
from tests.governance.test_bulk_pages import hidden
from tests.people import person, token_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(maintainer, signed_in):
    return signed_in(maintainer)


def ticked(page: str) -> list[str]:
    """The boxes that the correction has ticked."""
    boxes = re.findall(r'<input type="checkbox"[^>]*>', page)
    return [found[1] for box in boxes if "checked" in box and (found := re.search(r'value="([^"]+)"', box))]


@pytest.mark.parametrize(
    ("sent", "field", "words"),
    [
        ({}, "do", "Choose what is to be done with them."),
        ({"do": "owner:paymants"}, "do", "There is no team"),
        ({"do": "review_by", "day": ""}, "day", "No day is given; write one as 2026-11-17."),
        ({"do": "review_by", "day": "2020-01-01"}, "day", "Choose a later day."),
    ],
)
def test_what_can_not_be_done_comes_back_with_what_was_chosen_and_the_fault_at_its_field(
    browser, write_runbook, sent, field, words
):
    for slug in ("one", "two", "three"):
        write_runbook(slug, title=f"Book {slug}")
    answer = browser.post("/bulk/runbook/", {"chosen": ["one:1", "two:1", "gone:1"], "query": "status=active", **sent})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert ticked(page) == ["one:1", "two:1", "gone:1"]
    assert "Book one" in page
    assert "Runbook gone" in page
    assert page.count(">optional<") == (0 if field == "day" else 1), "only a day that nothing asks for may be left out"
    said = re.search(rf'id="id_{field}_error"[^>]*>(.*?)</p>', page, re.DOTALL)
    assert said is not None
    assert words.lower() in said[1].lower().replace("&#x27;", "'")
    assert 'href="/runbooks/?status=active"' in page
    if sent:
        assert f'value="{sent["do"]}" selected' in page or sent["do"].startswith("owner:")


def test_the_box_for_all_is_kept_as_the_ones_it_stands_for(browser, write_runbook):
    write_runbook("one")
    page = browser.post("/bulk/runbook/", {"all": "1", "shown": ["one:1"]}).content.decode()
    assert ticked(page) == ["one:1"]
    again = browser.post("/bulk/runbook/", {"chosen": ticked(page), "do": "status:draft"}).content.decode()
    assert "1 will change." in again


def test_a_form_that_was_sent_leads_to_what_came_of_it_whatever_it_says_now(browser, write_runbook):
    write_runbook("one")
    form = {"do": "status:draft", "chosen": "one:1", "key": str(uuid.uuid4()), "query": "status=active"}
    first = browser.post("/bulk/runbook/", {**form, "reason": "first"})
    again = browser.post("/bulk/runbook/", {**form, "reason": "another"})
    assert (again.status_code, again["Location"]) == (302, first["Location"])
    page = browser.get(again["Location"]).content.decode()
    assert "This form was sent before, and this came of it. Nothing more was changed now." in page
    assert BulkChange.objects.get().reason == "first"
    assert Runbook.objects.get().revision == 2


def test_only_who_asked_goes_on_with_one_that_was_broken_off(browser, write_runbook, team, signed_in, monkeypatch):
    write_runbook("one")
    form = {"do": "status:draft", "chosen": "one:1", "key": str(uuid.uuid4()), "reason": "r"}
    monkeypatch.setattr("portal.views.bulk.carry_out", lambda bulk, require: bulk)
    place = browser.post("/bulk/runbook/", form)["Location"]
    monkeypatch.setattr("portal.views.bulk.carry_out", carry_out)
    other = signed_in(person("maintainer", team))
    for who in (browser, other):
        page = who.get(place).content.decode()
        assert "It has not ended yet" in page
        assert "broken off" not in page
    BulkChange.objects.update(asked_at=clock.now() - timedelta(minutes=2))
    assert "broken off" in browser.get(place).content.decode()
    assert "can go on with it" in other.get(place).content.decode()
    assert other.post(place).status_code == 403
    assert browser.post(place).status_code == 302
    assert Runbook.objects.get().status == "draft"


def test_a_page_s_key_is_its_reader_s_own(browser, write_runbook, team, signed_in, maintainer):
    write_runbook("one")
    body = {"kind": "runbook", "field": "status", "value": "retired", "reason": "by script"}
    body |= {"items": [{"name": "one", "revision": 1}]}  # type: ignore[dict-item]
    Client(headers={"Authorization": f"Bearer {token_for(maintainer)}", "Idempotency-Key": "k"}).post(
        "/api/v1/bulk", json.dumps(body), "application/json"
    )
    key = BulkChange.objects.get().key
    form: dict[str, Any] = {"do": "status:draft", "chosen": "one:2", "key": str(key), "reason": "r"}
    place = signed_in(person("maintainer", team)).post("/bulk/runbook/", form)["Location"]
    mine = BulkChange.objects.exclude(key=key).get()
    assert place.startswith(f"/bulk/{mine.pk}/")
    assert browser.post("/bulk/runbook/", form)["Location"] != place, "nor does another reader's page share it"


def test_what_is_only_tried_leaves_no_row(browser, write_runbook, maintainer):
    write_runbook("one", status="draft")
    page = browser.post("/bulk/runbook/", {"do": "status:draft", "chosen": ["one:1", "gone:1"]}).content.decode()
    assert "1 is so already, 1 is refused." in page
    assert '<form class="form page' not in page
    body = {"kind": "runbook", "field": "status", "value": "draft", "reason": "r", "dry_run": True}
    for items in ([{"name": "one", "revision": 1}], [{"name": "gone", "revision": 1}]):
        answer = Client(headers={"Authorization": f"Bearer {token_for(maintainer)}"}).post(
            "/api/v1/bulk", json.dumps({**body, "items": items}), "application/json"
        )
        assert answer.json()["number"] is None
    assert not BulkChange.objects.exists()


def test_a_long_list_of_patterns_comes_in_pages_that_can_be_chosen_whole(browser, team, maintainer):
    for number in range(60):
        create_pattern(
            slug=f"way-{number:02}", title=f"Way {number}", summary="", body="x", status="active", owner=team, actor=maintainer,
            reason="first",
        )  # fmt: skip
    first = browser.get("/patterns/?q=way").content.decode()
    assert first.count('class="choose"') == 50
    following = re.search(r'href="(\?q=way&amp;cursor=[^"]+)"', first)
    assert following is not None
    second = browser.get("/patterns/" + following[1].replace("&amp;", "&")).content.decode()
    assert second.count('class="choose"') == 10
    shown = re.findall(r'name="shown" value="([^"]+)"', first)
    confirm = browser.post("/bulk/pattern/", {"all": "1", "shown": shown, "do": "status:retired"}).content.decode()
    assert "50 will change." in confirm
    assert len(hidden(confirm)["chosen"]) == 50
    assert "No more patterns" in browser.get("/patterns/?cursor=zz").content.decode()
