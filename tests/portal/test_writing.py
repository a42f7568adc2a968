"""While somebody writes: drafts come back to their writer alone, images are images, and nothing is taken that is not."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from governance.models import Decision
from governance.services.decisions import create_decision
from orchestration.models import Team
from portal.models import DocumentImage, Draft
from portal.services import drafts, images
from tests.people import person

pytestmark = pytest.mark.django_db

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
PLACE = "/decisions/1/edit/"


@pytest.fixture
def team():
    return Team.objects.create(name="checkout")


@pytest.fixture
def writer(team):
    return person("maintainer", team)


@pytest.fixture
def decision(team, writer):
    return create_decision(
        title="Use a saga",
        body="As it was.",
        status="draft",
        owner=team,
        date=None,
        workflows=[],
        actor=writer,
        reason="x",
    )


def browser(user):
    client = Client()
    client.force_login(user)
    return client


def typed(**fields):
    return {
        "title": "Use a saga", "status": "draft", "owner": "checkout", "date": "2026-01-02", "body": "What I typed.",
        "reason": "", "revision": "1", **fields,
    }  # fmt: skip


def test_what_was_typed_is_offered_again_to_its_writer_alone_and_is_gone_when_it_is_saved(decision, team, writer):
    client = browser(writer)
    assert client.post(f"/writing/draft/?place={PLACE}", typed()).status_code == 200
    assert "You were writing here" in client.get(PLACE).content.decode()
    other = browser(person("maintainer", team))
    assert "You were writing here" not in other.get(PLACE).content.decode()
    page = client.get(f"{PLACE}?draft=1").content.decode()
    assert "What I typed." in page
    assert 'name="revision" value="1"' in page
    assert client.post(PLACE, typed(reason="done")).status_code == 302
    assert Decision.objects.get().body == "What I typed."
    assert not Draft.objects.exists()


def test_a_draft_over_an_older_revision_meets_the_merge_page_and_loses_nothing(decision, team, writer):
    client = browser(writer)
    client.post(f"/writing/draft/?place={PLACE}", typed())
    browser(person("maintainer", team)).post(PLACE, typed(body="Theirs.", reason="meanwhile"))
    assert 'name="revision" value="1"' in client.get(f"{PLACE}?draft=1").content.decode()
    merge = client.post(PLACE, typed(reason="mine"))
    assert merge.status_code == 409
    assert "Theirs." in merge.content.decode()
    assert "What I typed." in merge.content.decode()


def test_a_draft_is_discarded_and_the_way_back_stays_in_the_portal(decision, writer):
    client = browser(writer)
    client.post(f"/writing/draft/?place={PLACE}", typed())
    assert client.post(f"/writing/draft/discard/?place={PLACE}").url == PLACE
    assert not Draft.objects.exists()
    assert client.post("/writing/draft/discard/?place=//elsewhere.example/").url == "/"


@pytest.mark.parametrize(
    ("place", "body"), [("elsewhere", "x"), ("/" + "a" * 200, "x"), ("/a", "x" * 300_000), ("/a", "a\x00b"), ("", "x")]
)
def test_a_draft_that_can_not_be_kept_is_refused_with_words(writer, place: str, body: str):
    answer = browser(writer).post(
        f"/writing/draft/?place={place}", {"body": body}, headers={"accept": "application/json"}
    )
    assert answer.status_code == 422
    assert not Draft.objects.exists()


def test_a_person_keeps_so_many_drafts_and_the_oldest_make_room(writer):
    for number in range(drafts.MOST + 3):
        drafts.keep(user=writer, place=f"/runbooks/r{number}/edit/", fields={"body": ["x"]})
    assert Draft.objects.count() == drafts.MOST
    assert drafts.draft_for(writer, "/runbooks/r0/edit/") is None
    assert drafts.draft_for(writer, f"/runbooks/r{drafts.MOST + 2}/edit/") is not None


def test_an_image_is_stored_once_and_served_as_nothing_but_an_image(writer, team):
    client = browser(writer)
    sent = [client.post("/writing/images/", {"image": SimpleUploadedFile(name, PNG)}) for name in ("a.png", "b.svg")]
    assert [one.status_code for one in sent] == [201, 201]
    assert DocumentImage.objects.count() == 1
    shown = browser(person("viewer", team)).get(sent[0].json()["url"])
    assert (shown.content, shown["Content-Type"]) == (PNG, "image/png")
    assert shown["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in shown["Content-Security-Policy"]
    assert Client().get(sent[0].json()["url"]).status_code == 302


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"<html><script>",
        b"GIF",
        b"RIFFxxxxWAVE",
        b"%PDF-1.4",
    ],
)
def test_what_is_no_image_is_refused_whatever_its_name(writer, content: bytes):
    sent = {"image": SimpleUploadedFile("fine.png", content, content_type="image/png")}
    answer = browser(writer).post("/writing/images/", sent, headers={"accept": "application/json"})
    assert answer.status_code == 422
    assert not DocumentImage.objects.exists()


def test_a_large_image_and_one_too_many_are_refused(writer, monkeypatch):
    client, accept = browser(writer), {"accept": "application/json"}
    large = SimpleUploadedFile("a.png", PNG + b"\0" * images.LARGEST)
    assert client.post("/writing/images/", {"image": large}, headers=accept).status_code == 422
    monkeypatch.setattr(images, "ALL_TOGETHER", 60)
    first, second = (SimpleUploadedFile("a.png", PNG + bytes([number])) for number in range(2))
    assert client.post("/writing/images/", {"image": first}, headers=accept).status_code == 201
    assert client.post("/writing/images/", {"image": second}, headers=accept).status_code == 409


def test_whoever_may_write_no_document_uploads_nothing(team):
    answer = browser(person("viewer", team)).post("/writing/images/", {"image": SimpleUploadedFile("a.png", PNG)})
    assert answer.status_code == 403
