"""Sign-in, its limit, the example accounts, and the one-time link."""

from __future__ import annotations

import dataclasses
import stat
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from orchestration.models import Membership
from portal.models import User
from portal.services.users import one_time_path
from tests.web_people.conftest import PASSWORD

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.PLUMBLINE = dataclasses.replace(settings.PLUMBLINE, data_dir=tmp_path, embedded=True)
    return tmp_path


def test_a_throttled_sign_in_says_how_long_to_wait(client: Any, operator: User, settings: Any):
    settings.PLUMBLINE = dataclasses.replace(settings.PLUMBLINE, sign_in_limit=2)
    for _ in range(2):
        wrong = client.post(reverse("login"), {"username": operator.username, "password": "wrong"})
        assert "correct username and password" in wrong.content.decode()
    refused = client.post(reverse("login"), {"username": operator.username, "password": PASSWORD})
    assert refused.status_code == 429
    assert "Wait 15 m, then try again" in refused.content.decode()
    assert "_auth_user_id" not in client.session


def test_throttling_says_the_same_for_a_name_that_nobody_has(client: Any, db: None, settings: Any):
    settings.PLUMBLINE = dataclasses.replace(settings.PLUMBLINE, sign_in_limit=1)
    client.post(reverse("login"), {"username": "nobody", "password": "x"})
    refused = client.post(reverse("login"), {"username": "nobody", "password": "x"})
    assert refused.status_code == 429
    assert "Wait 15 m" in refused.content.decode()


def test_example_people_are_made_once_with_passwords_that_work(folder: Path, client: Any):
    call_command("load_example_people")
    first = (folder / "example-sign-ins.json").read_text()
    assert stat.S_IMODE((folder / "example-sign-ins.json").stat().st_mode) == 0o600
    call_command("load_example_people")
    assert (folder / "example-sign-ins.json").read_text() == first
    assert set(User.objects.values_list("username", flat=True)) == {
        "viewer",
        "operator",
        "maintainer",
        "checkout-approver",
        "payments-approver",
        "admin",
    }
    assert [user.username for user in User.objects.filter(is_superuser=True)] == ["admin"]
    assert set(Membership.objects.filter(user__username="operator").values_list("team__name", "role")) == {
        ("checkout", "operator"),
        ("payments", "operator"),
    }
    page = client.get(reverse("login")).content.decode()
    from portal.services.example_people import read_sign_ins

    for row in read_sign_ins():
        assert row["password"] in page
        assert (
            client.post(reverse("login"), {"username": row["username"], "password": row["password"]}).status_code == 302
        )
        client.logout()


def test_a_load_that_was_killed_half_way_is_finished_by_the_next(folder: Path):
    call_command("load_example_people")
    User.objects.filter(username="viewer").delete()
    call_command("load_example_people")
    from portal.services.example_people import read_sign_ins

    password = next(row["password"] for row in read_sign_ins() if row["username"] == "viewer")
    assert User.objects.get(username="viewer").check_password(password)


def test_example_people_never_take_over_a_real_account(folder: Path, person: Any):
    person("admin")
    with pytest.raises(CommandError, match="already"):
        call_command("load_example_people")
    assert not User.objects.filter(username="viewer").exists()
    assert not User.objects.get(username="admin").is_superuser


def test_outside_the_embedded_mode_there_are_no_example_people(settings: Any, tmp_path: Path, client: Any):
    settings.PLUMBLINE = dataclasses.replace(settings.PLUMBLINE, data_dir=tmp_path, embedded=False)
    with pytest.raises(CommandError, match="only in embedded mode"):
        call_command("load_example_people")
    (tmp_path / "example-sign-ins.json").write_text('[{"username": "admin", "password": "leak", "role": "x"}]')
    assert "leak" not in client.get(reverse("login"), secure=True).content.decode()


def test_a_damaged_sign_ins_file_never_breaks_the_sign_in_page(folder: Path, client: Any):
    (folder / "example-sign-ins.json").write_text('[{"username": 1}, null')
    assert client.get(reverse("login")).status_code == 200


def test_a_one_time_link_sets_a_password_once(client: Any, operator: User):
    path = one_time_path(operator)
    form = client.get(path)
    new = "chosen-by-the-person"
    done = client.post(form.headers["Location"], {"new_password1": new, "new_password2": new})
    assert done.headers["Location"] == reverse("login")
    operator.refresh_from_db()
    assert operator.check_password(new)
    assert operator.history.first().history_change_reason == "set by one-time link"
    client.logout()
    client.session.flush()
    assert "does not work any more" in client.get(path, follow=True).content.decode()


def test_a_weak_password_is_refused_by_the_link_too(client: Any, operator: User):
    form = client.get(one_time_path(operator))
    answer = client.post(form.headers["Location"], {"new_password1": "short", "new_password2": "short"})
    assert "at least 12 characters" in answer.content.decode()
