"""Decisions concern dependencies and contracts too, by hand: shown on both ends, told in the history, kept by whoever doesn't speak of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from governance.gate.decisions import submit
from governance.models import Contract, Decision, DecisionLink
from governance.selectors.decisions import decisions_about, dependencies_of, workflows_of
from governance.selectors.documents import contracts_of
from governance.selectors.revisions import revision_text
from governance.services.decisions import create_decision, edit_decision
from governance.services.importing import import_decisions
from governance.services.relations import Named, relate
from orchestration.errors import InvalidInput
from orchestration.services.applying import Signature
from tests.governance.gatehouse import policy, sent
from tests.people import token_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def contract(team):
    return Contract.objects.create(name="order.placed", owner=team)


@pytest.fixture
def linked(decide, workflow, dependency, contract):
    return decide("Linked", workflows=["order-fulfilment"], dependencies=["payments-api"], contracts=["order.placed"])


def names(decision: Decision) -> tuple[list[str], list[str], list[str]]:
    return workflows_of(decision), dependencies_of(decision), contracts_of(decision)


ALL = (["order-fulfilment"], ["payments-api"], ["order.placed"])


def test_it_is_shown_on_both_ends(linked, dependency, contract, maintainer, signed_in):
    assert names(linked) == ALL
    assert decisions_about(dependency) == decisions_about(contract) == [linked]
    browser = signed_in(maintainer)
    page = browser.get("/decisions/1/").content.decode()
    assert "Dependency: payments-api" in page
    assert "Contract: order.placed" in page
    for path in ("/dependencies/payments-api/", "/contracts/order.placed/"):
        assert "1. Linked" in browser.get(path).content.decode(), path


def test_it_is_edited_on_the_page_and_the_history_tells(linked, maintainer, signed_in):
    form = {
        "title": "Linked", "status": "draft", "owner": "checkout", "date": "2026-01-02", "body": linked.body,
        "dependencies": ["payments-api"], "reason": "it is about no order", "revision": "1",
    }  # fmt: skip
    assert signed_in(maintainer).post("/decisions/1/edit/", form).status_code == 302
    now = Decision.objects.get()
    assert (names(now), now.revision) == (([], ["payments-api"], []), 2)
    newest, first = (row.history_id for row in now.history.order_by("-history_id"))
    assert "Contracts: order.placed\n" in revision_text(now, first)
    assert "Contracts" not in revision_text(now, newest)
    assert "Dependencies: payments-api\n" in revision_text(now, newest)


def test_the_same_again_writes_nothing(linked, decision_edit):
    fields = decision_edit(linked, dependencies=["payments-api"], contracts=["order.placed"])
    assert edit_decision(actor=None, **fields).revision == 1


def test_what_an_edit_does_not_speak_of_stays(linked, decision_edit, team, maintainer, decide):
    edit_decision(actor=None, **decision_edit(linked, title="Other"))
    assert names(Decision.objects.get(number=1)) == ALL
    headers = {"Authorization": f"Bearer {token_for(maintainer)}"}
    body = {"title": "T", "owner": "checkout", "workflows": ALL[0], "body": "x", "reason": "r", "revision": 2}
    answer = Client().put("/api/v1/decisions/1", json.dumps(body), "application/json", headers=headers)
    assert (answer.json()["dependencies"], answer.json()["contracts"]) == ALL[1:]
    answer = Client().put(
        "/api/v1/decisions/1", json.dumps({**body, "contracts": [], "revision": 3}), "application/json", headers=headers
    )
    assert (answer.json()["dependencies"], answer.json()["contracts"]) == (ALL[1], [])
    decide("Another")
    relate(
        decision=Decision.objects.get(number=1), revision=4, add=[Named("relates", 2)], remove=[], require=lambda _: None,
        actor=maintainer, reason="r",
    )  # fmt: skip
    assert names(Decision.objects.get(number=1)) == (*ALL[:2], [])


def test_a_file_that_comes_again_leaves_them(team, maintainer, dependency, decision_edit):
    def bring(text: str) -> None:
        import_decisions(
            files={"0001-a.md": text}, folder="adr", owner=team, actor=maintainer, reason="import", may=lambda _: True
        )

    bring("# 1. A\n\nOne.\n")
    edit_decision(actor=None, **decision_edit(Decision.objects.get(), dependencies=["payments-api"]))
    bring("# 1. A\n\nTwo.\n")
    now = Decision.objects.get()
    assert "Two." in now.body, "links are the portal's own, so they are no edit of the file"
    assert dependencies_of(now) == ["payments-api"]


def test_an_unknown_name_is_refused_with_a_suggestion(decide, dependency, contract):
    with pytest.raises(InvalidInput, match=r"there is no dependency 'payments-ap'.*payments-api"):
        decide("One", dependencies=["payments-ap"])
    with pytest.raises(InvalidInput, match=r"there is no contract 'order.place'.*order.placed"):
        decide("One", contracts=["order.place"])
    assert not Decision.objects.exists()


def test_a_link_is_to_one_thing(linked, workflow, dependency):
    for fields in ({"workflow": workflow, "dependency": dependency}, {}):
        with pytest.raises(IntegrityError), transaction.atomic():
            DecisionLink._base_manager.bulk_create([DecisionLink(decision=linked, **fields)])


def test_where_acceptance_is_reviewed_the_teams_of_what_it_concerns_are_asked(
    other_team, team, maintainer, contract, dependency
):
    contract.owner = other_team
    contract._change_reason = "handed over"
    contract.save()
    sent(policy(changes=["decision.accept"], review="always"))
    fields: dict[str, Any] = {
        "title": "One", "body": "x", "owner": team, "date": None, "workflows": [], "contracts": ["order.placed"], "actor": maintainer,
        "reason": "first",
    }  # fmt: skip
    _, change = submit(
        lambda status, supersedes: create_decision(status=status, supersedes=supersedes, **fields),
        status="accepted", supersedes=(), signature=Signature(maintainer, "please"),
    )  # fmt: skip
    assert change is not None
    assert {(one.team.name, one.why) for one in change.requests.all()} == {
        ("checkout", "owns the decision"), ("payments", "it concerns order.placed"),
    }  # fmt: skip
