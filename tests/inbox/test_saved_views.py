"""Saved views: kept by name for oneself or a team, bounded, opened by their address, changed by whom it is theirs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from orchestration.errors import InvalidInput
from orchestration.models import Team
from portal.models import SavedView
from portal.services import saved_views as service
from portal.services.saved_views import PAGES, settled
from tests.people import person

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Client]


def save(client: Client, name: str = "Failed", page: str = "runs", query: str = "result=failed", **more: str) -> Any:
    return client.post("/views/new/", {"page": page, "query": query, "name": name, **more})


def chips(client: Client, path: str = "/runs/") -> str:
    html = client.get(path, follow=True).content.decode()
    start = html.find('class="views"')
    return html[start : html.find("</div>", start)] if start > 0 else ""


def test_a_view_is_a_chip_above_its_list_that_opens_its_filters(sign_in: SignIn):
    client = sign_in("operator")
    assert "Save this view" not in chips(client), "nothing is filtered"
    assert "Save this view" in chips(client, "/runs/?result=failed")
    assert save(client).headers["Location"] == "/runs/?result=failed"
    assert 'href="/runs/?result=failed"' in chips(client)
    open_one = chips(client, "/runs/?result=failed")
    assert 'aria-current="true"' in open_one
    assert "Save this view" not in open_one
    assert "Failed" not in chips(client, "/workflows/?q=x")


@pytest.mark.parametrize("page", PAGES)
def test_every_list_can_be_saved(page: str, sign_in: SignIn):
    from django.urls import reverse

    client, names = (
        sign_in("admin"),
        {"search": "q=trams", "audit": "actor=ana", "changes": "state=open", "alerts": "state=open"},
    )
    query = names.get(
        page, "team=checkout" if page in {"workflows", "dependencies", "objectives", "runs"} else "owner=checkout"
    )
    path = f"{reverse(page)}?{query}"
    assert "Save this view" in chips(client, path)
    save(client, page=page, query=query)
    assert "Failed" in chips(client, path)


def test_ones_own_view_is_nobody_elses_and_a_teams_is_its_peoples(sign_in: SignIn):
    mine, colleague, stranger = sign_in("operator"), sign_in("viewer"), sign_in("stranger")
    save(mine, "Mine")
    save(mine, "Ours", query="result=succeeded", team="checkout")
    assert "Mine" in chips(mine)
    assert "Mine" not in chips(colleague)
    assert "Ours" in chips(colleague)
    assert "Ours" not in chips(stranger)
    own, ours = SavedView.objects.get(name="Mine"), SavedView.objects.get(name="Ours")
    assert colleague.post(f"/views/{own.pk}/delete/").status_code == 404
    assert colleague.get(f"/views/{own.pk}/edit/").status_code == 404
    assert colleague.post(f"/views/{ours.pk}/delete/").status_code == 403
    assert save(colleague, "Theirs", team="checkout").status_code == 403
    assert save(mine, "Foreign", team="elsewhere").status_code == 422
    assert SavedView.objects.count() == 2


def test_a_view_is_renamed_and_deleted_with_its_history_kept(sign_in: SignIn):
    client = sign_in("operator")
    save(client)
    view = SavedView.objects.get()
    client.post(f"/views/{view.pk}/edit/", {"name": "  Broken   today "})
    view.refresh_from_db()
    assert view.name == "Broken today"
    assert client.post(f"/views/{view.pk}/delete/").headers["Location"] == "/runs/"
    assert not SavedView.objects.exists()
    assert list(SavedView.history.values_list("history_type", flat=True)) == ["-", "~", "+"]


def test_a_name_that_is_taken_is_refused_and_what_was_typed_stays(sign_in: SignIn):
    client = sign_in("operator")
    save(client)
    answer = save(client, query="result=succeeded")
    assert answer.status_code == 422
    html = answer.content.decode()
    assert "choose another name" in html
    assert 'value="result=succeeded"' in html
    assert save(client, page="workflows", query="q=x").status_code == 302, "another list has names of its own"


def test_there_are_no_more_than_somebody_can_look_at(sign_in: SignIn, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(service, "MOST_OWN", 2)
    client = sign_in("operator")
    assert [save(client, f"V{number}").status_code for number in range(3)] == [302, 302, 422]
    assert save(client, "Ours", team="checkout").status_code == 302


def test_the_place_in_a_list_and_empty_filters_are_no_part_of_a_view():
    assert settled("?result=failed&cursor=abc&page=3&workflow=&live=1&q=%C3%BC") == "result=failed&q=%C3%BC"
    for query in ("q=" + "x" * 2_000, "&".join(f"a{number}=1" for number in range(40))):
        with pytest.raises(InvalidInput):
            settled(query)


@pytest.mark.parametrize(
    "query", ["javascript:alert(1)", "//evil.example", '"><script>x</script>=1', "q=\x00", "q=%00%ff", "q=%ED%A0%80"]
)
def test_a_hostile_query_opens_nothing_but_the_list(sign_in: SignIn, query: str):
    client = sign_in("operator")
    assert save(client, query=query).status_code in {302, 422}
    for view in SavedView.objects.all():
        assert "<script>" not in chips(client)
        assert client.get(f"/runs/?{view.query}", follow=True).status_code < 500
    assert client.get("/runs/", {"q": query}).status_code < 500


@pytest.mark.parametrize("body", [{"page": "made-up"}, {"page": ""}, {"page": "admin-users"}])
def test_what_is_no_list_can_not_be_saved(sign_in: SignIn, body: dict[str, str]):
    assert save(sign_in("admin"), **body).status_code == 404
    assert sign_in("admin").get("/views/new/").status_code == 404


def test_names_that_say_nothing_are_refused(sign_in: SignIn):
    for name in ("", "   ", "x" * 61):
        assert save(sign_in("operator"), name).status_code == 422


def test_a_team_view_stays_when_its_maker_leaves_the_team(sign_in: SignIn, team: Team):
    maker = person("operator", team)
    client = Client()
    client.force_login(maker)
    save(client, "Ours", team="checkout")
    maker.memberships.all()[0].delete()
    assert "Ours" in chips(sign_in("viewer"))
