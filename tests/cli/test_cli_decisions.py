"""`plumbline import decisions` and `export decisions`: what is sent, what is written, and what never is."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest

from .portal_stub import Reply, problem

LINES = [
    {"path": "0001-a.md", "outcome": "created", "number": 1, "title": "A", "detail": "", "notices": ["number 9 is taken; it became 1"], "url": "/decisions/1/"},
    {"path": "b.md", "outcome": "conflict", "number": 2, "title": "B", "detail": "changed on both sides", "notices": [], "url": "/decisions/2/"},
]  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "our-adr"
    (path / "sub").mkdir(parents=True)
    (path / ".git").mkdir()
    (path / "0001-a.md").write_bytes(b"\xef\xbb\xbf# A\r\n")
    (path / "sub" / "b.rst").write_text("B\n=\n")
    (path / "0002-no-suffix").write_text("# B\n")
    (path / "picture.png").write_bytes(b"\x89")
    (path / ".git" / "c.md").write_text("# hidden\n")
    (path / "link.md").symlink_to("/etc/hostname")
    return path


def packed(files: dict[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return held.getvalue()


def test_a_folder_is_sent_as_it_is_without_what_is_hidden_linked_or_no_text(stub, cli, folder):
    stub.on("POST", "/decisions/import", Reply(body={"dry_run": False, "counts": {}, "lines": LINES[:1]}))
    result = cli("import", "decisions", str(folder), "--owner", "checkout")
    assert result.exit_code == 0
    asked = stub.requests[-1]
    assert asked.query == {"owner": "checkout", "folder": "our-adr", "reason": "import of our-adr", "dry_run": "false"}
    with zipfile.ZipFile(io.BytesIO(asked.raw)) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {
            "files/0001-a.md": b"\xef\xbb\xbf# A\r\n",
            "files/0002-no-suffix": b"# B\n",
            "files/sub/b.rst": b"B\n=\n",
        }
    assert "+ created 0001-a.md  1. A" in result.stdout
    assert "number 9 is taken" in result.stdout
    assert "· not a record picture.png" in result.stdout
    assert "1 created, 1 not a record" in result.stdout


def test_copies_put_aside_and_large_binaries_are_named_and_stop_nothing(stub, cli, folder):
    stub.on("POST", "/decisions/import", Reply(body={"dry_run": False, "counts": {}, "lines": LINES[:1]}))
    for name in ("0001-a.md~", "0001-a.md_old", "0001-a.md.2", "2021-backup.7z", "01-x.3gp"):
        (folder / name).write_text("# A\n")
    with (folder / "0003-image").open("wb") as large:
        large.truncate(5 * 1024 * 1024)
    (folder / "0004-python-3.11").write_text("# D\n")
    assert cli("import", "decisions", str(folder), "--owner", "checkout").exit_code == 0
    with zipfile.ZipFile(io.BytesIO(stub.requests[-1].raw)) as archive:
        names = {name.removeprefix("files/") for name in archive.namelist()}
    assert names == {"0001-a.md", "0002-no-suffix", "0004-python-3.11", "sub/b.rst"}


def test_a_conflict_is_a_no(stub, cli, folder):
    stub.on("POST", "/decisions/import", Reply(body={"dry_run": True, "counts": {}, "lines": LINES}))
    result = cli(
        "import", "decisions", str(folder), "--owner", "checkout", "--dry-run", "--folder", "x", "--reason", "y"
    )
    assert result.exit_code == 1
    assert (stub.requests[-1].query["dry_run"], stub.requests[-1].query["folder"]) == ("true", "x")
    for words in ("! conflict b.md", "changed on both sides", "1 created, 1 conflict"):
        assert words in result.stdout
    assert "Nothing was changed" in result.stderr


def test_an_empty_folder_is_named_and_nothing_is_sent(stub, cli, tmp_path):
    result = cli("import", "decisions", str(tmp_path), "--owner", "checkout")
    assert result.exit_code == 2
    assert "has no file that ends in" in result.stderr
    assert not stub.requests


def test_an_export_writes_the_bytes_and_then_finds_nothing_to_write(stub, cli, tmp_path):
    content = {"0001-a.md": b"\xef\xbb\xbf# A\r\n", "sub/b.md": b"# B\n"}
    stub.on("GET", "/decisions/export", Reply(body=packed(content), kind="application/zip"))
    out = tmp_path / "out"
    assert "2 decisions" in cli("export", "decisions", str(out), "--folder", "adr").stdout
    assert {name: (out / name).read_bytes() for name in content} == content
    assert stub.requests[-1].query == {"folder": "adr"}
    assert json.loads(cli("--json", "export", "decisions", str(out)).stdout)["written"] == 0


def test_an_export_never_writes_over_other_text_unless_told_to(stub, cli, tmp_path):
    stub.on("GET", "/decisions/export", Reply(body=packed({"a.md": b"new", "b.md": b"b"}), kind="application/zip"))
    (tmp_path / "a.md").write_text("mine")
    result = cli("export", "decisions", str(tmp_path))
    assert (result.exit_code, (tmp_path / "a.md").read_text(), (tmp_path / "b.md").exists()) == (1, "mine", False)
    assert "a.md" in result.stderr
    assert cli("export", "decisions", str(tmp_path), "--force").exit_code == 0
    assert (tmp_path / "a.md").read_text() == "new"


@pytest.mark.parametrize("name", ["../up.md", "/abs.md", "a/../../b.md", "c:\\x.md"])
def test_a_name_that_leads_out_of_the_folder_is_never_written(stub, cli, tmp_path, name):
    stub.on("GET", "/decisions/export", Reply(body=packed({name: b"x"}), kind="application/zip"))
    assert cli("export", "decisions", str(tmp_path / "in")).exit_code == 5
    assert list(tmp_path.rglob("*.md")) == []


def test_what_is_no_zip_and_a_refusal_keep_their_exit_codes(stub, cli, tmp_path):
    stub.on("GET", "/decisions/export", Reply(body=b"<html>", kind="text/html"))
    assert cli("export", "decisions", str(tmp_path)).exit_code == 5
    stub.on("GET", "/decisions/export", problem(401, "sign in", "unauthenticated"))
    assert cli("export", "decisions", str(tmp_path)).exit_code == 3
