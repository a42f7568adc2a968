"""Users and teams: who may, what is refused, and what the history keeps."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from orchestration.errors import Conflict
from orchestration.models import Membership, Team
from portal.models import User
from portal.services import users
from portal.services.tokens import create_token
from tests.web_people.conftest import PASSWORD

pytestmark = pytest.mark.django_db
WHY = {"reason": "because a test says so"}


def pages(user: User, team: Team, membership: Membership, token_id: int) -> list[str]:
    actions = ["deactivate", "reactivate", "reset", "make-admin", "unmake-admin"]
    return [
        "/admin/users/", "/admin/new-user/", f"/admin/users/{user.pk}/", f"/admin/users/{user.pk}/roles/new/",
        *(f"/admin/users/{user.pk}/{action}/" for action in actions), f"/admin/roles/{membership.pk}/remove/",
        f"/admin/tokens/{token_id}/revoke/", "/admin/teams/", "/admin/new-team/", f"/admin/teams/{team.name}/",
        f"/admin/teams/{team.name}/edit/", f"/admin/teams/{team.name}/members/new/",
    ]  # fmt: skip


@pytest.mark.parametrize("role", ["viewer", "operator", "maintainer", "approver"])
def test_no_role_but_admin_opens_or_posts_to_an_admin_page(
    role: str, operator: User, person: Any, signed_in: Any, teams: Any
):
    token, _ = create_token(owner=operator, name="x", verbs=[], expires_in_days=1)
    client = signed_in(person("somebody", f"{role}@checkout", f"{role}@payments"))
    for url in pages(operator, teams["checkout"], operator.memberships.get(), token.pk):
        assert client.get(url).status_code == 403, url
        assert (
            client.post(
                url, {**WHY, "name": "x", "username": "x", "role": "viewer", "team": "checkout", "user": "x"}
            ).status_code
            == 403
        ), url
    operator.refresh_from_db()
    assert operator.is_active
    assert operator.memberships.count() == 1
    assert Team.objects.count() == 2


def test_an_admin_opens_every_page_and_a_stranger_none(
    admin: User, operator: User, signed_in: Any, teams: Any, client: Any
):
    token, _ = create_token(owner=operator, name="x", verbs=[], expires_in_days=1)
    for url in pages(operator, teams["checkout"], operator.memberships.get(), token.pk):
        assert signed_in(admin).get(url).status_code == 200, url
        assert client.get(url).status_code == 302, url


def test_an_invited_person_gets_in_by_the_link_and_may_do_nothing_yet(admin: User, signed_in: Any, client: Any):
    answer = signed_in(admin).post("/admin/new-user/", {**WHY, "username": "new-one", "name": "New one", "email": ""})
    user = User.objects.get(username="new-one")
    assert not user.has_usable_password()
    assert not user.is_superuser
    assert user.history.first().history_user == admin
    link = answer.content.decode().split('<code id="secret">')[1].split("<")[0]
    form = client.get(link)
    client.post(form.headers["Location"], {"new_password1": PASSWORD, "new_password2": PASSWORD})
    assert client.login(username="new-one", password=PASSWORD)


@pytest.mark.parametrize("name", ["The-Operator", "with space", "a\x00b", "", "x" * 151])
def test_a_sign_in_name_that_is_taken_or_odd_is_refused_and_kept_in_the_form(
    name: str, admin: User, operator: User, signed_in: Any
):
    answer = signed_in(admin).post("/admin/new-user/", {**WHY, "username": name})
    assert answer.status_code == 422
    assert 'href="#id_username"' in answer.content.decode()
    assert WHY["reason"] in answer.content.decode()
    assert User.objects.count() == 2


def test_deactivation_ends_sessions_and_tokens_for_good(admin: User, operator: User, signed_in: Any):
    token, _secret = create_token(owner=operator, name="x", verbs=["operate"], expires_in_days=9)
    session = signed_in(operator)
    signed_in(admin).post(f"/admin/users/{operator.pk}/deactivate/", WHY)
    assert session.get("/account/").status_code == 302
    token.refresh_from_db()
    assert not token.is_live
    assert token.history.first().history_user == admin
    signed_in(admin).post(f"/admin/users/{operator.pk}/reactivate/", WHY)
    assert session.get("/account/").status_code == 302
    assert not Client().login(username=operator.username, password=PASSWORD)


def test_nobody_deactivates_oneself(admin: User, person: Any, signed_in: Any):
    person("second", admin=True)
    answer = signed_in(admin).post(f"/admin/users/{admin.pk}/deactivate/", WHY)
    assert answer.status_code == 422
    assert "deactivate yourself" in answer.content.decode()


def test_the_last_admin_stays(admin: User, person: Any):
    second = person("second", admin=True)
    users.unmake_admin(user=second, actor=admin, reason="x")
    with pytest.raises(Conflict, match="last admin"):
        users.unmake_admin(user=admin, actor=admin, reason="x")
    with pytest.raises(Conflict, match="last admin"):
        users.deactivate_user(user=admin, actor=second, reason="x")
    assert User.objects.filter(is_superuser=True, is_active=True).count() == 1


def test_a_deactivated_admin_does_not_count_as_one(admin: User, person: Any):
    users.deactivate_user(user=person("second", admin=True), actor=admin, reason="x")
    with pytest.raises(Conflict, match="last admin"):
        users.unmake_admin(user=admin, actor=None, reason="x")


def test_a_reset_makes_the_earlier_link_worthless(admin: User, operator: User, signed_in: Any, client: Any):
    old = users.one_time_path(operator)
    answer = signed_in(admin).post(f"/admin/users/{operator.pk}/reset/", WHY)
    assert "/account/set-password/" in answer.content.decode()
    assert "does not work any more" in client.get(old, follow=True).content.decode()
    assert not client.login(username=operator.username, password=PASSWORD)


def test_roles_come_and_go_with_their_reasons_and_the_history_stays(admin: User, operator: User, signed_in: Any):
    client = signed_in(admin)
    client.post(
        f"/admin/users/{operator.pk}/roles/new/", {"team": "payments", "role": "approver", "reason": "covers the night"}
    )
    held = Membership.objects.get(user=operator, role="approver")
    again = client.post(
        f"/admin/users/{operator.pk}/roles/new/", {"team": "payments", "role": "approver", "reason": "x"}
    )
    assert again.status_code == 422
    assert "already" in again.content.decode()
    client.post(f"/admin/roles/{held.pk}/remove/", {"reason": "night is over"})
    assert not Membership.objects.filter(user=operator, role="approver").exists()
    page = client.get(f"/admin/users/{operator.pk}/").content.decode()
    assert "Taken away: approver of payments" in page
    assert "night is over" in page
    assert "covers the night" in page


def test_an_admin_may_take_a_role_and_the_history_names_them(admin: User, signed_in: Any, teams: Any):
    signed_in(admin).post(
        "/admin/teams/checkout/members/new/", {"user": admin.username, "role": "approver", "reason": "reviews now"}
    )
    row = Membership.history.get(user=admin)
    assert (row.history_user, row.history_change_reason, row.role) == (admin, "reviews now", "approver")


def test_a_deactivated_person_gets_no_role(admin: User, operator: User, signed_in: Any):
    users.deactivate_user(user=operator, actor=admin, reason="x")
    answer = signed_in(admin).post(
        "/admin/teams/payments/members/new/", {"user": operator.username, "role": "viewer", "reason": "x"}
    )
    assert answer.status_code == 422
    assert "deactivated" in answer.content.decode()


def test_a_sign_in_leaves_no_line_in_the_history_shown(admin: User, operator: User, signed_in: Any):
    client = signed_in(admin)
    before = client.get(f"/admin/users/{operator.pk}/").content.decode().count("<tr>")
    assert Client().login(username=operator.username, password=PASSWORD)
    assert client.get(f"/admin/users/{operator.pk}/").content.decode().count("<tr>") == before


@pytest.mark.parametrize("name", ["Upper", "checkout", "-x", "a b", ""])
def test_a_team_name_that_manifests_could_not_say_is_refused(name: str, admin: User, signed_in: Any, teams: Any):
    answer = signed_in(admin).post("/admin/new-team/", {**WHY, "name": name, "description": "kept"})
    assert answer.status_code == 422
    assert "kept" in answer.content.decode()
    assert Team.objects.count() == 2


def test_a_description_edited_by_hand_is_seen_by_the_next_apply(admin: User, signed_in: Any):
    from orchestration.services.manifests import Document, Signature, apply

    manifest = "apiVersion: plumbline/v1\nkind: Team\nmetadata: {name: fraud, description: Old}\nspec: {}\n"
    apply([Document(manifest, "t.yaml")], Signature(None, "x"))
    signed_in(admin).post("/admin/teams/fraud/edit/", {"description": "By hand", **WHY})
    assert Team.objects.get(name="fraud").description == "By hand"
    (change,) = apply([Document(manifest, "t.yaml")], Signature(None, "x"))
    assert change.action == "update"
    assert change.differences
    assert Team.objects.get(name="fraud").description == "Old"


def test_the_list_of_users_filters_and_has_a_fixed_number_of_queries(
    admin: User, person: Any, signed_in: Any, django_assert_num_queries: Any
):
    for number in range(5):
        person(f"u{number}", "viewer@checkout", "operator@payments")
    client = signed_in(admin)
    with django_assert_num_queries(4):
        page = client.get("/admin/users/?q=u3").content.decode()
    assert ">u3</a>" in page
    assert ">u2</a>" not in page
    assert "Nobody fits the filter" in client.get("/admin/users/?state=deactivated").content.decode()
    with django_assert_num_queries(4):
        client.get("/admin/users/")


@pytest.mark.parametrize(
    "url",
    [
        "/admin/users/999999/",
        "/admin/users/99999999999999999999999/",
        "/admin/teams/nope/",
        "/admin/roles/9/remove/",
        "/admin/tokens/9/revoke/",
    ],
)
def test_what_is_not_there_is_a_404_page_with_words(url: str, admin: User, signed_in: Any):
    answer = signed_in(admin).get(url)
    assert answer.status_code == 404
    assert "This is not here" in answer.content.decode()
