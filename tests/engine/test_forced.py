"""A breaker that a person forces: by service, API and page, through the gate where a policy says so, until it expires."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import yaml
from django.test import Client

from governance.gate.reviewing import review
from governance.models import AuditEntry, Change
from orchestration import clock
from orchestration.errors import Conflict, InvalidInput, NotFound
from orchestration.models import Breaker, BreakerTransition, Team
from orchestration.selectors.breakers import health_of, view
from orchestration.services import breakers as services
from orchestration.services.manifests import Document, Signature, apply
from orchestration.services.runs import cancel_run
from portal.models import User
from tests.engine.breaking import Shop, call, declare, forget
from tests.engine.harness import begin, pass_time, publish, pump, settle_down, step
from tests.engine.services import Service, service
from tests.people import person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def anew() -> Iterator[None]:
    forget()
    yield
    forget()
    clock.reset()


@pytest.fixture
def served() -> Iterator[Service]:
    shop = Shop()
    shop.status = 200
    with service(shop) as found:
        declare(found.url)
        yield found


@pytest.fixture
def operator(served: Service) -> User:
    return person("operator", Team.objects.get(name="checkout"))


def force(actor: Any = None, state: str = "forced_open", **within: int) -> Breaker:
    expires = clock.now() + timedelta(**(within or {"hours": 1}))
    return services.force(name="shop", state=state, reason="it double-charges", expires_at=expires, actor=actor)


def test_forced_open_parks_and_lets_go_when_it_is_released(served: Service, operator: User):
    force(operator)
    run = begin(publish({"a": call()}))
    pump()
    assert step(run, "a").waiting_kind == "parked"
    assert not served.requests
    assert health_of(["shop"])["shop"].word == "isolated"
    services.release(name="shop", reason="it is fixed", actor=operator)
    pass_time(1)
    pump()
    run.refresh_from_db()
    assert run.result == "succeeded"
    told = list(AuditEntry.objects.filter(object_kind="breaker").order_by("pk").values_list("action", "reason"))
    assert told == [("forced", "it double-charges"), ("released", "it is fixed")]
    assert [one.actor for one in BreakerTransition.objects.order_by("pk")] == [operator, operator]


def test_a_forced_state_ends_by_itself(served: Service):
    force(minutes=10)
    run = begin(publish({"a": call()}))
    pump()
    pass_time(601)
    pump()
    run.refresh_from_db()
    assert run.result == "succeeded"
    last = BreakerTransition.objects.order_by("-pk")[0]
    assert (last.target, last.why) == ("closed", "the forced state expired")
    assert view("shop").forced_reason == ""


def test_disabled_lets_everything_pass_and_counts_nothing(served: Service):
    force(state="disabled")
    run = begin(publish({"a": call()}))
    pump()
    run.refresh_from_db()
    assert run.result == "succeeded"
    assert view("shop").window.calls == 0


@pytest.mark.parametrize(
    ("state", "days", "said"),
    [("open", 1, "can't be forced"), ("closed", 1, "can't be forced"), ("disabled", 8, "more than 7 days"), ("disabled", -1, "past")],
)  # fmt: skip
def test_what_can_t_be_forced_is_refused_with_the_reason(served: Service, state: str, days: int, said: str):
    with pytest.raises(InvalidInput, match=said):
        force(state=state, days=days)
    assert not BreakerTransition.objects.exists()


def test_a_reason_is_required_and_the_dependency_must_exist(served: Service):
    with pytest.raises(InvalidInput, match="reason"):
        services.force(
            name="shop", state="disabled", reason=" ", expires_at=clock.now() + timedelta(hours=1), actor=None
        )
    with pytest.raises(NotFound):
        services.force(
            name="nobody", state="disabled", reason="r", expires_at=clock.now() + timedelta(hours=1), actor=None
        )
    with pytest.raises(Conflict, match="not forced"):
        services.release(name="shop", reason="r", actor=None)


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def send(client: Client, **body: Any) -> Any:
    return client.post("/api/v1/dependencies/shop/breaker", json.dumps(body), "application/json")


def test_the_api_forces_and_releases(operator: User):
    client = browser(operator)
    expires = (clock.now() + timedelta(hours=2)).isoformat()
    made = send(client, state="forced_open", reason="it double-charges", expires_at=expires)
    assert made.status_code == 201, made.content
    assert (made.json()["state"], made.json()["change_state"], made.json()["forced_by"]) == (
        "forced_open",
        "applied",
        operator.username,
    )
    assert send(client, state="forced_open", reason="r").status_code in {400, 422}, "no end was given"
    assert send(client, state="half_open", reason="r", expires_at=expires).status_code in {400, 422}
    freed = send(client, state="closed", reason="fixed")
    assert (freed.status_code, freed.json()["state"]) == (201, "closed")
    assert send(client, state="closed", reason="fixed").status_code == 409
    seen = client.get("/api/v1/dependencies/shop/breaker").json()
    assert [one["to_state"] for one in seen["transitions"]] == ["closed", "forced_open"]


def review_it_always() -> None:
    """Have forcing a breaker reviewed."""
    policy = {
        "apiVersion": "plumbline/v1", "kind": "GatePolicy", "metadata": {"name": "breakers"},
        "spec": {"changes": ["breaker.force"], "review": "always"},
    }  # fmt: skip
    apply([Document(yaml.safe_dump(policy), "p.yaml")], Signature(None, "a test"))


def test_a_policy_that_names_breaker_force_holds_it_at_the_gate(operator: User):
    review_it_always()
    approver = person("approver", Team.objects.get(name="checkout"))
    expires = (clock.now() + timedelta(hours=2)).isoformat()
    made = send(browser(operator), state="forced_open", reason="it double-charges", expires_at=expires)
    assert (made.status_code, made.json()["state"], made.json()["change_state"]) == (201, "closed", "open")
    change = Change.objects.get(kind="breaker.force")
    review(change=change, person=approver, team=change.owner, vote="approve", reason="yes", seen=change.content_hash)
    assert Breaker.objects.get(name="shop").state == "forced_open"
    page = browser(operator).get(f"/changes/{change.pk}/")
    assert page.status_code == 200
    assert b"Force shop forced_open" in page.content


def test_a_change_that_nobody_approved_before_its_end_has_expired(operator: User):
    review_it_always()
    approver = person("approver", Team.objects.get(name="checkout"))
    client = browser(operator)
    soon, later = (clock.now() + timedelta(minutes=wait) for wait in (5, 20))
    send(client, state="forced_open", reason="it double-charges", expires_at=soon.isoformat())
    change = Change.objects.get(kind="breaker.force")
    assert change.expires_at == soon
    send(client, state="forced_open", reason="for longer", expires_at=later.isoformat())
    clock.advance(timedelta(minutes=10))
    change.refresh_from_db()
    assert (change.state, change.expires_at) == ("open", later), "an edit moves its end"
    clock.advance(timedelta(minutes=11))
    early = send(client, state="forced_open", reason="r", expires_at=(clock.now() + timedelta(hours=1)).isoformat())
    assert (early.status_code, "in a few seconds" in early.json()["detail"]) == (409, True)
    with pytest.raises(Conflict, match="has expired; ask anew"):
        review(
            change=change, person=approver, team=change.owner, vote="approve", reason="yes", seen=change.content_hash
        )
    change.refresh_from_db()
    assert change.state == "expired"
    assert view("shop").state == "closed"
    again = send(client, state="forced_open", reason="r", expires_at=(clock.now() + timedelta(hours=1)).isoformat())
    assert again.json()["change_state"] == "open"
    assert Change.objects.filter(kind="breaker.force").count() == 2


def test_the_page_shows_it_forces_it_and_lets_it_go(operator: User):
    client = browser(operator)
    page = client.get("/dependencies/shop/breaker/")
    assert b"It never moved" in page.content
    bad = client.post("/dependencies/shop/breaker/", {"state": "forced_open", "hours": "4", "reason": ""})
    assert bad.status_code == 422
    made = client.post(
        "/dependencies/shop/breaker/", {"state": "forced_open", "hours": "4", "reason": "it double-charges"}
    )
    assert made.status_code == 302
    page = client.get("/dependencies/shop/breaker/")
    assert f"Forced by {operator.username} until" in page.content.decode()
    assert b"it double-charges" in page.content
    assert client.post("/dependencies/shop/breaker/", {"do": "release", "reason": "fixed"}).status_code == 302
    assert view("shop").state == "closed"


def test_who_may_not_switch_sees_no_form_and_is_refused(served: Service):
    client = browser(person("viewer", Team.objects.get(name="checkout")))
    assert b"Force the breaker" not in client.get("/dependencies/shop/breaker/").content
    refused = client.post("/dependencies/shop/breaker/", {"state": "disabled", "hours": "1", "reason": "r"})
    assert refused.status_code == 403


def test_the_pages_of_a_run_say_where_it_is_parked_and_what_fell_back(operator: User):
    force(operator)
    client = browser(operator)
    parked = begin(publish({"a": call()}))
    pump()
    page = client.get(f"/runs/{parked.pk}/steps/a/").content.decode()
    assert "Parked at a: the breaker of shop is forced open since" in page
    assert '<a href="/dependencies/shop/breaker/">The breaker of shop</a>' in page
    assert "Waits without a worker, and without using an attempt" in page
    fallen = begin(publish({"a": call(fallback={"skip": True})}, name="falling"))
    pump()
    page = client.get(f"/runs/{fallen.pk}/steps/a/").content.decode()
    assert "Succeeded with a part missing: a (the breaker of shop is forced open since" in page
    assert "went on without it" in page


def test_the_page_says_what_an_undoing_waits_for(operator: User):
    write = {"http": {"method": "POST", "path": "/x"}, "effect": "write"}
    undo = {"http": {"method": "DELETE", "path": "/x"}}
    run = begin(publish({"a": call(**write, compensate=undo), "b": {"needs": ["a"], "wait": {"for": "5m"}}}))
    pump()
    force(operator)
    cancel_run(run_id=run.pk, actor=operator, reason="ordered twice")
    pump()
    page = browser(operator).get(f"/runs/{run.pk}/").content.decode()
    assert "0 steps undone so far. Undoing a waits: the breaker of shop is forced open since" in page
    services.release(name="shop", reason="it is fixed", actor=operator)
    run = settle_down(run)
    page = browser(operator).get(f"/runs/{run.pk}/").content.decode()
    assert "1 of 1 steps with an effect compensated" in page
    assert "Undoing a waits" not in page


def test_an_undoing_that_failed_and_is_tried_again_is_not_said_to_wait(served: Service, operator: User):
    answers = {"POST": 200, "DELETE": 503}
    served.handle = lambda request: (answers[request.command], {"Content-Type": "application/json"}, b"{}")
    write = {"http": {"method": "POST", "path": "/x"}, "effect": "write"}
    undo = {"http": {"method": "DELETE", "path": "/x"}, "retry": {"maximum_attempts": 3, "initial_interval": "30s"}}
    run = begin(publish({"a": call(**write, compensate=undo), "b": {"needs": ["a"], "wait": {"for": "5m"}}}))
    pump()
    cancel_run(run_id=run.pk, actor=operator, reason="ordered twice")
    pump()
    assert [request[0] for request in served.requests] == ["POST", "DELETE"]
    page = browser(operator).get(f"/runs/{run.pk}/").content.decode()
    assert "Undoing a; 0 steps undone so far." in page
    assert "Undoing a waits" not in page


def test_a_run_that_was_parked_until_its_time_was_up_says_where_the_time_went(operator: User):
    force(operator)
    run = begin(publish({"a": call(timeout={"schedule_to_close": "40s"})}))
    pump()
    run = settle_down(run, stride=50)
    pass_time(1)  # the sweeper writes how long it was parked
    assert run.result == "timed_out"
    page = browser(operator).get(f"/runs/{run.pk}/").content.decode()
    title = re.search(r"<h2 id=.h-gantt.>(.*?)</h2>", page)
    assert title is not None
    told = re.fullmatch(r"a was parked for (\S+) s of (\S+) s", title[1])
    assert told is not None, title[1]
    parked, whole = map(float, told.groups())
    assert parked > 40
    assert whole - parked < 2  # the seconds in which the test itself was at work
    assert "waiting for a worker" not in page
