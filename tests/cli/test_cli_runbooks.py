"""`plumbline import runbooks` and `export runbooks`: which files they send and write, what they say, and how they end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from .portal_stub import Reply, Request, problem


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two runbooks, one file that is no text, one that is hidden, and one of another kind."""
    (tmp_path / "alerts").mkdir()
    (tmp_path / ".git").mkdir()
    (tmp_path / "alerts/down.md").write_bytes(b"# Down\r\n")
    (tmp_path / "a.md").write_text("text")
    (tmp_path / "bad.md").write_bytes(b"\xff\xfe")
    (tmp_path / ".git/x.md").write_text("x")
    (tmp_path / "a.txt").write_text("x")
    return tmp_path


def report(request: Request) -> Reply:
    lines = [
        {"path": one["path"], "action": "create", "slug": "s", "problem": "", "notes": ["line 1: odd"]}
        for one in request.body["files"]
    ]
    return Reply(body={"lines": lines, "refused": 0})


def test_import_sends_each_file_with_its_path_and_names_what_it_could_not_read(stub, cli, folder):
    stub.on("POST", "/runbooks/import", report)
    result = cli("import", "runbooks", str(folder), "--owner", "payments", "--reason", "r")
    body = stub.requests[-1].body
    assert body["files"] == [{"path": "a.md", "text": "text"}, {"path": "alerts/down.md", "text": "# Down\r\n"}]
    assert (body["owner"], body["dry_run"]) == ("payments", False)
    assert result.exit_code == 1, "one was refused"
    for words in ("+ create s (a.md)", "· line 1: odd", "✗ refused  (bad.md)", "is not UTF-8"):
        assert words in result.stdout


def test_a_large_folder_is_sent_in_pieces(stub, cli, tmp_path):
    for number in range(230):
        (tmp_path / f"{number:03}.md").write_text("x")
    stub.on("POST", "/runbooks/import", report)
    answer = cli("--json", "import", "runbooks", str(tmp_path), "--reason", "r", "--dry-run")
    assert [len(request.body["files"]) for request in stub.requests] == [100, 100, 30]
    assert {len(request.body["paths"]) for request in stub.requests} == {230}, "each hears of the whole folder"
    assert len(json.loads(answer.stdout)["lines"]) == 230


def test_an_empty_folder_and_a_refusal_keep_their_exit_codes(stub, cli, tmp_path):
    assert cli("import", "runbooks", str(tmp_path), "--reason", "r").exit_code == 2
    (tmp_path / "a.md").write_text("x")
    stub.on("POST", "/runbooks/import", problem(403, "no", "forbidden"))
    assert cli("import", "runbooks", str(tmp_path), "--reason", "r").exit_code == 3


def test_export_writes_every_page_byte_for_byte(stub, cli, tmp_path):
    pages: list[dict[str, Any]] = [
        {"files": [{"path": "alerts/down.md", "text": "# Down\r\nü"}], "next": "down"},
        {"files": [{"path": "a.md", "text": "\ufeffx"}], "next": None},
    ]
    stub.on("GET", "/runbooks/export", *(Reply(body=page) for page in pages))
    assert cli("export", "runbooks", str(tmp_path / "out")).exit_code == 0
    assert stub.requests[-1].query == {"limit": "100", "cursor": "down"}
    assert (tmp_path / "out/alerts/down.md").read_bytes() == "# Down\r\nü".encode()
    assert (tmp_path / "out/a.md").read_text() == "\ufeffx"


@pytest.mark.parametrize("path", ["../x.md", "/etc/x.md", "a/../../x.md", "c:x.md", ""])
def test_export_never_leaves_the_folder(stub, cli, tmp_path, path):
    stub.on("GET", "/runbooks/export", Reply(body={"files": [{"path": path, "text": "x"}], "next": None}))
    result = cli("export", "runbooks", str(tmp_path / "out"))
    assert result.exit_code == 5
    assert not list(tmp_path.rglob("x.md"))
