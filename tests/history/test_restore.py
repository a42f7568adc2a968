"""Restoring a revision: the old state as a new revision with an audit entry, by who may edit, and never over unseen work."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from governance.models import AuditEntry, Runbook
from orchestration.models import Team
from portal.history.reading import subject_of, values_of
from portal.history.registry import KINDS, kind_of
from portal.models import User
from tests.history.objects import make
from tests.history.restorable import RESTORABLE, form, ids, place
from tests.history.test_history import words
from tests.people import person, token_for

pytestmark = pytest.mark.django_db


def test_the_table_of_this_test_has_every_restorable_kind(world):
    assert sorted(world) == RESTORABLE


@pytest.mark.parametrize("slug", RESTORABLE)
def test_restoring_gives_the_old_state_as_a_new_revision_with_an_audit_entry(slug: str, world, admin: Client):
    made, kind = world[slug], kind_of(slug)
    before, told = ids(made), AuditEntry.objects.count()
    old = values_of(kind, made.history.get(history_id=before[0]))
    asked = admin.get(f"{place(slug, made)}?revision={before[0]}")
    assert "What restoring changes" in words(asked)
    assert asked.context["deltas"] or asked.context["longs"]
    answer = admin.post(place(slug, made), form(made))
    assert answer.status_code == 302, words(answer)
    after = subject_of(kind, made.pk)
    assert values_of(kind, after.current) | {"source": ""} == old | {"source": ""}
    newest = after.last
    assert ids(made)[:-1] == before
    assert (newest.history_user.username, newest.history_change_reason) == ("boss", "the old way was better")
    assert AuditEntry.objects.count() >= told + 1
    entry = AuditEntry.objects.filter(object_kind=kind.noun).latest("sequence")
    assert (entry.actor, entry.action, entry.reason) == ("boss", "changed", "the old way was better")


@pytest.mark.parametrize("slug", RESTORABLE)
def test_who_may_not_edit_may_not_restore(slug: str, world, sign_in):
    made = world[slug]
    before = ids(made)
    viewer = sign_in("viewer")
    assert viewer.get(f"{place(slug, made)}?revision={before[0]}").status_code == 403
    assert viewer.post(place(slug, made), form(made)).status_code == 403
    assert f"{place(slug, made)}?revision=" not in viewer.get(kind_of(slug).url(made)).content.decode()
    assert Client().post(place(slug, made), form(made)).status_code == 302
    assert ids(made) == before


@pytest.mark.parametrize("slug", RESTORABLE)
def test_of_two_people_at_once_the_second_is_told(slug: str, world, admin: Client):
    made = world[slug]
    stale = form(made, "mine comes <second>")
    assert admin.post(place(slug, made), form(made)).status_code == 302
    now = ids(made)
    answer = admin.post(place(slug, made), stale)
    assert answer.status_code == 409
    assert "was changed meanwhile" in words(answer)
    assert "mine comes &lt;second&gt;" in answer.content.decode(), "the reason is kept"
    assert f'name="seen" value="{now[-1]}"' in answer.content.decode(), "looked at again, it can be restored"
    assert ids(made) == now


@pytest.mark.parametrize("slug", sorted(set(KINDS) - set(RESTORABLE)))
def test_what_is_never_restored_says_so(slug: str, team: Team, admin: Client):
    made = make(slug, team, User.objects.get(username="boss"))
    answer = admin.post(place(slug, made), form(made))
    assert answer.status_code == 409
    assert kind_of(slug).fixed in answer.content.decode().replace("&#x27;", "'")
    assert len(ids(made)) == 1


def test_a_restore_needs_a_reason(world, admin: Client):
    made = world["dependency"]
    answer = admin.post(place("dependency", made), form(made, " "))
    assert answer.status_code == 422
    assert "Say why" in words(answer)


def test_what_is_as_it_was_is_not_restored_again(world, admin: Client):
    made = world["dependency"]
    newest = ids(made)[-1]
    answer = admin.post(place("dependency", made), {"revision": newest, "seen": newest, "reason": "again"})
    assert (answer.status_code, ids(made)[-1]) == (409, newest)
    assert "nothing to restore" in words(answer)


def test_the_api_restores_with_the_tokens_verbs_and_refuses_as_the_page(world, team: Team):
    made = world["dependency"]
    user = person("maintainer", team)
    path = f"/api/v1{kind_of('dependency').url(made).rstrip('/')}"

    def call(verbs: list[str], body: dict[str, Any]) -> Any:
        headers = {"Authorization": f"Bearer {token_for(user, verbs=verbs)}"}
        return Client().post(f"{path}/restore", body, "application/json", headers=headers)

    first, seen = ids(made)[0], ids(made)[-1]
    body = {"id": first, "seen": seen, "reason": "by a script"}
    assert call(["operate"], body).status_code == 403
    done = call(["maintain"], body)
    assert done.status_code == 200, done.content
    said = done.json()
    assert (said["by"], said["via"], said["reason"], said["action"]) == (
        user.username, "token test", "by a script", "changed",
    )  # fmt: skip
    assert said["id"] == ids(made)[-1]
    assert {one["field"] for one in said["changes"]} == {"document"}
    assert said["changes"][0]["after"]["spec"]["base_url"] == "http://a.example/"
    assert call(["maintain"], body).status_code == 409
    assert call(["maintain"], {"id": first}).status_code == 400
    assert call(["maintain"], body | {"seen": ids(made)[-1], "id": 2**40}).status_code == 404
    headers = {"Authorization": f"Bearer {token_for(user, verbs=[])}"}
    listed = Client().get(f"{path}?limit=1", headers=headers).json()
    assert [one["id"] for one in listed["items"]] == [ids(made)[-1]]
    assert Client().get(f"{path}?limit=1&cursor={listed['next']}", headers=headers).json()["items"][0]["id"] == seen


def test_runbooks_are_elsewhere(team: Team, sign_in):
    assert Runbook.objects.count() == 0
    assert sign_in("viewer").get("/history/runbook/stuck/").status_code == 404
