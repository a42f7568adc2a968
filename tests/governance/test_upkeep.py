"""The maintenance backlog, ownership and onboarding: what is there is told, on the page of whom it concerns."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest

from governance.models import ActionItem, ContractVersion, ScoreWaiver, UpkeepItem
from governance.selectors.coupling import ties
from governance.selectors.ownership import counts, owned, waiting
from governance.selectors.upkeep import backlog
from governance.services.upkeep import add_upkeep, end_upkeep
from orchestration import clock
from orchestration.errors import Conflict, InvalidInput
from orchestration.models import Workflow
from orchestration.services.manifests import Document, Signature, apply
from tests.governance.incidents import write
from tests.people import person

pytestmark = pytest.mark.django_db
MANIFEST = """apiVersion: plumbline/v1
kind: Contract
metadata: {name: order.placed, version: 1.0.0, owner: payments}
spec: {schema: {type: object}}
---
apiVersion: plumbline/v1
kind: Dependency
metadata: {name: bank, owner: payments, description: Where the money is.}
spec:
  base_url: "http://x.example"
  failure_modes: [{mode: no answer, effect: nobody knows, response: ask again}]
---
apiVersion: plumbline/v1
kind: Workflow
metadata: {name: orders, version: 1.0.0, owner: checkout, description: Takes orders.}
spec:
  input: {contract: order.placed@^1}
  steps:
    pay:
      intent: The customer pays once.
      http: {method: POST, path: /a}
      dependency: bank
      effect: write
      compensate: {http: {method: DELETE, path: /a}}
    note: {value: 1, needs: [pay]}
