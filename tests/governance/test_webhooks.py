"""Webhooks against a real receiver: who is told, what is sent and signed, what is tried again, and when it ends."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import pytest
from django.db import transaction

from governance.models import GoneReceiver, WebhookDelivery
from governance.services import sending
from governance.services.delivering import SCHEDULE, deliver
from governance.services.webhooks import announce, resend
from governance.signing import keys_of, signature
from orchestration import clock
from orchestration.errors import Conflict, NotFound
from orchestration.models import Team
from orchestration.services.manifests import Document, Signature, apply
from tests.engine.services import closed_port, raw
from tests.engine.test_egress import allow
from tests.governance.receiving import DATA, OTHER, SECRET, Receiver, channel, hooks, later, only, secret, team_with

__all__ = ["allow", "hooks", "secret"]
pytestmark = pytest.mark.django_db(transaction=True)


def test_the_signature_is_that_of_the_specifications_example():
    found = signature(keys_of(SECRET), "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, '{"test": 2432232314}')
    assert found == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("text", ["hello", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_", "whsec_a*b", "whsec_c2hvcnQ="])
def test_what_is_no_signing_secret_is_said_without_repeating_it(text: str):
    with pytest.raises(ValueError, match="whsec_ and 24 to 64 random bytes in base64") as told:
        keys_of(text)
    assert "hello" not in str(told.value)
    assert "c2hvcnQ" not in str(told.value)


def test_an_event_is_signed_and_sent_once_to_each_channel_that_wants_it(hooks: Receiver):
    team = team_with(
        channel(f"{hooks.url}/all"), channel(f"{hooks.url}/some", "change.proposed", "change.applied"),
        channel(f"{hooks.url}/other", "version.published"),
    )  # fmt: skip
    other = team_with(channel(f"{hooks.url}/second"), name="payments")
    announce("change.proposed", teams=[team, other, team], data=DATA)
    assert deliver() == 3
    assert sorted(one.path for one in hooks.received) == ["/all", "/second", "/some"]
    (body,) = {one.text for one in hooks.received}
    assert json.loads(body).keys() == {"type", "timestamp", "data"}
    assert (json.loads(body)["type"], json.loads(body)["data"]) == ("change.proposed", DATA)
    assert json.loads(body)["timestamp"].endswith("Z")
    assert {one.id for one in hooks.received} == set(WebhookDelivery.objects.values_list("event_id", flat=True))
    assert len({one.id for one in hooks.received}) == 1
    assert all(one.is_signed_by(SECRET) and not one.is_signed_by(OTHER) for one in hooks.received)
    assert all(abs(one.timestamp - clock.now().timestamp()) < 30 for one in hooks.received)
    assert {one.state for one in WebhookDelivery.objects.all()} == {"delivered"}
    assert deliver() == 0
    assert len(hooks.received) == 3


def test_a_channel_comes_from_the_manifest_that_was_applied(hooks: Receiver):
    text = f"""apiVersion: plumbline/v1
