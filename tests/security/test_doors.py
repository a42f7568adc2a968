"""Ways in and out that must stay shut: redirects, what a probe tells, the secret key's file, a workflow that moved."""

from __future__ import annotations

import stat

import pytest
from django.db import DataError, OperationalError
from django.test import Client
from django.urls import reverse

from orchestration.models import Run, Team
from portal import config
from portal.middleware import health
from tests.engine import tasks
from tests.engine.harness import begin, echo, publish, settle_down
from tests.people import person, token_for

ELSEWHERE = [
    "//evil.example",
    "https://evil.example",
    "/\\evil.example",
    "javascript:alert(1)",
    "///evil.example",
    "\t//evil.example",
]


@pytest.mark.parametrize("target", [*ELSEWHERE, "", "x\r\nSet-Cookie: a=b"])
def test_the_theme_form_sends_nobody_elsewhere_and_sets_no_header(target, sign_in):
    answer = sign_in("viewer").post(reverse("account-theme"), {"theme": "dark", "next": target})
    assert answer.status_code == 302
    assert "evil" not in answer["Location"]
    assert set(answer.cookies) == {"theme"}


@pytest.mark.parametrize("word", ["home", "foo", "portal.views.home"])
def test_the_theme_form_takes_a_word_for_an_address_and_never_for_a_name(word, sign_in):
    answer = sign_in("viewer").post(reverse("account-theme"), {"theme": "dark", "next": word})
    assert (answer.status_code, answer["Location"]) == (302, word)


@pytest.mark.parametrize("target", ELSEWHERE)
def test_the_sign_in_sends_nobody_elsewhere(target, sign_in):
    answer = sign_in("viewer").get(reverse("login"), {"next": target})
    assert answer["Location"] == reverse("home")


def test_a_probe_is_not_told_where_the_database_is(client, monkeypatch):
    def away():
        raise OperationalError('connection to server at "10.1.2.3", user "plumbline" failed')

    monkeypatch.setattr(health.clock, "now", away)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"status": "down", "database": "away: OperationalError"}


def test_the_secret_key_and_its_folder_are_readable_by_this_account_alone(tmp_path):
    folder = tmp_path / "data"
    first = config.read({"PLUMBLINE_DATA_DIR": str(folder)})
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "secret-key").stat().st_mode) == 0o600
    assert len(first.secret_key) > 50
    assert [path.name for path in folder.iterdir()] == ["secret-key"]
    assert config.read({"PLUMBLINE_DATA_DIR": str(folder)}).secret_key == first.secret_key


def test_a_process_that_comes_second_takes_the_key_of_the_first(tmp_path, monkeypatch):
    def first_was_faster(_length):
        (tmp_path / "secret-key").write_text("of the first")
        return "of the second"

    monkeypatch.setattr(config.secrets, "token_urlsafe", first_was_faster)
    assert config.read({"PLUMBLINE_DATA_DIR": str(tmp_path)}).secret_key == "of the first"
    assert [path.name for path in tmp_path.iterdir()] == ["secret-key"]


@pytest.fixture
def moved(team):
    """A failed run of team checkout, of a workflow that belongs to team payments by now."""
    tasks.failing["charge"] = 99
    run = settle_down(begin(publish({"charge": echo(1, retry={"maximum_attempts": 1})})))
    run.workflow.owner = Team.objects.create(name="payments")
    run.workflow.save()
    return run


def test_who_operates_the_old_team_only_can_not_retry_into_the_new_one(moved, team):
    operator = person("operator", team)
    browser = Client()
    browser.force_login(operator)
    assert browser.post(reverse("run-retry", args=[moved.pk])).status_code == 403
    headers = {"Authorization": f"Bearer {token_for(operator)}"}
    assert Client().post(f"/api/v1/runs/{moved.pk}/retry", headers=headers).status_code == 403
    assert Run.objects.count() == 1


def test_who_operates_both_teams_can(moved):
    admin = Client()
    admin.force_login(person("admin"))
    assert admin.post(reverse("run-retry", args=[moved.pk])).status_code == 302
    assert Run.objects.get(retry_of=moved).team.name == "payments"


@pytest.mark.parametrize("url", ["/workflows/%00/", "/runs/?team=%00", "/admin/users/?q=a%00b"])
def test_an_address_with_u_0000_is_not_found_where_the_database_refuses_to_look(url, sign_in, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes")

    admin = sign_in("admin")
    monkeypatch.setattr("portal.views.workflow.find_workflow", refuse)
    monkeypatch.setattr("portal.views.runs.runs", refuse)
    monkeypatch.setattr("portal.selectors.people.users", refuse)
    answer = admin.get(url)
    assert answer.status_code == 404
    assert "U+0000" in answer.content.decode()
    with pytest.raises(DataError):  # any other fault of the database is ours and stays one
        admin.get(url.replace("%00", "x"))
