"""Webhooks sent by real processes: by the workers as they are started, by two senders at once, and by one that is killed."""

from __future__ import annotations

import sys
from collections import Counter
from datetime import timedelta

import pytest

from governance.models import WebhookDelivery
from governance.services.delivering import CLAIM, deliver
from governance.services.webhooks import announce
from orchestration import clock
from tests.governance.receiving import SECRET, channel, receiver, team_with
from tests.processes.children import Processes, wait_until

pytestmark = pytest.mark.processes
SENDER = [sys.executable, "-m", "tests.processes.webhook_sender"]


@pytest.fixture(autouse=True)
def secret(processes: Processes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLUMBLINE_SECRET_HOOKS", SECRET)
    processes.environment["PLUMBLINE_SECRET_HOOKS"] = SECRET
    processes.environment["PLUMBLINE_ALLOWED_PRIVATE_HOSTS"] = "127.0.0.1"


def undelivered() -> int:
    return WebhookDelivery.objects.filter(delivered_at__isnull=True).count()


def test_the_control_worker_delivers_what_was_announced(processes: Processes):
    processes.worker("control")
    processes.beat()
    with receiver() as hooks:
        announce("change.proposed", teams=[team_with(channel(hooks.url))], data={"change": 1})
        wait_until(lambda: not undelivered(), 60, "the delivery")
        assert [one.is_signed_by(SECRET) for one in hooks.received] == [True]


def test_two_senders_at_once_send_each_once(processes: Processes):
    with receiver() as hooks:
        team = team_with(*(channel(f"{hooks.url}/{number}") for number in range(12)))
        for _ in range(6):
            announce("change.reviewed", teams=[team], data={})
        senders = [processes.spawn("sender", SENDER) for _ in range(2)]
        for sender in senders:
            assert sender.wait(90) == 0, processes.said()
        assert undelivered() == 0
        sent = Counter((one.id, one.path) for one in hooks.received)
        assert (len(sent), set(sent.values())) == (72, {1})


def test_what_a_killed_sender_had_in_hand_is_sent_again_with_the_same_id(processes: Processes):
    with receiver() as hooks:
        hooks.hold.clear()
        announce("change.applied", teams=[team_with(channel(hooks.url))], data={})
        sender = processes.spawn("sender", SENDER)
        wait_until(lambda: len(hooks.received) == 1, 60, "the first attempt")
        sender.kill()
        sender.wait()
        hooks.hold.set()
        assert deliver() == 0, "its claim holds still"
        clock.advance(CLAIM + timedelta(seconds=1))
        assert deliver() == 1
        first, second = hooks.received
        assert (first.id, first.text) == (second.id, second.text)
        assert second.is_signed_by(SECRET)
        assert undelivered() == 0
