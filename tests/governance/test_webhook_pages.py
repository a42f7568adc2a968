"""Webhooks on a team's page and in the API: what is shown, who may read it, and sending again."""

from __future__ import annotations

import html
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from governance.models import GoneReceiver, WebhookDelivery
from orchestration.models import Membership, Team
from tests.governance.receiving import channel, team_with
from tests.people import person, token_for

pytestmark = pytest.mark.django_db
URL = "https://hooks.example/gate"
RESEND = "/api/v1/webhook-deliveries/{}/resend"


@pytest.fixture
def team() -> Team:
    return team_with(channel(URL, "change.proposed", "change.applied"), channel("https://other.example/"))


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(person("admin"))
    return client


def delivery(team: Team, **more: Any) -> WebhookDelivery:
    now = timezone.now()
    values = {
        "event_id": "msg_1", "type": "change.proposed", "team": team, "url": URL, "payload": '{"never": "shown"}',
        "created_at": now, "next_at": None, **more,
    }  # fmt: skip
    return WebhookDelivery.objects.create(**values)


def failed(team: Team, **more: Any) -> WebhookDelivery:
    return delivery(team, failed_at=timezone.now(), attempts=8, last_status=500, last_error="answered 500: <b>", **more)


def page(client: Client) -> str:
    return html.unescape(client.get("/admin/teams/checkout/").content.decode())


def test_the_page_has_channels_and_deliveries_each_with_its_state_in_words(admin: Client, team: Team):
    GoneReceiver.objects.create(team=team, url="https://other.example/", at=timezone.now())
    delivery(team, delivered_at=timezone.now(), last_status=200)
    delivery(team, next_at=timezone.now())
    delivery(team, next_at=timezone.now() + timedelta(hours=2), attempts=4, last_error="no connection: refused")
    bad = failed(team)
    said = page(admin)
    for part in (
        "Active", URL, "change.proposed, change.applied", "Gone", "https://other.example/", "hooks", "answered 410 Gone",
        "Delivered", "Waits", "Waits, tried before", "no connection: refused", "Failed", "answered 500: <b>",
    ):  # fmt: skip
        assert part in said, part
    assert said.count("Send again") == 1
    assert f"/admin/webhook-deliveries/{bad.pk}/resend/" in said
    assert "shown" not in said
    assert (
        "<b>" not in admin.get("/admin/teams/checkout/").content.decode().split("Last webhooks")[1].split("History")[0]
    )


def test_a_page_without_channels_says_where_they_come_from(admin: Client):
    team_with()
    assert "under spec.channels" in page(admin)


def test_the_page_shows_twenty_at_most_and_asks_the_same_whatever_their_number(admin: Client, team: Team):
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert page(admin)
        return len(seen)

    delivery(team)
    before = queries()
    for _ in range(24):
        delivery(team)
    assert queries() == before
    assert page(admin).count("change.proposed <span") == 20


def test_send_again_makes_a_failed_one_wait_and_says_so(admin: Client, team: Team):
    bad = failed(team)
    GoneReceiver.objects.create(team=team, url=URL, at=timezone.now())
    answer = admin.post(f"/admin/webhook-deliveries/{bad.pk}/resend/", follow=True)
    assert f"change.proposed is sent to {URL} again" in html.unescape(answer.content.decode())
    bad.refresh_from_db()
    assert (bad.state, bad.attempts, bad.last_error) == ("waits", 0, "")
    assert not GoneReceiver.objects.exists()
    twice = admin.post(f"/admin/webhook-deliveries/{bad.pk}/resend/", follow=True)
    assert "waits to be sent already" in html.unescape(twice.content.decode())
    assert admin.post("/admin/webhook-deliveries/999999/resend/").status_code == 404
    assert admin.get(f"/admin/webhook-deliveries/{bad.pk}/resend/").status_code == 405


def test_the_api_pages_through_the_deliveries_newest_first_and_never_shows_what_they_say(admin: Client, team: Team):
    made = [failed(team).pk for _ in range(5)]
    found, cursor = [], ""
    while cursor is not None:
        answer = admin.get("/api/v1/webhook-deliveries", {"team": "checkout", "limit": 2, "cursor": cursor}).json()
        found += answer["items"]
        cursor = answer["next"]
    assert [one["id"] for one in found] == made[::-1]
    assert found[0]["state"] == "failed"
    assert found[0]["last_status"] == 500
    assert "payload" not in found[0]
    for cursor in ("x", "²"):
        assert admin.get("/api/v1/webhook-deliveries", {"cursor": cursor}).status_code == 422
    assert admin.get("/api/v1/webhook-deliveries", {"cursor": "9" * 100}).status_code == 422
    assert admin.get("/api/v1/webhook-deliveries", {"team": "nobody"}).status_code == 404


def test_members_read_those_of_their_teams_and_nobody_elses(team: Team):
    mine, theirs = failed(team), failed(team_with(name="payments"))
    viewer = person("viewer", team)
    client = Client()
    client.force_login(viewer)
    assert ids(client) == [mine.pk]
    assert ids(client, team="checkout") == [mine.pk]
    refused = client.get("/api/v1/webhook-deliveries", {"team": "payments"})
    assert (refused.status_code, "for its members" in refused.json()["detail"]) == (403, True)
    assert client.post(RESEND.format(mine.pk)).status_code == 403
    client.force_login(person("stranger"))
    assert ids(client) == []
    client.force_login(person("admin"))
    assert ids(client) == [theirs.pk, mine.pk]


def test_a_token_reads_no_further_than_its_team(team: Team):
    other = team_with(name="payments")
    mine, theirs = failed(team), failed(other)
    user = person("viewer", team)
    Membership.objects.create(user=user, team=other, role="viewer")
    assert ids(Client(), token_for(user)) == [theirs.pk, mine.pk]
    assert ids(Client(), token_for(user, team=other)) == [theirs.pk]
    boss = person("admin")
    assert ids(Client(), token_for(boss)) == [theirs.pk, mine.pk]
    assert ids(Client(), token_for(boss, team=team)) == [mine.pk]
    assert ids(Client(), token_for(boss, verbs=[])) == []


def ids(client: Client, token: str = "", **query: str) -> list[int]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = client.get("/api/v1/webhook-deliveries", query, headers=headers)
    assert answer.status_code == 200, answer.content
    return [one["id"] for one in answer.json()["items"]]


def test_the_api_sends_a_failed_one_again_and_refuses_any_other(admin: Client, team: Team):
    bad = failed(team)
    answer = admin.post(RESEND.format(bad.pk), content_type="application/json")
    assert (answer.status_code, answer.json()["state"], answer.json()["attempts"]) == (200, "waits", 0)
    assert admin.post(RESEND.format(bad.pk), content_type="application/json").status_code == 409
    assert admin.post(RESEND.format(bad.pk + 99), content_type="application/json").status_code == 404
