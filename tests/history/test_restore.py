"""Restoring a revision: the old state as a new revision with an audit entry, by the rules of an edit, and never over unseen work."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from django.test import Client

from governance.models import AuditEntry, GatePolicy, Runbook
from orchestration.models import Dependency, Objective, RetryPolicy, Team
from orchestration.services.governed import save
from orchestration.services.manifests import Document, Signature, apply
from orchestration.services.objectives import Wanted, change, create, retire
from portal.history.reading import subject_of, values_of
from portal.history.registry import KINDS, kind_of
from portal.models import SavedView, User
from portal.services.teams import describe_team
from tests.engine.harness import publish
from tests.history.objects import make
from tests.history.test_history import words
from tests.people import person, token_for

pytestmark = pytest.mark.django_db
RESTORABLE = sorted(kind.slug for kind in KINDS.values() if kind.restorer is not None)
MANIFESTS: dict[str, tuple[str, dict[str, Any], dict[str, Any], type]] = {
    "dependency": (
        "Dependency", {"base_url": "http://a.example/", "failure_modes": [
            {"mode": "1e3", "effect": "yes: 0o17 # ünsafe", "response": "“wait”\nand see"}]},
        {"base_url": "http://b.example/", "timeout": {"start_to_close": "5s"}}, Dependency,
    ),
    "retry-policy": ("RetryPolicy", {"maximum_attempts": 3}, {"maximum_attempts": 5}, RetryPolicy),
    "gate-policy": ("GatePolicy", {"review": "always"}, {"approvals": 2}, GatePolicy),
    "team": ("Team", {"channels": [{"webhook": "https://hooks.example/a", "secret": "team-hooks"}]}, {}, Team),
}  # fmt: skip


def send(kind: str, spec: dict[str, Any], owner: str = "checkout", **metadata: Any) -> None:
    owned = {"owner": owner} if kind in ("Dependency", "RetryPolicy") else {}
    body = {
        "apiVersion": "plumbline/v1",
        "kind": kind,
        "metadata": {"name": "thing", **owned, **metadata},
        "spec": spec,
    }
    apply([Document(json.dumps(body), "m.yaml")], Signature(None, "as it came"))


def objective(team: Team, **fields: Any) -> Objective:
    publish({"a": {"value": 1}})
    wanted = {
        "name": "demo.success",
        "owner": team,
        "workflow": "demo",
        "indicator": "success",
        "page": False,
        **fields,
    }
    return create(wanted=Wanted(**{"target": "0.99", **wanted} | {"target": _share("0.99")}), actor=None, reason="new")


def _share(text: str) -> Any:
    from decimal import Decimal

    return Decimal(text)


def edited(found: Objective, **changes: Any) -> None:
    values = {name: getattr(found, name) for name in Wanted.__dataclass_fields__}
    change(objective=found, wanted=Wanted(**values | changes), actor=None, reason="an edit")


@pytest.fixture
def world(team: Team) -> dict[str, Any]:
    """Of each restorable kind one object with two revisions."""
    found: dict[str, Any] = {}
    for slug, (kind, old, new, model) in MANIFESTS.items():
        send(kind, old)
        send(kind, new, description="newer")
        found[slug] = model.objects.get(name="thing")
    found["objective"] = objective(team)
    edited(found["objective"], target=_share("0.9"), window_days=7, description="newer")
    found["action"] = make("action", team, None)
    found["action"].text, found["action"].due = "Do more", date(2099, 1, 2)
    save(found["action"], actor=None, reason="more")
    found["saved-view"] = make("saved-view", team, User.objects.create(username="owner"))
    found["saved-view"].name = "Theirs"
    save(found["saved-view"], actor=None, reason="renamed")
    return found


def ids(made: Any) -> list[int]:
    return list(made.history.order_by("history_id").values_list("history_id", flat=True))


def place(slug: str, made: Any) -> str:
    return f"{kind_of(slug).url(made)}restore/"


def form(made: Any, reason: str = "the old way was better") -> dict[str, Any]:
    return {"revision": ids(made)[0], "seen": ids(made)[-1], "reason": reason}


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(User.objects.create(username="boss", is_superuser=True))
    return client


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


def test_a_rule_of_today_refuses_what_it_would_refuse_of_an_edit(team: Team, admin: Client):
    send("RetryPolicy", {"maximum_attempts": 3})
    send("Dependency", {"retry": "thing"})
    send("Dependency", {})
    from orchestration.services.governed import delete

    delete(RetryPolicy.objects.get(), actor=None, reason="gone")
    made = Dependency.objects.get()
    answer = admin.post(place("dependency", made), form(made, "the shared one"))
    assert answer.status_code == 422
    for said in ("Retry: no RetryPolicy", "the shared one"):
        assert said in words(answer).replace("&#x27;", "'"), words(answer)


def test_a_team_that_is_no_more_is_named(team: Team, admin: Client):
    found = objective(Team.objects.create(name="gone"))
    edited(found, owner=team)
    from orchestration.services.governed import delete

    delete(Team.objects.get(name="gone"), actor=None, reason="dissolved")
    answer = admin.post(place("objective", found), form(found))
    assert answer.status_code == 409
    assert "is no more" in words(answer)


def test_giving_it_back_takes_the_maintainer_of_both_teams(team: Team, sign_in):
    other = Team.objects.create(name="payments")
    send("Dependency", {}, owner="payments")
    send("Dependency", {"timeout": {"start_to_close": "4s"}})
    made = Dependency.objects.get()
    assert sign_in("maintainer").post(place("dependency", made), form(made)).status_code == 403
    assert Dependency.objects.get().owner == team != other


def test_what_a_manifest_says_of_an_objective_is_changed_there(team: Team, admin: Client):
    found = objective(team)
    edited(found, target=_share("0.9"))
    found.refresh_from_db()
    found.source = "manifest"
    save(found, actor=None, reason="declared")
    answer = admin.post(place("objective", found), form(found))
    assert answer.status_code == 409
    assert "which says its target" in words(answer)


def test_a_retired_objective_stays_retired(team: Team, admin: Client):
    found = objective(team)
    edited(found, page_failures=3, page_within=60)
    retire(objective=found, actor=None, reason="over")
    answer = admin.post(place("objective", found), form(found))
    assert (answer.status_code, "is retired; make a new one" in words(answer)) == (409, True)


def test_the_description_of_a_team_that_was_made_by_hand_comes_back(team: Team, admin: Client):
    for text in ("first", "second"):
        describe_team(team=team, description=text, actor=None, reason="by hand")
    before = ids(team)
    answer = admin.post(place("team", team), {"revision": before[1], "seen": before[-1], "reason": "back"})
    assert answer.status_code == 302
    assert Team.objects.get(pk=team.pk).description == "first"


def test_a_team_without_a_manifest_does_not_come_back_over_one_that_has(team: Team, admin: Client):
    send("Team", {}, name="checkout", description="declared")
    answer = admin.post(place("team", team), form(team))
    assert (answer.status_code, "had no manifest then" in words(answer)) == (409, True)


def test_an_action_of_somebody_who_left_asks_for_another(team: Team, admin: Client):
    gone = User.objects.create(username="gone")
    item = make("action", team, None)
    item.person = gone
    save(item, actor=None, reason="theirs")
    item.person = None
    save(item, actor=None, reason="nobody's")
    gone.is_active = False
    gone.save()
    answer = admin.post(place("action", item), {"revision": ids(item)[1], "seen": ids(item)[-1], "reason": "back"})
    assert answer.status_code == 409
    assert "gone, is deactivated" in words(answer), words(answer)


def test_what_was_deleted_is_not_restored(world, admin: Client):
    view: SavedView = world["saved-view"]
    sent = form(view)
    path = place("saved-view", view)
    from orchestration.services.governed import delete

    delete(view, actor=None, reason="nobody opens it")
    User.objects.get(username="boss")
    assert admin.post(path, sent).status_code == 409


def test_a_revision_of_another_object_is_none_of_this(world, admin: Client):
    other = Dependency.objects.create(name="other", owner=Team.objects.get(name="checkout"), content_hash="0")
    sent = form(world["dependency"]) | {"revision": ids(other)[0]}
    assert admin.post(place("dependency", world["dependency"]), sent).status_code == 404


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
