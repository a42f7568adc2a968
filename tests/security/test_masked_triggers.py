"""Why a trigger started nothing may quote its event: whoever may not see the team's payloads doesn't read that."""

from __future__ import annotations

import pytest
from django.urls import reverse

from orchestration import clock
from orchestration.engine.triggers import fire
from orchestration.models import Event
from tests.engine.harness import publish
from tests.engine.scheduling import trigger

QUOTED = "card 4111 of a customer"
KIND = "does not fit contract"


@pytest.fixture
def pages(team, monkeypatch):
    """Of a trigger whose run could not start, and of the event."""
    publish({"a": {"value": 1}})
    monkeypatch.setattr(
        "orchestration.engine.triggers.start_unattended",
        lambda *given, **more: type("Started", (), {"run": None, "error": f"the input {KIND} x@1.0.0: {QUOTED}"}),
    )
    trigger(name="fails")
    event = Event.objects.create(
        source="/shop",
        event_id="1",
        type="order.placed",
        data='{"total": 5}',
        received_at=clock.now(),
        routed_at=clock.now(),
    )
    fire(event)
    return [
        reverse("trigger", args=["fails"]), reverse("event", args=[event.pk]), "/api/v1/triggers/fails",
        f"/api/v1/events/{event.pk}",
    ]  # fmt: skip


def test_a_viewer_reads_what_kind_of_fault_it_is_and_none_of_what_it_quotes(sign_in, pages):
    viewer = sign_in("viewer")
    for url in pages:
        said = viewer.get(url).content.decode()
        assert KIND in said, url
        assert QUOTED not in said, url


def test_an_operator_of_the_triggers_team_reads_all_of_it(sign_in, pages):
    operator = sign_in("operator")
    for url in pages:
        assert QUOTED in operator.get(url).content.decode(), url
