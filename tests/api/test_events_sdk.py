"""The official CloudEvents SDK as client and as receiver, over real HTTP: both modes drive runs, and what is emitted is read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_http_event, to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent

from governance.models import WebhookDelivery
from governance.services.delivering import deliver
from orchestration.engine import publish as messages
from orchestration.engine.events import unrouted
from orchestration.models import Event, Team
from tests.engine.harness import begin, pass_time, publish, pump, settle_down, step
from tests.engine.test_egress import allow
from tests.governance.receiving import SECRET, Receiver, hooks, secret
from tests.people import person, token_for

__all__ = ["allow", "hooks", "secret"]
pytestmark = pytest.mark.django_db(transaction=True)
WAITS = {"paid": {"event": {"type": "order.paid", "correlation": "${{ input.order }}"}}}


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "_ask", lambda *_: None)


@pytest.fixture
def post(live_server: Any) -> Iterator[Any]:
    """Sends a message of the SDK with an operator's token."""
    team, _ = Team.objects.get_or_create(name="checkout")
    token = token_for(person("operator", team))
    with httpx.Client(base_url=live_server.url, timeout=60, headers={"Authorization": f"Bearer {token}"}) as client:
        yield lambda message: client.post("/api/v1/events", content=message.body, headers=dict(message.headers))


def paid(**more: Any) -> CloudEvent:
    return CloudEvent({"type": "order.paid", "source": "/shop", **more}, {"amount": 3, "who": "Zoë"})


@pytest.mark.parametrize("write", [to_structured_event, to_binary_event])
def test_an_event_of_the_sdk_drives_a_run(post: Any, write: Any):
    run = begin(publish(WAITS), {"order": "o-ü 1"})
    pump()
    event = paid(subject="o-ü 1", datacontenttype="application/json", dataschema="https://shop.example/paid", trace=7)
    answer = post(write(event))
    assert (answer.status_code, answer.json()["items"][0]["known"]) == (202, False), answer.text
    assert post(write(event)).json()["items"][0]["known"] is True, "the SDK sends it again"
    pass_time(10)
    run = settle_down(run)
    assert (run.result, json.loads(step(run, "paid").output)) == ("succeeded", {"amount": 3, "who": "Zoë"})
    kept = Event.objects.get()
    assert (kept.time, kept.event_id) == (event.get_time(), event.get_id())


@pytest.mark.parametrize("write", [to_structured_event, to_binary_event])
def test_bytes_and_extensions_of_the_sdk_are_kept(post: Any, write: Any):
    event = CloudEvent(
        {"type": "scan", "source": "/gate", "datacontenttype": "image/png", "correlationid": "o-1"}, b"\x89PNG\xff"
    )
    assert post(write(event)).status_code == 202
    kept = Event.objects.get()
    assert (json.loads(kept.data), kept.correlation) == ("iVBOR/8=", "o-1")


def test_what_a_step_emits_reaches_a_channel_as_an_event_that_the_sdk_reads_once_signed(hooks: Receiver):
    channels = [
        {"webhook": f"{hooks.url}/all", "secret": "hooks", "emits": ["order.*"]},
        {"webhook": f"{hooks.url}/one", "secret": "hooks", "events": ["change.applied"], "emits": ["order.paid"]},
        {"webhook": f"{hooks.url}/other", "secret": "hooks", "emits": ["order", "orders.*", "order.paid.twice"]},
        {"webhook": f"{hooks.url}/plumbline", "secret": "hooks"},
    ]
    Team.objects.create(name="sales", document={"spec": {"channels": channels}})
    emit = {"type": "order.paid", "subject": "${{ input.o }}", "data": {"n": "${{ input.n }}"}}
    run = settle_down(begin(publish({"tell": {"emit": emit}}), {"n": 5, "o": "o-1"}))
    pass_time(10)
    assert unrouted(run.created_at) == 0, "routed by the sweeper"
    hooks.answers = [(500, {}, b"")] * 2
    deliver()
    pass_time(6)
    deliver()
    assert sorted(one.path for one in hooks.received) == ["/all", "/all", "/one", "/one"]
    assert all(one.is_signed_by(SECRET) for one in hooks.received)
    assert len({one.id for one in hooks.received}) == 1, "however often, it is one"
    _, _, headers, body = hooks.server.requests[-1]  # type: ignore[union-attr]
    event = from_http_event(HTTPMessage({name.lower(): value for name, value in headers.items()}, body))
    kept = Event.objects.get()
    assert headers["content-type"] == "application/cloudevents+json"
    assert (event.get_id(), event.get_type(), event.get_source()) == (kept.event_id, "order.paid", kept.source)
    assert (event.get_subject(), event.get_data(), event.get_extension("correlationid")) == (
        "o-1",
        {"n": 5},
        str(run.pk),
    )
    assert event.get_time() == kept.time
    assert {one.state for one in WebhookDelivery.objects.all()} == {"delivered"}
