"""Folders of runbooks: in, out byte for byte, in again by path; what both sides changed is a conflict, and nothing is lost."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from governance.models import Runbook, RunbookOrigin
from governance.selectors.runbook_files import export_runbooks
from governance.services.runbook_files import Line, import_runbooks
from governance.services.runbook_folder import write_folder
from governance.services.runbooks import edit_runbook, review_runbook
from orchestration.models import Team
from tests.people import person, token_for

pytestmark = pytest.mark.django_db
SHAPES = {
    "alerts/KubeDown.md": "# KubeDown ##\n\n## Meaning\n\nIt is down.\n\n## Mitigation\n\n1. Restart it.\n",
    "windows.md": "\ufeff---\r\ntitle: Windows\r\nowner: checkout\r\n---\r\n\r\n## Impact\r\n\r\nSome.\r\n",
    "old-mac.md": "# Old\r\r1. Go.\r",
    "no-title.md": "just words",
    "empty.md": "",
    "odd.md": "---\nstatus: brewing\npager: {team: [a, b]}\nworkflows: [nowhere]\nreview_by: 2027-01-02\n---\n\n\n# T\n\n\n\nx  \n\n\n",
    "broken.md": "---\na: [1\n---\n\ntext\n",
    "long.md": f"# {'x' * 300}\n",
    "emoji 🚒 fire.md": "1) **Do** 🚒\n",
}


def take(files: dict[str, str], **more: Any) -> list[Line]:
    wanted = {"actor": None, "reason": "a folder", "default_owner": "checkout", "may": lambda _: True, **more}
    return import_runbooks(files=list(files.items()), **wanted)


def give() -> dict[str, str]:
    rows = Runbook.objects.select_related("owner").prefetch_related("links__workflow", "links__dependency")
    return dict(export_runbooks(rows))


def edit(slug: str, **changes: Any) -> Runbook:
    row = Runbook.objects.select_related("owner").get(slug=slug)
    links = list(row.links.all())
    facts = {
        "title": row.title, "body": row.body, "status": row.status, "owner": row.owner, "review_by": row.review_by,
        "auto_start": row.auto_start, "workflows": [], "dependencies": [one.dependency.name for one in links if one.dependency],
        **changes,
    }  # fmt: skip
    return edit_runbook(runbook=row, revision=row.revision, actor=None, reason="an edit", **facts)


def test_every_shape_is_taken_in_and_given_out_byte_for_byte(team):
    lines = take(SHAPES)
    assert [(line.path, line.action) for line in lines] == [(path, "create") for path in SHAPES]
    assert give() == SHAPES
    by_path = {line.path: line for line in lines}
    assert by_path["alerts/KubeDown.md"].slug == "kube-down"
    assert by_path["emoji 🚒 fire.md"].slug == "emoji-fire"
    assert "there is no workflow 'nowhere'; the link is left out" in by_path["odd.md"].notes
    odd = Runbook.objects.get(slug="odd")
    assert (odd.title, odd.status, odd.review_by) == ("T", "active", date(2027, 1, 2))
    assert odd.front_matter == {"status": "brewing", "pager": {"team": ["a", "b"]}}


def test_taking_the_same_folder_again_changes_nothing(team):
    take(SHAPES)
    assert {line.action for line in take(SHAPES)} == {"unchanged"}
    assert set(Runbook.objects.values_list("revision", flat=True)) == {1}


def test_a_file_that_changed_updates_its_runbook_by_its_path(team):
    take(SHAPES)
    changed = SHAPES["windows.md"].replace("Windows", "Panes").replace("Some.", "Much.")
    lines = take({**SHAPES, "windows.md": changed})
    assert [line.path for line in lines if line.action != "unchanged"] == ["windows.md"]
    row = Runbook.objects.get(slug="windows")
    assert (row.title, row.body, row.revision) == ("Panes", "## Impact\n\nMuch.\n", 2)
    assert give()["windows.md"] == changed


def test_where_both_sides_changed_nothing_is_written_and_both_texts_stay(team):
    take({"a.md": "# A\n\nfirst\n"})
    edit("a", body="here\n")
    line = take({"a.md": "# A\n\nthere\n"})[0]
    assert line.action == "conflict"
    assert "was edited here since it was imported" in line.problem
    assert Runbook.objects.get().body == "here\n"
    assert give() == {"a.md": "# A\n\nhere\n"}
    assert take(give())[0].action == "unchanged", "what went out may come back"
    assert take({"a.md": "# A\n\nthere\n"})[0].action == "change"


def test_an_edit_here_is_given_out_in_the_words_that_came(team, payments):
    text = "---\nowner: checkout\ndependencies: [payments, elsewhere]\n# a comment\nextra: yes please\n---\n\n# A\n\nold\r\n"
    take({"a.md": text})
    edit("a", body="new\n")
    assert give()["a.md"] == text.replace("old\r\n", "new\n")
    review_runbook(
        runbook=Runbook.objects.get(), revision=2, review_by=date(2099, 1, 1), actor=None, reason="read"
    )  # fmt: skip
    out = give()["a.md"]
    assert "review_by: 2099-01-01" in out
    assert "extra: yes please" in out
    assert "elsewhere" in out
    assert out.endswith("new\n")


def test_a_runbook_that_was_written_here_goes_out_and_comes_back_as_itself(book, team):
    book(auto_start=2)
    files = give()
    assert list(files) == ["payments-slow.md"]
    assert take(files)[0].action == "unchanged"
    assert Runbook.objects.get().revision == 1
    assert take({"payments-slow.md": files["payments-slow.md"] + "\nMore.\n"})[0].action == "change"
    assert Runbook.objects.get().auto_start == 2


@pytest.mark.parametrize(
    ("path", "text", "action", "words"),
    [
        ("../x.md", "x", "refused", "below the folder"), ("/x.md", "x", "refused", "below the folder"),
        ("決済.md", "x", "refused", "Latin letters"), ("README.md", "x", "skipped", "about the folder"), ("a/INDEX.md", "x", "skipped", "about the folder"),
        ("a/_index.md", "---\ntitle: a\n---\n", "skipped", "about the folder"), ("CONTRIBUTING.md", "x", "skipped", "about the folder"),
        ("x.md", "a\x00b", "refused", "U+0000"), ("new.md", "x", "refused", "stands for something else"),
        ("x.md", "---\nowner: nobody\n---\n", "refused", "no team 'nobody'"), ("x.md", "y" * 300_000, "refused", "limit is 200,000"),
    ],
)  # fmt: skip
def test_a_file_that_can_not_be_taken_says_why_and_stops_no_other(team, path, text, action, words):
    lines = take({path: text, "fine.md": "x"})
    assert lines[0].action == action
    assert words in lines[0].problem
    assert lines[1].action == "create"


def test_two_files_of_one_name_are_told_apart(team):
    files = {"a/down.md": "one", "b/down.md": "two", "x/b/down.md": "three", "down/Down.md": "four"}
    lines = take(files)
    assert [(line.action, line.slug) for line in lines] == [
        ("create", "down"), ("create", "b-down"), ("create", "b-down-2"), ("create", "down-down"),
    ]  # fmt: skip
    assert lines[1].notes == ["the name down belongs to a/down.md; this one is b-down"]
    assert give() == files
    assert {line.action for line in take(files)} == {"unchanged"}
    assert take({"b/down.md": "two, and more"})[0].action == "change"
    assert Runbook.objects.get(slug="b-down").body == "two, and more"


def test_a_copy_in_another_folder_is_named_and_left(team):
    lines = take({"a/down.md": "one", "b/down.md": "one"})
    assert [line.action for line in lines] == ["create", "skipped"]
    assert "the very text of a/down.md" in lines[1].problem


def test_long_names_in_two_folders_stay_two(team):
    name = "a" * 63
    lines = take({f"one/{name}.md": "1", f"two/{name}.md": "2", f"three/{name}.md": "3"})
    assert {line.action for line in lines} == {"create"}
    assert len({line.slug for line in lines}) == 3
    assert all(len(line.slug) <= 63 for line in lines)


def test_a_name_of_digits_is_a_name(team):
    assert take({"500.md": "x"})[0].slug == "runbook-500"


def test_a_dry_run_tells_the_same_and_writes_nothing(team):
    assert {line.action for line in take(SHAPES, dry_run=True)} == {"create"}
    assert not Runbook.objects.exists()
    assert not RunbookOrigin.objects.exists()


def test_only_those_of_ones_own_teams_are_taken(team):
    Team.objects.create(name="other")
    lines = take({"a.md": "---\nowner: other\n---\nx", "b.md": "x"}, may=lambda one: one.name == "checkout")
    assert [line.action for line in lines] == ["refused", "create"]
    assert "may not edit documents of team other" in lines[0].problem


def test_the_nightly_folder_has_every_runbook_and_an_index(team, tmp_path: Path):
    take(SHAPES)
    (tmp_path / "notes.txt").write_text("mine")
    assert write_folder(tmp_path / "out", datetime(2026, 11, 26, 2, 40, tzinfo=UTC)) == len(SHAPES)
    for path, text in SHAPES.items():
        assert (tmp_path / "out" / path).read_bytes().decode() == text
    index = (tmp_path / "out/INDEX.md").read_text()
    assert "As of 2026-11-26 02:40 UTC." in index
    assert "| [KubeDown](<alerts/KubeDown.md>) | active | checkout |" in index
    assert not list((tmp_path / "out").rglob(".*"))


def test_the_api_takes_a_folder_in_and_gives_it_out_by_pages(team):
    client = Client(headers={"Authorization": f"Bearer {token_for(person('maintainer', team))}"})
    body = {
        "files": [{"path": path, "text": text} for path, text in SHAPES.items()],
        "owner": "checkout",
        "reason": "r",
    }
    answer = client.post("/api/v1/runbooks/import", body, content_type="application/json")
    assert answer.status_code == 200, answer.content
    assert answer.json()["refused"] == 0
    found, cursor = {}, ""
    while True:
        page = client.get("/api/v1/runbooks/export", {"limit": 4, **({"cursor": cursor} if cursor else {})}).json()
        found |= {one["path"]: one["text"] for one in page["files"]}
        cursor = page["next"]
        if not cursor:
            break
    assert found == SHAPES
    viewer = Client(headers={"Authorization": f"Bearer {token_for(person('viewer', team))}"})
    refused = viewer.post("/api/v1/runbooks/import", body, content_type="application/json").json()
    assert refused["refused"] == len(SHAPES)
