"""Alerts open once, are told once, escalate until somebody answers, and are resolved when the short window is clean."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError, transaction

from governance.models import AuditEntry, WebhookDelivery
from governance.services import delivering
from orchestration import clock
from orchestration.errors import Conflict, InvalidInput
from orchestration.models import Alert, AlertEvent, Breaker, Objective, Silence
from orchestration.selectors import budgets
from orchestration.services import alerts
from orchestration.services.alert_actions import acknowledge, end_silence, resolve, silence
from orchestration.tasks import watch
from orchestration.telemetry import alerting
from portal.mail import mail_server
from tests.alerts.counting import count, manifest, objective, outage, team
from tests.engine.harness import begin, publish, settle_down, write

pytestmark = pytest.mark.django_db
HOOK = {"webhook": "https://hooks.example/a", "secret": "hook"}


def look(after: timedelta = timedelta(0)) -> None:
    """A round, so much later."""
    clock.advance(after)
    alerting.evaluate(clock.now())


def the_alert(severity: str = "page") -> Alert:
    return Alert.objects.get(severity=severity)


def said(alert: Alert) -> list[str]:
    return list(alert.events.values_list("what", flat=True))


def sent() -> list[str]:
    return list(WebhookDelivery.objects.order_by("pk").values_list("type", flat=True))


def test_a_burning_budget_opens_one_alert_of_each_severity_whatever_the_number_of_rounds():
    team(channels=[HOOK])
    outage(objective())
    for _ in range(3):
        look()
    assert sorted(Alert.objects.values_list("severity", flat=True)) == ["page", "ticket"]
    found = the_alert()
    assert found.rule == "1 h and 5 min at 14.4×"
    assert found.facts["windows"] == {"60": [40, 50], "5": [40, 50]}
    assert said(found) == ["opened", "told"]
    assert sent() == ["alert.opened", "alert.opened"]


def test_few_failures_and_a_healthy_service_open_none():
    count(objective(), clock.now(), 4, 4)
    look()
    assert not Alert.objects.exists()


def test_it_is_resolved_when_the_short_windows_are_clean_and_may_open_again():
    made = objective(ticket=False)
    team(channels=[HOOK])
    outage(made)
    look()
    look(timedelta(minutes=10))
    assert the_alert().state == "open", "the half hour still remembers"
    look(timedelta(minutes=25))
    assert the_alert().state == "resolved"
    assert sent() == ["alert.opened", "alert.resolved"]
    outage(made)
    look()
    assert Alert.objects.count() == 2


def test_a_retired_objective_and_a_severity_that_is_switched_off_alert_no_more():
    made = objective()
    outage(made)
    look()
    Objective._base_manager.filter(pk=made.pk).update(page=False)
    look()
    assert the_alert().state == "resolved"
    Objective._base_manager.filter(pk=made.pk).update(retired_at=clock.now())
    look()
    assert the_alert("ticket").state == "resolved"


def test_failures_in_a_window_open_an_alert_where_no_burn_rate_could():
    made = objective(target="0.8", ticket=False, page_failures=5, page_within=60)
    count(made, clock.now(), 400, 4)
    look()
    assert not Alert.objects.exists()
    count(made, clock.now(), 1, 1)
    look()
    assert the_alert().rule == "5 failures in 1 h"


def test_of_two_who_open_it_at_once_one_does():
    team(channels=[HOOK])
    made = objective(ticket=False)
    facts: dict[str, Any] = {"objective": made, "severity": "page", "rule": "r", "facts": {}, "now": clock.now()}
    assert alerts.open_burn(**facts) is not None
    assert alerts.open_burn(**facts) is None
    assert sent() == ["alert.opened"]
    with pytest.raises(IntegrityError), transaction.atomic():
        Alert.objects.create(
            kind="burn", severity="page", subject="x", team=made.owner, escalation=made.owner, objective=made,
            opened_at=clock.now(),
        )  # fmt: skip


def test_of_two_who_tell_it_at_once_one_does():
    team(channels=[HOOK], escalation=[{"after": "0s", "notify": "on-call"}])
    made = objective(ticket=False)
    silence(objective=made, severity="", person=None, reason="r", ends_at=clock.now() + timedelta(minutes=1))
    outage(made)
    look()
    clock.advance(timedelta(minutes=2))
    first, second = (Alert.objects.select_related("team", "escalation", "objective").get() for _ in range(2))
    alerts.tell_due(first, clock.now())
    alerts.tell_due(second, clock.now())
    assert sent() == ["alert.opened", "alert.escalated"]


def test_killed_between_opening_and_telling_leaves_neither_and_the_next_round_does_both(
    monkeypatch: pytest.MonkeyPatch,
):
    team(channels=[HOOK])
    outage(objective(ticket=False))

    class Killed(BaseException):
        pass

    def killed(*_: Any) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(alerts, "_tell", killed)
        with pytest.raises(Killed):
            look()
    assert not Alert.objects.exists()
    look()
    assert said(the_alert()) == ["opened", "told"]
    assert sent() == ["alert.opened"]


def test_escalation_goes_step_by_step_until_somebody_acknowledges():
    team("oncall", channels=[HOOK])
    team(
        escalation=[
            {"after": "0s", "notify": "first-line"},
            {"after": "10m", "notify": "oncall"},
            {"after": "30m", "notify": "x"},
        ]
    )
    made = objective(ticket=False)
    outage(made)
    look()
    assert said(the_alert()) == ["opened", "told", "escalated"]
    outage(made)
    look(timedelta(minutes=9))
    assert sent() == []
    look(timedelta(minutes=2))
    assert sent() == ["alert.escalated"], "the team that the step names"
    assert json.loads(WebhookDelivery.objects.get().payload)["data"]["notify"] == "oncall"
    acknowledge(alert=the_alert(), person=None, reason="I look at it")
    outage(made)
    look(timedelta(minutes=30))
    assert said(the_alert()) == ["opened", "told", "escalated", "escalated", "acknowledged"]
    assert the_alert().state == "acknowledged"


def test_a_workflow_may_name_another_team_whose_steps_are_followed():
    team("oncall", channels=[HOOK], escalation=[{"after": "0s", "notify": "anybody"}])
    publish({"a": {"value": 1}}, escalation="oncall")
    outage(objective(ticket=False))
    look()
    assert the_alert().escalation.name == "oncall"
    assert sent() == ["alert.escalated"]


def test_a_silenced_alert_opens_and_is_told_when_the_silence_ends():
    team(channels=[HOOK])
    made = objective(ticket=False)
    held = silence(
        objective=made, severity="page", person=None, reason="we move", ends_at=clock.now() + timedelta(hours=1)
    )
    outage(made)
    look()
    assert said(the_alert()) == ["opened", "silenced"]
    assert sent() == []
    outage(made)
    end_silence(silence=held, person=None, reason="moved")
    look()
    assert said(the_alert()) == ["opened", "silenced", "told"]
    with pytest.raises(Conflict, match="ended already"):
        end_silence(silence=held, person=None, reason="again")


def test_a_silence_keeps_the_next_steps_back_too():
    team(escalation=[{"after": "10m", "notify": "x"}])
    made = objective(ticket=False)
    outage(made)
    look()
    silence(objective=made, severity="", person=None, reason="we move", ends_at=clock.now() + timedelta(hours=1))
    outage(made)
    look(timedelta(minutes=15))
    assert "escalated" not in said(the_alert())


def test_a_page_of_a_step_is_silent_while_the_breaker_of_its_dependency_is_open():
    team(channels=[HOOK])
    manifest("Dependency", "mail", {"base_url": "http://x"}, owner="checkout")
    publish({"a": {"value": 1}, "call": {"http": {"path": "/"}, "dependency": "mail", "effect": "none"}})
    breaker = Breaker.objects.create(name="mail", state="half_open")
    made = objective("demo.call.success", step="call")
    outage(made)
    look()
    assert said(the_alert()) == ["opened", "silenced"]
    assert said(the_alert("ticket")) == ["opened", "told"]
    breaker.state = "closed"
    breaker.save()
    look()
    assert said(the_alert()) == ["opened", "silenced", "told"]


def test_a_person_resolves_it_once_it_burns_no_more():
    team(channels=[HOOK])
    made = objective(ticket=False)
    outage(made)
    look()
    with pytest.raises(Conflict, match="still burns"):
        resolve(alert=the_alert(), person=None, reason="enough")
    clock.advance(timedelta(minutes=31))
    resolve(alert=the_alert(), person=None, reason="enough")
    assert the_alert().state == "resolved"
    for act in (resolve, acknowledge):
        with pytest.raises(Conflict, match="resolved already"):
            act(alert=the_alert(), person=None, reason="again")
    assert AuditEntry.objects.filter(object_kind="alert", action="resolved", reason="enough").count() == 1


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"ends_at": timedelta(seconds=-1)}, "in the future"),
        ({"ends_at": timedelta(days=40)}, "at most 30 days"),
        ({"severity": "x"}, "there are page, ticket"),
        ({"reason": " "}, "reason is required"),
    ],
)
def test_a_silence_needs_a_reason_and_an_end(more: dict[str, Any], words: str):
    facts: dict[str, Any] = {"severity": "", "reason": "r", "ends_at": timedelta(hours=1)} | more
    ends_at = clock.now() + facts.pop("ends_at")
    with pytest.raises(InvalidInput, match=words):
        silence(objective=objective(), person=None, ends_at=ends_at, **facts)
    assert not Silence.objects.exists()


def test_a_compensation_that_failed_for_good_opens_one_alert():
    team(channels=[HOOK])
    undo = {"compensate": {"python": "test.fail"}}
    run = settle_down(begin(publish({"a": write("x", 1) | undo, "b": {"python": "test.fail", "needs": ["a"]}})))
    assert run.compensation == "failed"
    look()
    look()
    found = Alert.objects.get()
    assert (found.kind, found.severity, found.run_id, found.subject) == ("compensation", "ticket", run.pk, "demo")
    assert sent() == ["alert.opened"]
    resolve(alert=found, person=None, reason="put right by hand")
    look()
    assert Alert.objects.count() == 1


def test_an_address_of_the_escalation_is_written_to_where_mail_is_configured(settings: Any):
    team(escalation=[{"after": "0s", "notify": "on-call@shop.example"}])
    settings.PLUMBLINE = _with_mail(settings.PLUMBLINE)
    outage(objective(ticket=False))
    look()
    assert delivering.deliver() == 1
    message = mail.outbox[0]
    assert message.to == ["on-call@shop.example"]
    assert message.subject == "[Plumbline] page: demo.success"
    assert "/runbooks/do-this/" in message.body
    assert WebhookDelivery.objects.get().state == "delivered"


def _with_mail(config: Any) -> Any:
    return replace(config, mail=mail_server("smtp://localhost:2525", "p@shop.example"))


def test_without_a_mail_server_the_timeline_says_that_nobody_was_written_to():
    team(escalation=[{"after": "0s", "notify": "on-call@shop.example"}])
    outage(objective(ticket=False))
    look()
    assert "sends none (PLUMBLINE_SMTP_URL)" in AlertEvent.objects.get(what="escalated").text
    assert sent() == []


def test_a_fault_with_one_objective_keeps_no_other_from_its_alert(monkeypatch: pytest.MonkeyPatch):
    one, two = objective("demo.a", ticket=False), objective("demo.b", ticket=False)
    for each in (one, two):
        outage(each)
    real = alerts.open_burn
    monkeypatch.setattr(
        alerts, "open_burn", lambda **facts: 1 / 0 if facts["objective"].pk == one.pk else real(**facts)
    )  # fmt: skip
    look()
    assert the_alert().subject == "demo.b"


def test_the_task_makes_a_round_and_a_pile_of_messages_makes_one(monkeypatch: pytest.MonkeyPatch):
    rounds: list[Any] = []
    monkeypatch.setattr("orchestration.tasks.evaluate", rounds.append)
    for _ in range(5):
        watch()
    assert len(rounds) <= 1


def test_a_round_takes_as_many_queries_for_many_objectives_as_for_one(django_assert_max_num_queries: Any):
    for number in range(8):
        count(objective(f"demo-{number}"), clock.now(), 100, 0)
    with django_assert_max_num_queries(9):
        look()
    assert budgets.objectives().count() == 8
