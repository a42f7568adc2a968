"""Rounds of webhooks: who goes first, claims and late results, one round at a time, and how long what is over is kept."""

from __future__ import annotations

from typing import Any

import pytest

from governance import tasks
from governance.models import WebhookDelivery
from governance.services import delivering, sending
from governance.services.delivering import deliver, prune
from governance.services.webhooks import announce
from orchestration.models import Team
from tests.engine.services import closed_port
from tests.governance.receiving import DATA, Receiver, channel, hooks, later, only, secret, team_with
from tests.processes.children import wait_until

__all__ = ["hooks", "secret"]
pytestmark = pytest.mark.django_db(transaction=True)


def test_a_receiver_that_fails_holds_up_the_others_once_a_round(hooks: Receiver):
    dead = f"http://127.0.0.1:{closed_port()}"
    team = team_with(channel(dead), channel(hooks.url))
    for _ in range(10):
        announce("change.proposed", teams=[team], data=DATA)
    assert deliver() == 11
    assert len(hooks.received) == 10
    assert WebhookDelivery.objects.filter(url=dead, attempts=1).count() == 1


def test_a_receiver_hears_of_things_in_their_order(hooks: Receiver):
    team = team_with(channel(hooks.url))
    for number in range(12):
        announce("change.reviewed", teams=[team], data={"number": number})
    deliver()
    assert [one.body["data"]["number"] for one in hooks.received] == list(range(12))


def test_a_round_has_an_end(hooks: Receiver):
    team = team_with(channel(hooks.url))
    for _ in range(5):
        announce("change.reviewed", teams=[team], data={})
    assert deliver(most=3) == 3
    assert deliver(most=3) == 2


def test_of_two_who_saw_the_same_row_one_has_the_claim(hooks: Receiver):
    announce("change.proposed", teams=[team_with(channel(hooks.url))], data=DATA)
    first, second = only(), only()
    assert [delivering._is_won(first), delivering._is_won(second)] == [True, False]
    assert (only().attempts, only().next_at) == (1, first.next_at)


def test_a_late_failure_of_a_frozen_sender_does_not_undo_what_another_achieved(hooks: Receiver):
    announce("change.proposed", teams=[team_with(channel(hooks.url))], data=DATA)
    (frozen,) = delivering._claim(1, set())
    assert delivering._claim(1, set()) == []
    later(61)
    deliver()
    assert only().state == "delivered"
    delivering._record(frozen, sending.Answer(500, "answered 500"))
    assert (only().state, only().last_status) == ("delivered", 200)


def test_a_late_success_counts(hooks: Receiver):
    hooks.answers = [(500, {}, b"")]
    announce("change.proposed", teams=[team_with(channel(hooks.url))], data=DATA)
    (frozen,) = delivering._claim(1, set())
    later(61)
    deliver()
    delivering._record(frozen, sending.Answer(200))
    later(10**6)
    assert (only().state, deliver()) == ("delivered", 0)


def test_a_fault_of_ours_with_one_does_not_stop_the_others(hooks: Receiver, monkeypatch: pytest.MonkeyPatch):
    def faulty(delivery: WebhookDelivery, **how: Any) -> sending.Answer:
        if delivery.url.endswith("/bad"):
            raise KeyError("x")
        return sending.attempt(delivery, **how)

    monkeypatch.setattr(delivering, "attempt", faulty)
    announce("change.proposed", teams=[team_with(channel(f"{hooks.url}/bad"), channel(f"{hooks.url}/good"))], data={})
    assert deliver() == 2
    states = dict(WebhookDelivery.objects.values_list("url", "last_error"))
    assert states == {f"{hooks.url}/bad": "not sent: KeyError", f"{hooks.url}/good": ""}


def test_what_is_over_for_thirty_days_goes_in_small_batches_and_the_rest_stays(hooks: Receiver):
    team = team_with(channel(hooks.url))
    for _ in range(3):
        announce("change.proposed", teams=[team], data=DATA)
    deliver()
    announce("change.applied", teams=[team], data=DATA)
    later(29 * 86_400)
    assert prune() == 0
    hooks.answers = [(410, {}, b"")]
    deliver()
    later(2 * 86_400)
    assert [prune(most=2), prune(most=2), prune(most=2)] == [2, 1, 0]
    assert only().type == "change.applied", "it failed two days ago"
    later(30 * 86_400)
    assert prune() == 1


def test_the_task_returns_at_once_however_slow_a_receiver_is(hooks: Receiver, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tasks, "_delivering", tasks.Pace(0))
    monkeypatch.setattr(tasks, "_round", None)
    hooks.hold.clear()
    announce("change.proposed", teams=[team_with(channel(hooks.url))], data=DATA)
    tasks.deliver()
    wait_until(lambda: len(hooks.received) == 1)
    round_ = tasks._round
    announce("change.applied", teams=[Team.objects.get()], data=DATA)
    tasks._delivering = tasks.Pace(0)
    tasks.deliver()
    assert tasks._round is round_, "one round at a time in a process"
    assert only_waiting() == 2
    hooks.hold.set()
    round_.join(30)
    assert only_waiting() == 0
    tasks._delivering = tasks.Pace(0)
    tasks.deliver()
    assert tasks._round is round_, "nothing is due, so no thread begins"


def only_waiting() -> int:
    return WebhookDelivery.objects.filter(delivered_at__isnull=True).count()
