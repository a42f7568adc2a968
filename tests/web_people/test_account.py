"""One's own account: profile, theme, password, tokens."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from orchestration.errors import Conflict, Forbidden, InvalidInput
from portal.models import Token, User
from portal.models.token import digest
from portal.services.tokens import create_token
from tests.web_people.conftest import PASSWORD

pytestmark = pytest.mark.django_db


def test_the_profile_is_saved_with_its_reason(operator: User, signed_in: Any):
    answer = signed_in(operator).post(
        "/account/", {"name": "Checkout on-call", "email": "a@example.org", "time_zone": "Europe/Madrid"}
    )
    assert answer.headers["Location"] == "/account/"
    operator.refresh_from_db()
    assert (operator.get_full_name(), operator.email, operator.time_zone) == (
        "Checkout on-call",
        "a@example.org",
        "Europe/Madrid",
    )
    row = operator.history.first()
    assert (row.history_user, row.history_change_reason) == (operator, "changed by the person")


def test_a_time_zone_that_is_none_is_refused_and_the_rest_kept(operator: User, signed_in: Any):
    answer = signed_in(operator).post("/account/", {"name": "Kept", "email": "", "time_zone": "Mars/Olympus"})
    assert answer.status_code == 422
    assert 'value="Kept"' in answer.content.decode()
    assert 'href="#id_time_zone"' in answer.content.decode()
    operator.refresh_from_db()
    assert operator.first_name == ""


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_theme_is_a_cookie_that_the_next_page_obeys(theme: str, operator: User, signed_in: Any):
    client = signed_in(operator)
    client.post("/account/theme/", {"theme": theme})
    assert f'<html lang="en" data-theme="{theme}">' in client.get("/account/").content.decode()
    client.post("/account/theme/", {"theme": "<script>"})
    assert "data-theme=" not in client.get("/account/").content.decode().split("<body")[0]


def test_the_theme_form_sends_nobody_elsewhere(operator: User, signed_in: Any):
    answer = signed_in(operator).post("/account/theme/", {"theme": "dark", "next": "https://evil.example/"})
    assert answer.headers["Location"] == "/account/"


def test_a_changed_password_ends_other_sessions_and_is_in_the_history(operator: User):
    here, elsewhere = Client(), Client()
    for browser in (here, elsewhere):
        browser.force_login(operator)
    new = "another-long-enough"
    answer = here.post("/account/password/", {"old_password": PASSWORD, "new_password1": new, "new_password2": new})
    assert answer.headers["Location"] == reverse("password_change_done")
    assert here.get("/account/").status_code == 200
    assert elsewhere.get("/account/").status_code == 302
    assert operator.history.first().history_change_reason == "changed by the person"


def test_a_token_is_shown_once_and_only_its_hash_is_kept(operator: User, signed_in: Any):
    client = signed_in(operator)
    answer = client.post(
        "/account/tokens/new/", {"name": "nightly", "team": "checkout", "verbs": ["operate"], "expires_in_days": "30"}
    )
    token = Token.objects.get()
    secret = answer.content.decode().split('<code id="secret">')[1].split("<")[0]
    assert token.hash == digest(secret)
    assert token.verbs == ["operate"]
    assert token.team.name == "checkout"
    assert abs(token.expires_at - timezone.now() - timedelta(days=30)) < timedelta(minutes=1)
    assert "no-store" in answer.headers["Cache-Control"]
    assert secret not in client.get("/account/").content.decode()


def test_only_verbs_that_i_hold_are_offered(operator: User, person: Any, signed_in: Any):
    page = signed_in(operator).get("/account/tokens/new/").content.decode()
    assert 'value="operate"' in page
    assert 'value="maintain"' not in page
    assert 'value="review"' not in page
    viewer = signed_in(person("v", "viewer@checkout")).get("/account/tokens/new/").content.decode()
    assert 'name="verbs"' not in viewer


@pytest.mark.parametrize("verb", ["maintain", "review", "administer"])
def test_a_token_never_carries_more_than_its_owner_holds(verb: str, operator: User):
    with pytest.raises((Forbidden, InvalidInput)):
        create_token(owner=operator, name="x", verbs=[verb], expires_in_days=1)
    assert not Token.objects.exists()


def test_a_verb_held_in_one_team_is_refused_for_another(operator: User, teams: Any):
    with pytest.raises(Forbidden, match="for team payments"):
        create_token(owner=operator, name="x", verbs=["operate"], team=teams["payments"], expires_in_days=1)


@pytest.mark.parametrize("days", [0, 366, -1])
def test_a_token_lives_one_to_365_days(days: int, operator: User):
    with pytest.raises(InvalidInput, match="1 to 365 days"):
        create_token(owner=operator, name="x", verbs=[], expires_in_days=days)


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "a\x00b", "line\nbreak"])
def test_a_token_needs_a_printable_name(name: str, operator: User):
    with pytest.raises(InvalidInput, match="name"):
        create_token(owner=operator, name=name, verbs=[], expires_in_days=1)


def test_a_form_sent_twice_makes_one_token(operator: User):
    create_token(owner=operator, name="twice", verbs=[], expires_in_days=1)
    with pytest.raises(Conflict, match="already"):
        create_token(owner=operator, name="twice", verbs=[], expires_in_days=1)


def test_a_token_is_revoked_with_a_reason_and_only_by_its_owner(operator: User, person: Any, signed_in: Any):
    token, _ = create_token(owner=operator, name="mine", verbs=[], expires_in_days=1)
    url = f"/account/tokens/{token.pk}/revoke/"
    assert signed_in(person("other", "operator@checkout")).post(url, {"reason": "x"}).status_code == 404
    assert signed_in(operator).post(url, {"reason": ""}).status_code == 422
    token.refresh_from_db()
    assert token.is_live
    signed_in(operator).post(url, {"reason": "leaked"})
    token.refresh_from_db()
    assert not token.is_live
    assert token.history.first().history_change_reason == "leaked"


def test_the_account_page_has_a_fixed_number_of_queries(operator: User, signed_in: Any, django_assert_num_queries: Any):
    for number in range(4):
        create_token(owner=operator, name=str(number), verbs=[], expires_in_days=1)
    client = signed_in(operator)
    with django_assert_num_queries(6):
        client.get("/account/")