"""


@pytest.fixture
def orders(team: Any, other_team: Any) -> Workflow:
    apply([Document(MANIFEST, "m.yaml")], Signature(None, "a test"))
    return Workflow.objects.get(name="orders")


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.content.decode()))


def test_coupling_is_what_a_workflow_uses_of_another_team(orders: Workflow):
    assert [(tie.workflow, tie.noun, tie.name, tie.other, tie.where) for tie in ties()] == [
        ("orders", "dependency", "bank", "payments", ("pay",)),
        ("orders", "contract", "order.placed", "payments", ("the workflow itself",)),
    ]


def test_the_backlog_has_each_kind_and_what_is_due_first_comes_first(
    orders: Workflow, team: Any, write_runbook: Any, maintainer: Any
):
    now = clock.now()
    today = now.date()
    write_runbook(review_by=today - timedelta(days=9))
    postmortem = write(team, began_at=now - timedelta(days=20, hours=1), ended_at=now - timedelta(days=20))
    ActionItem.objects.create(postmortem=postmortem, text="Late", owner=team, due=today - timedelta(days=1), since=now)
    version = ContractVersion.objects.get()
    version.state, version.sunset_at, version.successor = "deprecated", now + timedelta(days=30), "2.0.0"
    version.save()
    ScoreWaiver.objects.create(
        workflow=orders,
        check_key="undo",
        person=maintainer,
        reason="x",
        given_at=now,
        expires_at=now + timedelta(days=3),
    )
    for effort in ("large", "small"):
        add_upkeep(team=team, text=f"A {effort} thing", effort=effort, workflow="orders", actor=maintainer)
    found = backlog(now)
    assert [item.kind for item in found] == [
        "document", "postmortem", "action", "waiver", "contract", "refactoring", "refactoring", "coupling",
    ]  # fmt: skip
    assert [item.effort for item in found if item.kind == "refactoring"] == ["small", "large"]
    assert "Move orders from order.placed 1.0.0 to 2.0.0" in [item.text for item in found]
    assert found[-1].text == "Relies on payments for 2 things: bank, order.placed"
    assert backlog(now, "payments") == []


def test_the_backlog_asks_few_queries(orders: Workflow, team: Any, django_assert_max_num_queries: Any):
    for number in range(20):
        UpkeepItem.objects.create(team=team, text=f"Thing {number}", made_at=clock.now(), workflow=orders)
    backlog(clock.now())
    with django_assert_max_num_queries(14):
        assert len(backlog(clock.now())) == 21


def test_refactoring_ends_once_and_says_how(team: Any, maintainer: Any):
    item = add_upkeep(team=team, text="Split it", effort="medium", workflow="", actor=maintainer)
    end_upkeep(item=item, state="done", actor=maintainer, reason="split")
    with pytest.raises(Conflict):
        end_upkeep(item=item, state="dropped", actor=maintainer, reason="again")
    for changes in ({"text": " "}, {"effort": "odd"}, {"workflow": "nothing"}, {"text": "a\x00"}):
        with pytest.raises(InvalidInput):
            add_upkeep(**{"team": team, "text": "x", "effort": "small", "workflow": "", "actor": maintainer, **changes})


def test_a_team_owns_what_it_owns_and_sees_what_waits_for_it(
    orders: Workflow, team: Any, other_team: Any, write_runbook: Any
):
    write_runbook(review_by=date(2020, 1, 1))
    write(team)
    assert [one.name for one in owned(team).workflows] == ["orders"]
    assert [one.name for one in owned(other_team).contracts] == ["order.placed"]
    assert len(waiting(team, clock.now().date())) == 1
    by_name = {one.name: count for one, count in counts()}
    assert (by_name["checkout"]["workflow"], by_name["payments"]["dependency"]) == (1, 1)


def test_the_pages_show_it_and_a_maintainer_adds_and_ends_work(
    orders: Workflow, team: Any, maintainer: Any, signed_in: Any, write_runbook: Any
):
    write_runbook(review_by=date(2020, 1, 1))
    browser = signed_in(maintainer)
    assert "checkout" in text_of(browser.get("/ownership/"))
    told = text_of(browser.get("/ownership/checkout/"))
    assert "orders uses bank" in told
    assert "1 thing waits for it" in told
    assert "orders uses bank" in text_of(browser.get("/ownership/payments/")).partition("Others rely on it")[2]
    assert browser.get("/ownership/nobody/").status_code == 404
    given = {"team": "checkout", "text": "Split <b>it</b>", "effort": "small", "workflow": "orders"}
    assert browser.post("/upkeep/new/", given).status_code == 302
    page, end = browser.get("/upkeep/?team=checkout").content.decode(), f"/upkeep/{UpkeepItem.objects.get().pk}/end/"
    assert "Split &lt;b&gt;it&lt;/b&gt;" in page
    assert end in page
    assert browser.post(end, {"state": "dropped", "reason": "not worth it"}).status_code == 302
    assert browser.post(end, {"state": "done", "reason": "x"}).status_code == 422
    assert end not in browser.get("/upkeep/").content.decode()
    assert "/upkeep/new/" not in signed_in(person("viewer", team)).get("/upkeep/").content.decode()


def test_onboarding_says_what_a_newcomer_asks(
    orders: Workflow, team: Any, maintainer: Any, signed_in: Any, decide: Any, write_runbook: Any
):
    decide("Use a saga", workflows=["orders"])
    write_runbook("orders-stuck", title="Orders are stuck", workflows=["orders"])
    write(team, title="Charges hung", workflows=["orders"])
    told = text_of(signed_in(maintainer).get("/workflows/orders/onboarding/"))
    for words in (
        "Takes orders.", "The customer pays once.", "DELETE /a", "order.placed", "no answer", "Where the money is.",
        "Use a saga", "Orders are stuck", "Charges hung", maintainer.username, "checkout declares no escalation", "a test",
    ):  # fmt: skip
        assert words in told, words


def test_onboarding_asks_a_bounded_number_of_queries(
    orders: Workflow, maintainer: Any, signed_in: Any, django_assert_max_num_queries: Any
):
    browser = signed_in(maintainer)
    browser.get("/workflows/orders/onboarding/")
    with django_assert_max_num_queries(45):
        browser.get("/workflows/orders/onboarding/")
