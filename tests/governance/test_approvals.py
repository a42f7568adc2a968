"""Approvals as people meet them: who may decide, who is told, what is logged, and the second of two people."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from governance.models import AuditEntry, WebhookDelivery
from governance.services.approving import decide_approval
from orchestration.errors import Conflict
from orchestration.models import Approval, Membership, Run, Team
from orchestration.services.runs import cancel_run
from portal.inbox.sources import Questions, Who
from portal.models import User
from portal.selectors.needs import questions_for
from tests.engine.conftest import no_messages
from tests.engine.harness import begin, echo, pass_time, publish, pump, settle_down, step, write
from tests.people import person, token_for

__all__ = ["no_messages"]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def fraud() -> Team:
    channel = {"webhook": "https://hooks.example/x", "secret": "hooks"}
    return Team.objects.create(name="fraud", document={"spec": {"channels": [channel]}})


@pytest.fixture
def approver(fraud: Team) -> User:
    return person("approver", fraud)


def asking(actor: User | None = None, **approval: Any) -> Run:
    review = {"approval": {"team": "fraud", **approval}, "needs": ["charge"], "intent": "Is this customer real?"}
    version = publish({"charge": write("refund", "card 4111"), "review": review, "ship": echo(1, needs=["review"])})
    run = begin(version, actor=actor)
    pump()
    return run


def asked() -> Approval:
    return Approval.objects.select_related("team", "step", "run__workflow").get()


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def told() -> list[dict[str, Any]]:
    return [json.loads(one.payload) for one in WebhookDelivery.objects.order_by("pk")]


def test_the_team_is_told_that_it_is_asked_and_who_decided_and_the_log_has_it(approver: User):
    run = asking(timeout="1h")
    one = asked()
    decide_approval(approval=one, person=approver, decision="approve", comment=" looks right ")
    assert settle_down(run).result == "succeeded"
    first, second = told()
    assert (first["type"], second["type"]) == ("approval.requested", "approval.decided")
    common = {
        "approval": one.pk, "workflow": "demo", "run": str(run.pk), "step": "review", "team": "fraud",
        "link": f"/approvals/{one.pk}/",
    }  # fmt: skip
    assert one.due_at is not None
    assert first["data"] == common | {"due_at": one.due_at.isoformat()}
    assert second["data"] == common | {"decision": "approved", "by": approver.username}
    entry = AuditEntry.objects.get(object_kind="approval")
    assert (entry.action, entry.actor, entry.reason) == ("approved", approver.username, "looks right")


def test_a_decision_of_time_is_told_too(approver: User):
    run = asking(timeout="1h", on_timeout="approve")
    pass_time(3700)
    settle_down(run)
    assert told()[-1]["data"]["decision"] == "approved"
    assert told()[-1]["data"]["by"] is None


def test_of_two_people_at_once_one_decides_and_the_other_hears_who(approver: User, fraud: Team):
    run, other = asking(), person("approver", fraud)
    one = asked()

    def word(pair: tuple[User, str]) -> str:
        try:
            return decide_approval(approval=one, person=pair[0], decision=pair[1], comment="x").decision
        except Conflict as error:
            return str(error)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as people:
        words = sorted(people.map(word, [(approver, "approve"), (other, "reject")]), key=len)
    assert words[0] in {"approved", "rejected"}
    assert words[1].startswith(f"it was {words[0]} by ")
    assert AuditEntry.objects.filter(object_kind="approval").count() == 1
    assert settle_down(run).status == "finished"


@pytest.mark.parametrize(("decision", "comment", "said"), [
    ("approve", " ", "a reason is required"), ("maybe", "x", "approve or reject"), ("reject", "x" * 2001, "the limit is 2,000"),
])  # fmt: skip
def test_a_decision_needs_a_word_and_a_comment(approver: User, decision: str, comment: str, said: str):
    asking()
    page = browser(approver).post(f"/approvals/{asked().pk}/decide/", {"decision": decision, "comment": comment})
    assert page.status_code == 422
    assert said in page.content.decode().lower()
    assert comment.strip() in page.content.decode(), "nothing typed is lost"
    assert asked().decision == ""


def test_only_people_who_review_for_the_team_decide_and_never_who_started_the_run(fraud: Team, approver: User):
    Membership.objects.create(team=Team.objects.get_or_create(name="checkout")[0], user=approver, role="operator")
    asking(actor=approver)
    url = f"/api/v1/approvals/{asked().pk}/decide"
    body = {"decision": "approve", "comment": "x"}
    second = person("approver", fraud)
    refused = {
        "own run": (browser(approver), {}, "four eyes"), "operator": (browser(person("operator", fraud)), {}, "role approver"),
        "admin": (browser(person("admin")), {}, "role approver"), "stranger": (browser(person("stranger")), {}, "role approver"),
        "token": (Client(), {"Authorization": f"Bearer {token_for(second)}"}, "a token can't decide"),
    }  # fmt: skip
    for who, (client, headers, said) in refused.items():
        answer = client.post(url, body, "application/json", headers=headers)
        assert (answer.status_code, said in answer.json()["detail"]) == (403, True), who
        if who != "token":
            page = client.get(f"/approvals/{asked().pk}/").content.decode()
            assert 'class="decision"' not in page, who
            assert said in page.lower(), who
    assert Client().post(url, body, "application/json").status_code == 401
    assert asked().decision == ""
    answer = browser(second).post(url, body, "application/json")
    assert (answer.status_code, answer.json()["state"], answer.json()["decided_by"]) == (
        200,
        "approved",
        second.username,
    )


def test_who_started_the_parent_run_may_not_approve_in_its_child(fraud: Team, approver: User):
    publish({"review": {"approval": {"team": "fraud"}}}, name="child")
    run = begin(publish({"sub": {"workflow": "child@1.0.0"}}, name="parent"), actor=approver)
    pump()
    pump()
    assert asked().run_id != run.pk
    assert "four eyes" in browser(approver).get(f"/approvals/{asked().pk}/").content.decode()


def test_the_page_says_what_each_answer_does_and_masks_what_one_may_not_see(approver: User):
    run = asking(timeout="1h")
    url = f"/approvals/{asked().pk}/"
    page = browser(approver).get(url).content.decode()
    for words in (
        "Is this customer real?", "The run goes on with ship.", "The run fails, and nothing of it goes on. charge is undone",
        "It is rejected by itself.", "card 4111", "You decide for fraud.",
    ):  # fmt: skip
        assert words in page, words
    other = browser(person("viewer", Team.objects.get(name="fraud"))).get(url).content.decode()
    assert "card 4111" not in other
    decide_approval(approval=asked(), person=approver, decision="reject", comment="no <b>such</b> person")
    run = settle_down(run)
    page = browser(approver).get(url).content.decode()
    assert "no &lt;b&gt;such&lt;/b&gt; person" in page
    late = browser(approver).post(f"{url}decide/", {"decision": "approve", "comment": "late"})
    assert (late.status_code, "It was rejected by" in late.content.decode()) == (409, True)
    assert step(run, "review").status == "failed"


def test_what_waits_is_in_the_inbox_and_on_home_until_it_is_settled(approver: User, fraud: Team):
    def waiting(user: User) -> list[int]:
        who = Who(user, frozenset({fraud.pk}), timezone.now(), timezone.now().date())
        assert len(list(Questions().items(who))) == len(questions_for(user, 5))
        return [one.pk for one in questions_for(user, 5)]

    run = asking()
    assert waiting(approver) == [asked().pk]
    assert waiting(person("operator", fraud)) == []
    assert f"/approvals/{asked().pk}/" in browser(approver).get("/").content.decode()
    assert f"/approvals/{asked().pk}/" in browser(approver).get("/inbox/").content.decode()
    listed = browser(approver).get("/approvals/").content.decode()
    assert "Open for your teams" in listed
    cancel_run(run_id=run.pk, actor=None, reason="enough")
    assert waiting(approver) == []
    assert "Withdrawn" in browser(approver).get("/approvals/?state=withdrawn").content.decode()
    assert "The run waits for it no more" in browser(approver).get(f"/approvals/{asked().pk}/").content.decode()


def test_the_api_lists_and_filters(approver: User):
    asking()
    client = browser(approver)
    for query, count in (
        ("", 1),
        ("state=open", 1),
        ("state=approved", 0),
        ("team=fraud", 1),
        ("team=x", 0),
        ("workflow=demo", 1),
    ):
        assert len(client.get(f"/api/v1/approvals?{query}").json()["items"]) == count, query
    assert client.get("/api/v1/approvals?state=new").status_code == 400
    assert client.get("/api/v1/approvals/0").status_code == 404
    assert client.get("/approvals/?state=%00&cursor=x").status_code == 422
