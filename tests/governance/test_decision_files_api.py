"""Decisions in and out by API: JSON or zip in, a zip out, and the page that does the same by hand."""

from __future__ import annotations

import base64
import io
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from governance.models import Decision
from tests.people import person, token_for
from tests.portal.access_table import zipped

pytestmark = pytest.mark.django_db
TEXT = "---\r\nstatus: accepted\r\ndate: 2024-05-06\r\n---\r\n# Keep\r\n\r\nWhy.\r\n"
FILES = {
    "0004-keep.md": TEXT,
    "0005-amend.md": "# Amend\n\n## Status\n\nApproved\n\nAmends [4](0004-keep.md)\n",
    "README.md": "# Ours\n",
}
QUERY = "folder=adr&owner=checkout&reason=because"


@pytest.fixture
def member(team):
    return person("maintainer", team)


@pytest.fixture
def api(client, member):
    def call(method, path, **more):
        headers = {"authorization": f"Bearer {token_for(member)}", **more.pop("headers", {})}
        return getattr(client, method)(f"/api/v1/{path}", headers=headers, **more)

    return call


def archive(files=FILES):
    return base64.urlsafe_b64decode(zipped(files))


def unzipped(answer):
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as found:
        return {name: found.read(name).decode() for name in found.namelist()}


def test_a_folder_as_json_is_imported_and_reported_per_file(api):
    body = {"files": FILES, "folder": "adr", "owner": "checkout", "reason": "because"}
    answer = api("post", "decisions/import", data=body, content_type="application/json")
    assert answer.status_code == 200, answer.content
    told = answer.json()
    assert (told["dry_run"], told["counts"]["created"], told["counts"]["not_a_record"]) == (False, 2, 1)
    assert [(line["path"], line["outcome"], line["number"], line["url"]) for line in told["lines"]] == [
        ("0004-keep.md", "created", 4, "/decisions/4/"), ("0005-amend.md", "created", 5, "/decisions/5/"), ("README.md", "not_a_record", None, ""),
    ]  # fmt: skip
    shown = api("get", "decisions/4").json()
    assert shown["relations"] == [{"kind": "amended_by", "words": "", "number": 5, "title": "Amend", "by_hand": False}]
    assert api("get", "decisions/5").json()["raw_status"] == "Approved"


def test_a_zip_is_imported_and_its_export_is_byte_identical(api):
    answer = api("post", f"decisions/import?{QUERY}", data=archive(), content_type="application/zip")
    assert answer.json()["counts"]["created"] == 2, answer.content
    for accept in ("application/json", "application/zip", "*/*"):
        out = api("get", "decisions/export", headers={"accept": accept})
        assert (out.status_code, out["content-type"]) == (200, "application/zip")
        assert unzipped(out) == {name: FILES[name] for name in ("0004-keep.md", "0005-amend.md")}
    assert unzipped(api("get", "decisions/export?folder=other")) == {}


def test_a_dry_run_writes_nothing(api):
    answer = api("post", f"decisions/import?{QUERY}&dry_run=true", data=archive(), content_type="application/zip")
    assert (answer.json()["dry_run"], answer.json()["counts"]["created"]) == (True, 2)
    assert not Decision.objects.exists()


@pytest.mark.parametrize(
    ("query", "data", "status"),
    [
        (QUERY, b"nonsense", 422), (QUERY.replace("checkout", "nobody"), archive(), 422), ("owner=checkout", archive(), 400),
        (QUERY + "&strange=1", archive(), 422), (QUERY.replace("adr", "a/b"), archive(), 422), (QUERY.replace("because", "%20"), archive(), 400),
    ],
)  # fmt: skip
def test_what_can_not_be_imported_is_a_problem_with_words(api, query, data, status):
    answer = api("post", f"decisions/import?{query}", data=data, content_type="application/zip")
    assert (answer.status_code, answer["content-type"]) == (status, "application/problem+json"), answer.content
    assert answer.json()["detail"]
    assert not Decision.objects.exists()


def test_who_may_not_write_for_the_team_may_not_even_try(client, team):
    viewer = token_for(person("viewer", team))
    answer = client.post(
        f"/api/v1/decisions/import?{QUERY}&dry_run=true",
        archive(),
        content_type="application/zip",
        headers={"authorization": f"Bearer {viewer}"},
    )
    assert answer.status_code == 403


def test_the_page_shows_what_would_come_and_then_does_it(signed_in, member):
    browser = signed_in(member)
    form = {
        "owner": "checkout",
        "folder": "",
        "reason": "",
        "file": SimpleUploadedFile("our adr.zip", archive()),
        "try": "1",
    }
    page = browser.post("/decisions/import/", form)
    assert page.status_code == 200
    assert "2 to create, 1 no record." in page.content.decode()
    assert not Decision.objects.exists()
    carried = page.context["carried"]
    done = browser.post(
        "/decisions/import/",
        {"owner": "checkout", "folder": page.context["folder"], "carried": carried, "reason": "r", "import": "1"},
    )
    assert "2 created, 1 no record." in done.content.decode()
    assert Decision.objects.get(number=4).source.folder == "our-adr"
    read = browser.get("/decisions/5/").content.decode()
    assert 'href="/decisions/4/"' in read
    assert "0004-keep.md)" not in read
    for words in ("Status as written", "Approved", "Amends", "our-adr/0005-amend.md"):
        assert words in read
    assert "Amended by" in browser.get("/decisions/4/").content.decode()
    assert "0004-keep.md" in unzipped(browser.get("/decisions/export/"))


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"try": "1"}, "Choose a zip of the folder"), ({"carried": "!!!", "import": "1"}, "Choose a zip of the folder"),
        ({"file": SimpleUploadedFile("a.zip", b"x"), "try": "1"}, "no zip that can be read"), ({"folder": "a/b", "carried": zipped(FILES), "try": "1"}, "plain name"),
    ],
)  # fmt: skip
def test_the_page_says_at_the_field_what_is_wrong(signed_in, member, form, words):
    page = signed_in(member).post("/decisions/import/", {"owner": "checkout", **form})
    assert page.status_code == 422
    assert words in page.content.decode()


def test_a_hostile_record_is_inert_on_every_page(signed_in, member):
    hostile = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'
    files = {
        "0001-x.md": f"# {hostile}\n\n* Status: {hostile}\n* Deciders: {hostile}\n\nAmends [a](0002-y.md)\n\n{hostile}\n",
        "0002-y.md": "# Y\n",
    }
    browser = signed_in(member)
    page = browser.post(
        "/decisions/import/",
        {"owner": "checkout", "folder": "x", "carried": zipped(files), "reason": hostile, "import": "1"},
    )
    for answer in (page, browser.get("/decisions/1/"), browser.get("/decisions/2/"), browser.get("/decisions/")):
        assert answer.status_code == 200
        assert "<script>alert" not in answer.content.decode()
        assert "<img src=x" not in answer.content.decode()
