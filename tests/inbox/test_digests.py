"""Digests: when one is due by a person's clock, that each is sent once, what it says, and what a refusal does."""

from __future__ import annotations

import smtplib
import threading
import zoneinfo
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.core.mail import EmailMessage
from django.db import connection

from governance.models import Runbook
from orchestration import clock
from orchestration.models import Team
from portal.inbox.choices import Choices, due_period
from portal.mail import Mail
from portal.models import Digest, NotificationChoice, User
from portal.services.digests import SCHEDULE, anything_due, send_due
from portal.services.inbox import mark_read
from tests.people import person

UTC_ZONE = zoneinfo.ZoneInfo("UTC")
BEFORE = datetime(2020, 1, 1, tzinfo=UTC)
DAILY = Choices(frozenset(), frozenset(), "daily", 0, 8, BEFORE)
WEEKLY = replace(DAILY, digest="weekly", weekday=2)


@pytest.mark.parametrize(
    ("choices", "zone", "moment", "period"),
    [
        (DAILY, "UTC", "2026-11-26T07:59", ""),
        (DAILY, "UTC", "2026-11-26T08:00", "2026-11-26"),
        (DAILY, "UTC", "2026-11-26T23:59", "2026-11-26"),
        (DAILY, "UTC", "2026-11-27T00:01", ""),
        (DAILY, "Pacific/Auckland", "2026-11-25T19:00", "2026-11-26"),
        (DAILY, "America/New_York", "2026-11-26T12:59", ""),
        (DAILY, "America/New_York", "2026-11-26T13:00", "2026-11-26"),
        (WEEKLY, "UTC", "2026-11-24T12:00", ""),
        (WEEKLY, "UTC", "2026-11-25T08:00", "2026-W48"),
        (WEEKLY, "UTC", "2026-11-29T23:00", "2026-W48"),
        (WEEKLY, "UTC", "2026-11-30T09:00", ""),
        (WEEKLY, "UTC", "2026-12-31T09:00", "2026-W53"),
        (WEEKLY, "UTC", "2027-01-01T09:00", "2026-W53"),
        (replace(DAILY, digest="off"), "UTC", "2026-11-26T12:00", ""),
        (replace(DAILY, since=datetime(2026, 11, 26, 9, tzinfo=UTC)), "UTC", "2026-11-26T12:00", ""),
        (replace(DAILY, since=datetime(2026, 11, 26, 9, tzinfo=UTC)), "UTC", "2026-11-27T12:00", "2026-11-27"),
        (replace(DAILY, hour=2), "Europe/Zurich", "2026-03-29T01:30", "2026-03-29"),
    ],
)
def test_a_digest_is_due_by_the_persons_own_clock(choices: Choices, zone: str, moment: str, period: str):
    assert due_period(choices, zoneinfo.ZoneInfo(zone), datetime.fromisoformat(moment).replace(tzinfo=UTC)) == period


@pytest.fixture
def mailing(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Mail("mail.example", 587, "", "", tls=False, start_tls=True, sender="plumbline@portal.example")
    monkeypatch.setattr(settings, "PLUMBLINE", replace(settings.PLUMBLINE, mail=server))


@pytest.fixture
def reader(transactional_db: None, mailing: None) -> User:
    """Somebody with an address for whom a runbook waits, at noon."""
    team = Team.objects.create(name="checkout")
    user = person("maintainer", team)
    User.objects.filter(pk=user.pk).update(email="reader@portal.example", date_joined=BEFORE)
    Runbook.objects.create(slug="late", title="Late\ntrams", owner=team, body="x", review_by=date(2020, 1, 1))
    noon = datetime.now(UTC).replace(hour=12, minute=0)
    clock.advance(noon - clock.now())
    return User.objects.get(pk=user.pk)


@pytest.mark.django_db(transaction=True)
def test_what_is_unread_is_mailed_once_a_day(reader: User):
    assert anything_due()
    assert send_due() == 1
    assert send_due() == 0
    assert not anything_due()
    (message,) = mail.outbox
    assert message.to == ["reader@portal.example"]
    assert message.subject == "[Plumbline] 1 waiting: Look over Late trams"
    assert "/runbooks/late/" in message.body
    assert "/account/notifications/" in message.body
    clock.advance(timedelta(days=1))
    assert send_due() == 1


@pytest.mark.django_db(transaction=True)
def test_nothing_is_mailed_of_what_was_read_or_is_not_wanted_or_to_whom_it_can_not_reach(reader: User):
    mark_read(user=reader)
    assert send_due() == 0
    assert Digest.objects.get().items == 0, "it was looked at, and is not looked at again today"
    clock.advance(timedelta(days=1))
    choice = NotificationChoice.objects.create(user=reader, digest="daily", unmailed=["runbook"], changed_at=BEFORE)
    assert send_due() == 0
    clock.advance(timedelta(days=1))
    NotificationChoice.objects.filter(pk=choice.pk)
    choice.unmailed, choice.digest = [], "off"
    choice.save()
    assert not anything_due()
    choice.digest = "daily"
    choice.save()
    User.objects.update(email="")
    assert not anything_due()
    User.objects.update(email="reader@portal.example", is_active=False)
    assert not anything_due()
    assert mail.outbox == []


@pytest.mark.django_db(transaction=True)
def test_an_installation_without_a_mail_server_sends_none(reader: User, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(settings, "PLUMBLINE", replace(settings.PLUMBLINE, mail=None))
    assert not anything_due()
    assert send_due() == 0


@pytest.mark.django_db(transaction=True)
def test_a_refusal_is_tried_again_later_and_at_last_given_up(reader: User, monkeypatch: pytest.MonkeyPatch):
    tries = []

    def refuse(message: EmailMessage) -> None:
        tries.append(message.extra_headers["Message-ID"])
        raise smtplib.SMTPServerDisconnected("busy")

    monkeypatch.setattr(EmailMessage, "send", refuse)
    noon = clock.now()
    assert send_due() == 0
    assert send_due() == 0, "not before its time"
    assert len(tries) == 1
    for seconds in SCHEDULE:
        clock.advance(timedelta(seconds=seconds + 1))
        send_due()
    assert len(tries) == len(SCHEDULE) + 1
    assert len(set(tries)) == 1, "a mail that was taken after all is told apart from two"
    clock.advance(timedelta(hours=1))
    assert clock.now().date() == noon.date()
    assert not anything_due()
    assert Digest.objects.get().error == "SMTPServerDisconnected: busy"


@pytest.mark.django_db(transaction=True)
def test_several_workers_at_once_send_one_mail(reader: User, monkeypatch: pytest.MonkeyPatch):
    sent: list[Any] = []
    monkeypatch.setattr(EmailMessage, "send", lambda message: sent.append(message.to))
    together = threading.Barrier(4)

    def work() -> None:
        try:
            together.wait(10)
            send_due()
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert sent == [["reader@portal.example"]]
    assert Digest.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_is_killed_while_it_sends_costs_no_second_mail(reader: User, monkeypatch: pytest.MonkeyPatch):
    class Killed(BaseException):
        pass

    def die(_: EmailMessage) -> None:
        raise Killed

    monkeypatch.setattr(EmailMessage, "send", die)
    with pytest.raises(Killed):
        send_due()
    assert not anything_due()
    clock.advance(timedelta(hours=6))
    assert not anything_due()
