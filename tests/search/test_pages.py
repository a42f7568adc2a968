"""The page and endpoint of search, and the palette: what they show, to whom, and what they do with hostile words."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from governance.search.kinds import Entry
from governance.services.indexing import write
from orchestration.engine import publish as messages
from orchestration.models import Membership, Team
from portal.models import User
from tests.engine.harness import begin, publish
from tests.people import person, token_for
from tests.search.corpus import BY_HAND, around

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Client]
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def viewer(sign_in: SignIn) -> Client:
    return sign_in("viewer")


@pytest.fixture
def company(db: None) -> None:
    write([*BY_HAND, *around(80)])


def test_a_question_shows_its_best_answer_first_with_its_words_marked(viewer: Client, company: None):
    html = viewer.get("/search/?q=payment").content.decode()
    assert html.index("/dependencies/payments/") < html.index("/runbooks/payments-slow/")
    assert "<mark>Payments</mark> are slow" in html


def test_a_title_and_a_text_are_shown_as_text(viewer: Client):
    write(
        [
            Entry(
                "runbook",
                "x",
                "<img src=x onerror=alert(1)> trams",
                NOW,
                body="<script>alert(2)</script> trams & rails",
            )
        ]
    )
    html = viewer.get("/search/?q=trams").content.decode()
    assert "<img src=x" not in html
    assert "<script>alert" not in html
    assert "&lt;img src=x onerror=alert(1)&gt; <mark>trams</mark>" in html
    for field in ("q", "kind", "team", "status"):
        answer = viewer.get("/search/", {"q": "trams", field: '"><script>alert(3)</script>'})
        assert answer.status_code == 200
        assert "<script>alert(3)" not in answer.content.decode()


def test_filters_stay_in_the_address_and_each_can_be_taken_off(viewer: Client, company: None):
    answer = viewer.get("/search/?q=order&kind=decision")
    assert {row.hit.kind for row in answer.context["rows"]} == {"decision"}
    kinds = next(facet for facet in answer.context["facets"] if facet.word == "Kind")
    chosen = next(choice for choice in kinds.choices if choice.chosen)
    assert (chosen.word, chosen.query) == ("Decision", "q=order")
    assert any(choice.query == "q=order&kind=runbook" for choice in kinds.choices)


def test_pages_go_on_and_end(viewer: Client, company: None):
    first = viewer.get("/search/?q=order")
    assert first.context["next_url"] == "?q=order&page=2"
    second = viewer.get("/search/" + first.context["next_url"])
    shown = [row.hit.key for answer in (first, second) for row in answer.context["rows"]]
    assert len(set(shown)) == len(shown) > 20
    for page in ("0", "-1", "x", "99999999999", "26"):
        assert viewer.get("/search/", {"q": "order", "page": page}).status_code == 200


def test_an_empty_field_explains_itself_and_an_empty_answer_helps_on(viewer: Client, company: None):
    assert "the beginning of a name" in viewer.get("/search/").content.decode()
    assert "customer onboarding</a>?" in viewer.get("/search/?q=custmer-onboardng").content.decode()
    assert "Nothing found" in viewer.get("/search/?q=qqqqqq").content.decode()
    assert "Take a filter off" in viewer.get("/search/?q=saga&kind=alert").content.decode()
    assert viewer.get("/search/?q=&kind=").headers["Location"] == "/search/"


def test_the_id_of_a_run_opens_it(viewer: Client, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(messages, "send", len)
    run = begin(publish({"a": {"value": 1}}))
    assert viewer.get(f"/search/?q={run.pk}").headers["Location"] == f"/runs/{run.pk}/"
    assert viewer.get("/search/?q=00000000-0000-0000-0000-000000000000").status_code == 200
    assert str(run.pk) in viewer.get(f"/palette/?q={run.pk}").content.decode()


def test_what_is_restricted_is_found_by_its_team_and_by_admins_alone(sign_in: SignIn, team: Team):
    write([Entry("runbook", "secret", "Heliotrope review", NOW, team="checkout", restricted=True)])
    seen = {
        role: "Heliotrope" in sign_in(role).get("/search/?q=heliotrope").content.decode()
        for role in ("viewer", "stranger", "admin")
    }
    assert seen == {"viewer": True, "stranger": False, "admin": True}
    assert "Heliotrope" not in sign_in("stranger").get("/palette/?q=heliotrope").content.decode()


def test_a_token_for_one_team_finds_what_is_restricted_to_that_team_alone(team: Team):
    other = Team.objects.create(name="finance")
    user = person("viewer", team)
    Membership.objects.create(user=user, team=other, role="viewer")
    write([
        Entry("runbook", "a", "Heliotrope one", NOW, team="checkout", restricted=True),
        Entry("runbook", "b", "Heliotrope two", NOW, team="finance", restricted=True),
    ])  # fmt: skip
    for given, keys in ((None, {"a", "b"}), (other, {"b"})):
        headers = {"Authorization": f"Bearer {token_for(user, team=given)}"}
        found = Client().get("/api/v1/search?q=heliotrope", headers=headers).json()
        assert {item["key"] for item in found["items"]} == keys
        assert found["total"] == len(keys)


def test_the_endpoint_says_what_there_is_and_goes_on(company: None, team: Team):
    headers = {"Authorization": f"Bearer {token_for(person('viewer', team))}"}

    def ask(**query: Any) -> Any:
        return Client().get("/api/v1/search", query, headers=headers)

    first = ask(q="ADR 12", limit=1).json()
    assert (first["items"][0]["kind"], first["items"][0]["key"], first["items"][0]["url"]) == (
        "decision",
        "12",
        "/decisions/12/",
    )
    many = ask(q="order", limit=5).json()
    assert {one["value"] for one in many["facets"]["kind"]} >= {"workflow", "decision"}
    following = ask(q="order", limit=5, cursor=many["next"]).json()
    assert not {item["key"] for item in many["items"]} & {item["key"] for item in following["items"]}
    for wrong in ({}, {"q": ""}, {"q": "x" * 401}, {"q": "x", "cursor": "-1"}, {"q": "x", "nonsense": "1"}):
        assert ask(**wrong).status_code in {400, 422}, wrong


def test_the_palette_offers_pages_objects_and_what_the_reader_may_do(sign_in: SignIn, team: Team, company: None):
    publish({"a": {"value": 1}}, name="orders")
    offered = {
        role: sign_in(role).get("/palette/?q=new").content.decode() for role in ("viewer", "maintainer", "admin")
    }
    assert "New decision" not in offered["viewer"]
    assert "New decision" in offered["maintainer"]
    assert "New team" not in offered["maintainer"]
    assert "New team" in offered["admin"]
    assert "Start orders" in sign_in("operator").get("/palette/?q=start+ord").content.decode()
    assert "Start orders" not in sign_in("viewer").get("/palette/?q=start+ord").content.decode()
    found = sign_in("viewer").get("/palette/?q=adr+12").content.decode()
    assert 'data-href="/decisions/12/"' in found
    assert "Everything" in found, "the way to the whole search"
    assert 'data-does="theme:dark"' in sign_in("viewer").get("/palette/?q=dark").content.decode()


def test_every_page_that_the_palette_offers_opens(sign_in: SignIn):
    admin = sign_in("admin")
    links = re.findall(r'data-href="([^"]+)"', admin.get("/palette/").content.decode())
    assert len(links) > 15
    assert {link: admin.get(link).status_code for link in links} == dict.fromkeys(links, 200)


@pytest.mark.parametrize("text", ["<script>", '"', "'", "\x00", "x" * 10_000, "🦉", "%", "\\"])
def test_no_words_break_the_page_the_palette_or_the_endpoint(viewer: Client, text: str):
    for path in ("/search/", "/palette/"):
        answer = viewer.get(path, {"q": text})
        assert answer.status_code == 200
        assert "<script>" not in answer.content.decode().replace('<script type="module"', "").replace("<script src", "")
    assert viewer.get("/api/v1/search", {"q": text}).status_code in {200, 400}


def test_a_page_costs_a_fixed_number_of_queries(viewer: Client, company: None, django_assert_max_num_queries: Any):
    with django_assert_max_num_queries(15):
        viewer.get("/search/?q=order")
    assert User.objects.count() == 1
