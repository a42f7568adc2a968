"""Tokens and teams over the API, by session and by token."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from orchestration.models import Team
from portal.models import Token, User
from portal.services.tokens import create_token

pytestmark = pytest.mark.django_db
NEW = {"name": "ci", "verbs": ["operate"], "team": "checkout", "expires_in_days": 7}


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def test_a_token_is_made_used_listed_and_revoked(operator: User, signed_in: Any):
    client = signed_in(operator)
    made = client.post("/api/v1/tokens", NEW, content_type="application/json")
    assert made.status_code == 201
    assert made.headers["Cache-Control"] == "no-store"
    secret = made.json()["token"]
    listed = Client().get("/api/v1/tokens", headers=bearer(secret)).json()
    assert [(row["name"], row["verbs"], row["team"]) for row in listed["items"]] == [("ci", ["operate"], "checkout")]
    assert secret not in str(listed)
    assert client.delete(f"/api/v1/tokens/{made.json()['id']}").status_code == 204
    assert Client().get("/api/v1/tokens", headers=bearer(secret)).status_code == 401


@pytest.mark.parametrize(
    ("change", "status"),
    [({"verbs": ["review"]}, 400), ({"verbs": ["maintain"]}, 403), ({"team": "payments"}, 403), ({"team": "chekout"}, 422),
     ({"expires_in_days": 0}, 400), ({"expires_in_days": 366}, 400), ({"name": ""}, 400), ({"name": "a\x00"}, 400),
     ({"owner": "admin"}, 422)],
)  # fmt: skip
def test_bad_tokens_are_refused_and_none_is_made(change: dict[str, Any], status: int, operator: User, signed_in: Any):
    answer = signed_in(operator).post("/api/v1/tokens", NEW | change, content_type="application/json")
    assert answer.status_code == status, answer.content
    assert answer.json()["detail"]
    assert not Token.objects.exists()


def test_a_token_makes_no_tokens_and_revokes_itself_only(operator: User):
    one, secret = create_token(owner=operator, name="one", verbs=["operate"], expires_in_days=1)
    other, _ = create_token(owner=operator, name="other", verbs=[], expires_in_days=1)
    client = Client(headers=bearer(secret))
    assert client.post("/api/v1/tokens", NEW, content_type="application/json").status_code == 403
    assert client.delete(f"/api/v1/tokens/{other.pk}").status_code == 403
    assert client.delete(f"/api/v1/tokens/{one.pk}").status_code == 204


def test_tokens_of_others_are_not_there(operator: User, admin: User, signed_in: Any):
    token, _ = create_token(owner=operator, name="one", verbs=[], expires_in_days=1)
    assert signed_in(admin).delete(f"/api/v1/tokens/{token.pk}").status_code == 404
    assert signed_in(admin).get("/api/v1/tokens").json()["items"] == []


def test_tokens_page_by_cursor(operator: User, signed_in: Any):
    for number in range(3):
        create_token(owner=operator, name=str(number), verbs=[], expires_in_days=1)
    client = signed_in(operator)
    first = client.get("/api/v1/tokens?limit=2").json()
    second = client.get(f"/api/v1/tokens?limit=2&cursor={first['next']}").json()
    assert [row["name"] for row in first["items"] + second["items"]] == ["2", "1", "0"]
    assert second["next"] is None
    for cursor in ("x", "²", "9" * 40):
        assert client.get("/api/v1/tokens", {"cursor": cursor}).status_code in {200, 422}


def test_teams_are_listed_and_read_by_everybody_signed_in(
    person: Any, operator: User, signed_in: Any, django_assert_num_queries: Any
):
    client = signed_in(person("v"))
    with django_assert_num_queries(3):
        listed = client.get("/api/v1/teams").json()
    assert [(row["name"], row["people"]) for row in listed["items"]] == [("checkout", 1), ("payments", 0)]
    assert client.get("/api/v1/teams/checkout").json()["members"] == [{"user": "the-operator", "role": "operator"}]
    missing = client.get("/api/v1/teams/chekout")
    assert missing.status_code == 404
    assert "did you mean 'checkout'?" in missing.json()["detail"]
    assert Client().get("/api/v1/teams").status_code == 401


def test_teams_cannot_be_changed_over_the_api(admin: User, signed_in: Any, teams: Any):
    client = signed_in(admin)
    assert client.post("/api/v1/teams", {"name": "x"}, content_type="application/json").status_code == 405
    assert client.delete("/api/v1/teams/checkout").status_code == 405
    assert Team.objects.count() == 2
