"""Webhooks against a real receiver: who is told, what is sent and signed, what is tried again, and when it ends."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from governance import tasks
from governance.models import GoneReceiver, WebhookDelivery
from governance.services import delivering, sending
from governance.services.delivering import SCHEDULE, deliver, prune
from governance.services.webhooks import announce, resend
from governance.signing import keys_of, signature
from orchestration import clock
from orchestration.errors import Conflict, NotFound
from orchestration.models import Team
from orchestration.services.manifests import Document, Signature, apply
from tests.engine.services import closed_port, raw
from tests.engine.test_egress import allow
from tests.governance.receiving import OTHER, SECRET, Receiver, channel, receiver, team_with
from tests.processes.children import wait_until

__all__ = ["allow"]
pytestmark = pytest.mark.django_db(transaction=True)
DATA = {"change": 7, "title": "order.placed 1.0.0 to 2.0.0", "link": "/changes/7/"}


@pytest.fixture
def hooks() -> Iterator[Receiver]:
    with receiver() as found:
        yield found


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLUMBLINE_SECRET_HOOKS", SECRET)


def only() -> WebhookDelivery:
    return WebhookDelivery.objects.get()


def later(seconds: float) -> None:
    clock.advance(timedelta(seconds=seconds))


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
