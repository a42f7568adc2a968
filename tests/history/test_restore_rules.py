"""What a restore refuses is what an edit by hand refuses, in its words; and what was written comes back to the letter."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.test import Client

from orchestration.models import Dependency, RetryPolicy, Team
from orchestration.services.governed import delete, save
from orchestration.services.objectives import retire
from portal.models import SavedView, User
from portal.services.teams import describe_team
from tests.history.objects import make
from tests.history.restorable import edited, form, ids, objective, place, send
from tests.history.test_history import words

pytestmark = pytest.mark.django_db


def test_a_rule_of_today_refuses_what_it_would_refuse_of_an_edit(team: Team, admin: Client):
    send("RetryPolicy", {"maximum_attempts": 3})
    send("Dependency", {"retry": "thing"})
    send("Dependency", {})
    delete(RetryPolicy.objects.get(), actor=None, reason="gone")
    made = Dependency.objects.get()
    answer = admin.post(place("dependency", made), form(made, "the shared one"))
    assert answer.status_code == 422
    for said in ("Retry: no RetryPolicy", "the shared one"):
        assert said in words(answer).replace("&#x27;", "'"), words(answer)


def test_a_team_that_is_no_more_is_named(team: Team, admin: Client):
    found = objective(Team.objects.create(name="gone"))
    edited(found, owner=team)
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
    edited(found, target=Decimal("0.9"))
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
    delete(view, actor=None, reason="nobody opens it")
    User.objects.get(username="boss")
    assert admin.post(path, sent).status_code == 409


def test_a_revision_of_another_object_is_none_of_this(world, admin: Client):
    other = Dependency.objects.create(name="other", owner=Team.objects.get(name="checkout"), content_hash="0")
    sent = form(world["dependency"]) | {"revision": ids(other)[0]}
    assert admin.post(place("dependency", world["dependency"]), sent).status_code == 404


@pytest.mark.parametrize("odd", ["\x7f", "\x85", "\x9f", "\u2028", "\ufeff", "\uffff", "🚒"])
def test_whatever_character_a_manifest_had_comes_back_as_it_was(team: Team, admin: Client, odd: str):
    mode = {"mode": "down", "effect": f"some {odd} words", "response": "wait"}
    escaped = "" if len(odd.encode("utf-16-le")) > 2 else f"\\u{ord(odd):04x}"
    send("Dependency", {"failure_modes": [mode]}, escape=(odd, escaped or odd))
    send("Dependency", {})
    made = Dependency.objects.get()
    answer = admin.post(place("dependency", made), form(made))
    assert answer.status_code == 302, words(answer)
    assert Dependency.objects.get().spec["failure_modes"][0]["effect"] == f"some {odd} words"
