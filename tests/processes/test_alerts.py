"""Alerts of real processes: by the workers as they are started, by evaluators at once, and by one that is killed."""

from __future__ import annotations

import signal
import sys
from collections import Counter

import pytest

from governance.models import WebhookDelivery
from orchestration import clock
from orchestration.models import Alert, AlertEvent
from orchestration.telemetry import alerting
from tests.alerts.counting import objective, outage, team
from tests.processes.children import Processes, wait_until

pytestmark = pytest.mark.processes
WATCHER = [sys.executable, "-m", "tests.processes.alert_watcher"]
HOOK = {"webhook": "https://hooks.example/a", "secret": "hook"}


def told() -> Counter[str]:
    return Counter(WebhookDelivery.objects.values_list("type", flat=True))


def test_the_control_worker_opens_an_alert(processes: Processes):
    processes.worker("control")
    processes.beat()
    outage(objective(ticket=False))
    wait_until(lambda: Alert.objects.filter(state="open").exists(), 90, "the alert")


def test_evaluators_at_once_open_and_tell_each_alert_once(processes: Processes):
    team(channels=[HOOK], escalation=[{"after": "0s", "notify": "on-call"}])
    for number in range(20):
        outage(objective(f"demo-{number}", ticket=False))
    watchers = [processes.spawn("watcher", [*WATCHER, "5"]) for _ in range(3)]
    for watcher in watchers:
        assert watcher.wait(120) == 0, processes.said()
    assert Alert.objects.count() == 20
    assert told() == {"alert.opened": 20, "alert.escalated": 20}
    assert Counter(AlertEvent.objects.values_list("what", flat=True)) == {"opened": 20, "told": 20, "escalated": 20}


def test_an_alert_of_a_worker_killed_between_opening_and_telling_is_opened_and_told_by_the_next(processes: Processes):
    team(channels=[HOOK])
    outage(objective(ticket=False))
    watcher = processes.spawn("watcher", [*WATCHER, "1", "die"])
    assert watcher.wait(60) == -signal.SIGKILL
    assert not Alert.objects.exists(), "neither is there"
    alerting.evaluate(clock.now())
    assert told() == {"alert.opened": 1}