kind: Team
metadata: {{name: checkout}}
spec: {{channels: [{{webhook: '{hooks.url}/x', secret: hooks, events: [version.retired]}}]}}
"""
    apply([Document(text, "team.yaml")], Signature(None, "a test"))
    announce("version.retired", teams=[Team.objects.get()], data={})
    deliver()
    assert [one.body["type"] for one in hooks.received] == ["version.retired"]


def test_nothing_is_told_of_what_was_rolled_back(hooks: Receiver):
    team = team_with(channel(hooks.url))
    with transaction.atomic():
        announce("change.applied", teams=[team], data=DATA)
        transaction.set_rollback(True)
    assert not WebhookDelivery.objects.exists()


def test_a_team_without_channels_or_with_those_of_an_earlier_release_hears_nothing():
    Team.objects.create(name="plain")
    old = team_with("#checkout", {"webhook": "https://hooks.example/"})  # type: ignore[arg-type]
    announce("change.applied", teams=Team.objects.all(), data=DATA)
    assert old.pk
    assert not WebhookDelivery.objects.exists()


def test_an_event_that_no_manifest_can_name_is_a_fault_of_the_caller():
    with pytest.raises(ValueError, match=r"no event 'change\.eaten'"):
        announce("change.eaten", teams=[], data={})


def test_a_failure_is_tried_again_by_the_schedule_with_the_same_id_and_body_and_a_new_signature(hooks: Receiver):
    hooks.answers = [(500, {}, b"out of\x00 order \x1b[31m")] * 2
    announce("change.proposed", teams=[team_with(channel(hooks.url))], data=DATA)
    deliver()
    row = only()
    assert (row.state, row.attempts, row.last_status) == ("waits", 1, 500)
    assert row.last_error == "answered 500: out of order [31m"
    assert deliver() == 0, "not before its time"
    later(SCHEDULE[0])
    deliver()
    later(SCHEDULE[0] + 1)
    assert deliver() == 0, "the second pause is longer"
    later(SCHEDULE[1])
    deliver()
    assert (only().state, only().attempts, only().last_error) == ("delivered", 3, "")
    first, second, third = hooks.received
    assert first.id == second.id == third.id
    assert first.text == second.text == third.text
    assert first.timestamp < second.timestamp < third.timestamp
    assert all(one.is_signed_by(SECRET) for one in hooks.received)


def test_after_the_last_try_of_the_schedule_it_has_failed_and_an_admin_may_begin_anew(hooks: Receiver):
    hooks.answers = [(503, {}, b"")] * (len(SCHEDULE) + 1)
    announce("change.proposed", teams=[team_with(channel(hooks.url))], data=DATA)
    for pause in SCHEDULE:
        deliver()
        assert only().state == "waits"
        later(pause + 1)
    with pytest.raises(Conflict, match="waits to be sent already"):
        resend(delivery_id=only().pk)
    deliver()
    row = only()
    assert (row.state, row.attempts, row.next_at) == ("failed", len(SCHEDULE) + 1, None)
    later(10**6)
    assert deliver() == 0
    assert resend(delivery_id=row.pk).state == "waits"
    deliver()
    assert (only().state, only().attempts) == ("delivered", 1)
    assert len({one.id for one in hooks.received}) == 1
    with pytest.raises(Conflict, match="was delivered already"):
        resend(delivery_id=row.pk)
    with pytest.raises(NotFound):
        resend(delivery_id=row.pk + 1)


def test_410_ends_it_at_once_and_nothing_more_is_sent_there_until_somebody_says_so(hooks: Receiver):
    team = team_with(channel(hooks.url))
    hooks.answers = [(410, {}, b"")]
    announce("change.proposed", teams=[team], data=DATA)
    announce("change.reviewed", teams=[team], data=DATA)
    deliver()
    later(5)
    deliver()
    announce("change.applied", teams=[team], data=DATA)
    deliver()
    assert len(hooks.received) == 1
    assert [one.state for one in WebhookDelivery.objects.all()] == ["failed"] * 3
    assert "410 Gone before; Send again" in WebhookDelivery.objects.get(type="change.applied").last_error
    resend(delivery_id=WebhookDelivery.objects.get(type="change.applied").pk)
    deliver()
    assert [one.body["type"] for one in hooks.received] == ["change.proposed", "change.applied"]
    assert not GoneReceiver.objects.exists()


def test_the_410_of_one_team_is_not_anothers(hooks: Receiver):
    hooks.answers = [(410, {}, b"")]
    announce("change.proposed", teams=[team_with(channel(hooks.url))], data=DATA)
    deliver()
    announce("change.proposed", teams=[team_with(channel(hooks.url), name="payments")], data=DATA)
    deliver()
    assert WebhookDelivery.objects.get(team__name="payments").state == "delivered"


def test_a_redirect_is_not_followed(hooks: Receiver):
    hooks.answers = [(307, {"Location": f"{hooks.url}/elsewhere"}, b"")]
    announce("change.proposed", teams=[team_with(channel(hooks.url))], data=DATA)
    deliver()
    assert len(hooks.received) == 1
    assert "redirects are not followed; declare the new address" in only().last_error


def test_any_2xx_is_a_delivery_whatever_its_body_does(hooks: Receiver):
    hooks.answers = [(204, {}, b"")]
    announce("change.proposed", teams=[team_with(channel(hooks.url))], data=DATA)
    deliver()
    assert (only().state, only().last_status) == ("delivered", 204)

    def endless(link: Any, over: threading.Event) -> None:
        link.recv(65536)
        link.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nx")
        over.wait(30)

    with raw(endless) as url:
        announce("change.applied", teams=[team_with(channel(url))], data=DATA)
        deliver()
    assert WebhookDelivery.objects.get(type="change.applied").state == "delivered"


def test_while_a_secret_changes_both_sign_and_afterwards_the_new_one(hooks: Receiver, monkeypatch: pytest.MonkeyPatch):
    team = team_with(channel(hooks.url))
    for value in (f"{OTHER} {SECRET}", OTHER):
        monkeypatch.setenv("PLUMBLINE_SECRET_HOOKS", value)
        announce("change.proposed", teams=[team], data=DATA)
        deliver()
    during, after = hooks.received
    assert during.is_signed_by(OTHER)
    assert during.is_signed_by(SECRET)
    assert after.is_signed_by(OTHER)
    assert not after.is_signed_by(SECRET)


def test_the_secret_is_the_one_of_the_moment_of_sending(hooks: Receiver, monkeypatch: pytest.MonkeyPatch):
    announce("change.proposed", teams=[team_with(channel(hooks.url))], data=DATA)
    monkeypatch.setenv("PLUMBLINE_SECRET_NEWER", OTHER)
    team_with(channel(hooks.url, secret="newer"))
    deliver()
    assert hooks.received[0].is_signed_by(OTHER)


def test_without_its_secret_it_waits_says_which_and_goes_once_the_secret_is_there(
    hooks: Receiver, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("PLUMBLINE_SECRET_HOOKS")
    announce("change.proposed", teams=[team_with(channel(hooks.url))], data=DATA)
    deliver()
    assert only().state == "waits"
    assert "secret 'hooks' is not set: set PLUMBLINE_SECRET_HOOKS" in only().last_error
    monkeypatch.setenv("PLUMBLINE_SECRET_HOOKS", "no-such-form")
    later(6)
    deliver()
    assert "secret 'hooks': it is no signing secret" in only().last_error
    assert "no-such-form" not in only().last_error
    assert hooks.received == []
    monkeypatch.setenv("PLUMBLINE_SECRET_HOOKS", SECRET)
    later(301)
    deliver()
    assert only().state == "delivered"


def test_a_channel_that_was_taken_out_of_the_manifest_is_not_sent_to(hooks: Receiver):
    announce("change.proposed", teams=[team_with(channel(hooks.url))], data=DATA)
    team_with()
    deliver()
    assert hooks.received == []
    assert (only().state, "no such channel any more" in only().last_error) == ("failed", True)


def test_a_private_address_is_refused_unless_the_operator_allows_it(hooks: Receiver, allow: Any):
    announce("change.proposed", teams=[team_with(channel(hooks.url))], data=DATA)
    deliver()
    assert hooks.received == []
    assert "is the private address 127.0.0.1" in only().last_error
    assert "PLUMBLINE_ALLOWED_PRIVATE_HOSTS" in only().last_error
    allow("127.0.0.1")
    later(6)
    deliver()
    assert only().state == "delivered"


def test_nobody_there_and_an_answer_that_drips_are_failures_that_are_tried_again(monkeypatch: pytest.MonkeyPatch):
    announce("change.proposed", teams=[team_with(channel(f"http://127.0.0.1:{closed_port()}"))], data=DATA)
    deliver()
    assert only().last_error.startswith("no connection")
    WebhookDelivery.objects.all().delete()
    monkeypatch.setattr(sending, "LIMIT", 0.3)

    def drip(link: Any, over: threading.Event) -> None:
        link.recv(65536)
        while not over.wait(0.05):
            link.sendall(b"H")

    with raw(drip) as url:
        announce("change.proposed", teams=[team_with(channel(url))], data=DATA)
        began = time.monotonic()
        deliver()
    assert (only().state, only().last_error) == ("waits", "no answer within 0.3 s")
    assert time.monotonic() - began < 2
