"""Runbooks and postmortems are linked to contracts by hand: on both ends, in the history, and kept by whoever doesn't speak of them."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from governance.models import Contract, Postmortem, PostmortemLink, Runbook, RunbookLink
from governance.selectors.documents import contracts_of
from governance.selectors.revisions import revision_text
from governance.services.bulk import Target, begin, carry_out
from governance.services.bulk_nouns import find_noun, read_wanted
from orchestration.errors import InvalidInput
from tests.governance.incidents import write
from tests.people import token_for

pytestmark = pytest.mark.django_db
NAME = "order.placed"


@pytest.fixture
def contract(team):
    return Contract.objects.create(name=NAME, owner=team)


@pytest.fixture
def browser(maintainer, signed_in):
    return signed_in(maintainer)


@pytest.fixture
def call(maintainer):
    headers = {"Authorization": f"Bearer {token_for(maintainer)}"}

    def make(method: str, path: str, body: Any = None) -> Any:
        text = json.dumps(body) if body else ""
        return Client().generic(method, f"/api/v1{path}", text, "application/json", headers=headers)

    return make


def test_a_runbook_is_linked_on_its_page_and_shown_on_both_ends(browser, write_runbook, contract):
    write_runbook("one")
    form = {
        "title": "One", "status": "active", "owner": "checkout", "body": "x", "contracts": [NAME], "reason": "it is about it",
        "revision": "1",
    }  # fmt: skip
    assert browser.post("/runbooks/one/edit/", form).status_code == 302
    book = Runbook.objects.get()
    assert (contracts_of(book), book.revision) == ([NAME], 2)
    assert f"Contract: {NAME}" in browser.get("/runbooks/one/").content.decode()
    assert 'href="/runbooks/one/"' in browser.get(f"/contracts/{NAME}/").content.decode()
    assert f'<option value="{NAME}" selected>' in browser.get("/runbooks/one/edit/").content.decode()
    newest, first = (row.history_id for row in book.history.order_by("-history_id"))
    assert f"Contracts: {NAME}\n" in revision_text(book, newest)
    assert "Contracts" not in revision_text(book, first)


def test_a_postmortem_is_linked_on_its_page_and_shown_on_both_ends(browser, team, contract):
    found = write(team)
    page = browser.get(f"/postmortems/{found.number}/edit/")
    form = {
        name: page.context["form"].initial[name]
        for name in ("title", "status", "severity", "owner", "body", "revision")
    }
    form |= {
        "began_at": found.began_at.strftime("%Y-%m-%dT%H:%M"),
        "contracts": [NAME],
        "reason": "its fields were wrong",
    }
    if found.ended_at:
        form["ended_at"] = found.ended_at.strftime("%Y-%m-%dT%H:%M")
    answer = browser.post(f"/postmortems/{found.number}/edit/", form)
    assert answer.status_code == 302, answer.content[-3_000:]
    assert contracts_of(found) == [NAME]
    assert f"Contract: {NAME}" in browser.get(f"/postmortems/{found.number}/").content.decode()
    assert found.title in browser.get(f"/contracts/{NAME}/").content.decode()


def test_what_an_edit_or_a_bulk_change_does_not_speak_of_stays(call, write_runbook, contract, maintainer, dependency):
    write_runbook("one", contracts=[NAME], dependencies=["payments-api"])
    body = {"title": "T", "owner": "checkout", "body": "x", "reason": "r", "revision": 1}
    edited = call("PUT", "/runbooks/one", body).json()
    assert (edited["contracts"], edited["dependencies"]) == ([NAME], [])
    noun = find_noun("runbook")
    wanted = read_wanted(noun, "status", "retired")
    bulk = begin(key=uuid.uuid4(), noun=noun, targets=[Target("one", 2)], wanted=wanted, actor=maintainer, reason="r")
    carry_out(bulk, require=lambda _: None)
    assert call("GET", "/runbooks/one").json()["contracts"] == [NAME]
    emptied = call("PUT", "/runbooks/one", {**body, "status": "retired", "contracts": [], "revision": 3}).json()
    assert (emptied["contracts"], emptied["revision"]) == ([], 4)


def test_the_same_again_writes_nothing(call, write_runbook, contract):
    write_runbook("one", contracts=[NAME], title="T", body="x")
    body = {"title": "T", "owner": "checkout", "body": "x", "contracts": [NAME], "reason": "r", "revision": 1}
    assert call("PUT", "/runbooks/one", body).json()["revision"] == 1


def test_by_api_a_postmortem_has_them_too(call, team, contract):
    found = write(team)
    now = call("GET", f"/postmortems/{found.number}").json()
    assert now["contracts"] == []
    names = ("title", "status", "severity", "owner", "began_at", "ended_at", "workflows", "dependencies", "body")
    body = {**{name: now[name] for name in names}, "contracts": [NAME], "reason": "r", "revision": now["revision"]}
    assert call("PUT", f"/postmortems/{found.number}", body).json()["contracts"] == [NAME]


def test_an_unknown_contract_is_refused_with_a_suggestion(write_runbook, contract):
    with pytest.raises(InvalidInput, match=r"there is no contract 'order.place'.*order.placed"):
        write_runbook("one", contracts=["order.place"])
    assert not Runbook.objects.exists()


def test_a_link_is_to_one_thing(write_runbook, team, contract, dependency):
    book, postmortem = write_runbook("one"), write(team)
    assert isinstance(postmortem, Postmortem)
    both = {"contract": contract, "dependency": dependency}
    rows: list[Any] = [
        RunbookLink(runbook=book, **both),
        RunbookLink(runbook=book),
        PostmortemLink(postmortem=postmortem, **both),
    ]
    for row in rows:
        with pytest.raises(IntegrityError), transaction.atomic():
            type(row)._base_manager.bulk_create([row])
