"""`plumbline validate` and `schema`: the files alone, without a portal."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from orchestration.manifest.reading import MAX_TEXT
from portal.cli import files

from .portal_stub import Reply

GOOD = """\
apiVersion: plumbline/v1
kind: Workflow
metadata: {name: greeting, version: 1.0.0, owner: checkout}
spec:
  steps:
    hello: {value: {text: hi}}
"""
BROKEN = GOOD.replace("{value: {text: hi}}", "{value: 1, needs: [hallo], bogus: 2}")
OFFLINE = {"PLUMBLINE_URL": "http://127.0.0.1:1"}


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_good_file_is_valid_without_a_portal(cli, folder):
    Path("greeting.yaml").write_text(GOOD)
    result = cli("validate", "greeting.yaml", **OFFLINE)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("1 file, 1 manifest: valid offline")


def test_every_problem_is_told_with_file_line_and_column(cli, folder):
    Path("greeting.yaml").write_text(BROKEN)
    result = cli("validate", "greeting.yaml", **OFFLINE)
    assert result.exit_code == 1
    lines = result.stderr.splitlines()
    assert lines[0].startswith("greeting.yaml:6:31 steps.hello.needs[0]: no step 'hallo'; did you mean 'hello'?")
    assert lines[1].startswith("greeting.yaml:6:39 steps.hello.bogus: unknown key 'bogus'")
    assert lines[2] == "2 problems in 1 file, 0 manifests"
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a: [1,\nb: 2\n", "bad.yaml:3:1: can't be read as YAML"),
        ("kind: Workflow\n\tx: 1\n", "bad.yaml:2:"),
        ("apiVersion: plumbline/v1\nkind: Workflw\n", "bad.yaml:2:7 kind:"),
        ("a: &a [x]\nb: !!python/object:os.system {}\n", "bad.yaml:2:4"),
        ("a: \x00\n", "bad.yaml:1:4: the character U+0000"),
        ("", "bad.yaml:1:1: holds no manifest"),
    ],
)
def test_text_that_is_no_manifest_is_placed(cli, folder, text, place):
    Path("bad.yaml").write_text(text)
    result = cli("validate", "bad.yaml", **OFFLINE)
    assert result.exit_code == 1
    assert place in result.stderr


def test_what_is_only_recorded_is_a_notice_and_no_problem(cli, folder):
    head = "apiVersion: plumbline/v1\nkind: Dependency\nmetadata: {name: pay, owner: checkout}\n"
    Path("pay.yaml").write_text(f"{head}spec:\n  timeout: {{schedule_to_close: 9s}}\n")
    result = cli("validate", "pay.yaml", **OFFLINE)
    assert result.exit_code == 0
    assert "pay.yaml:5:" in result.stderr
    assert "recorded, not enforced" in result.stderr


def test_json_has_everything_on_stdout_and_nothing_on_stderr(cli, folder):
    Path("greeting.yaml").write_text(BROKEN)
    result = cli("validate", "--json", "greeting.yaml", **OFFLINE)
    told = json.loads(result.stdout)
    assert (result.exit_code, result.stderr, told["valid"]) == (1, "", False)
    assert told["problems"][0] == {
        "source": "greeting.yaml", "line": 6, "column": 31, "path": "steps.hello.needs[0]",
        "message": "no step 'hallo'; did you mean 'hello'?",
    }  # fmt: skip


def test_a_folder_means_its_yaml_files_sorted_and_each_once(cli, folder):
    for name in ("b/two.yml", "a/one.yaml", "a/.hidden.yaml", ".git/three.yaml", "a/notes.txt"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text(GOOD.replace("greeting", name[0] + "-greeting") if name[0] != "." else BROKEN)
    Path("a/round").symlink_to("..")
    result = cli("validate", "--json", ".", "a/one.yaml", **OFFLINE)
    assert result.exit_code == 0
    assert [resource["name"] for resource in json.loads(result.stdout)["resources"]] == ["a-greeting", "b-greeting"]


def test_one_manifest_in_two_files_is_told_with_both_places(cli, folder):
    Path("a.yaml").write_text(GOOD)
    Path("b.yaml").write_text("# the same again\n" + GOOD)
    result = cli("validate", ".", **OFFLINE)
    assert result.exit_code == 1
    assert "b.yaml:4:18 metadata.name: Workflow greeting is declared twice; first at a.yaml:1" in result.stderr


def test_every_file_that_can_not_be_read_is_named_at_once(cli, folder):
    Path("big.yaml").write_bytes(b"#" * (files.MAX_FILE + 1))
    Path("latin.yaml").write_bytes(b"a: 1\nb: \xe9\n")
    Path("empty").mkdir()
    os.mkfifo("pipe.yaml")
    result = cli("validate", "big.yaml", "latin.yaml", "empty", "missing.yaml", "pipe.yaml", **OFFLINE)
    assert result.exit_code == 2
    for said in (
        "big.yaml: is larger than 1 MiB", "latin.yaml:2: is not UTF-8", "empty: has no *.yaml or *.yml file",
        "missing.yaml: No such file", "pipe.yaml: is neither a file nor a folder",
    ):  # fmt: skip
        assert said in result.stderr


def test_the_limit_of_a_file_is_the_loader_s_own():
    assert files.MAX_FILE == MAX_TEXT


def test_a_file_name_can_not_repaint_the_terminal(cli, folder):
    Path("\x1b[2Jred.yaml").write_text(BROKEN)
    result = cli("validate", ".", **OFFLINE)
    assert "\x1b" not in result.stderr
    assert "\\x1b[2Jred.yaml:6:31" in result.stderr


def test_a_file_name_that_is_not_unicode_is_told_and_checked(cli, folder):
    Path(os.fsdecode(b"caf\xe9.yaml")).write_text(BROKEN)
    result = cli("validate", ".", **OFFLINE)
    assert result.exit_code == 1
    assert "caf\\udce9.yaml:6:31" in result.stderr


def test_remote_adds_what_only_the_portal_knows(cli, stub, folder):
    Path("greeting.yaml").write_text(GOOD)
    told = {
        "source": "greeting.yaml",
        "line": 3,
        "column": 50,
        "path": "metadata.owner",
        "message": "no team 'checkout'",
    }
    stub.on(
        "POST", "/manifests/validate", Reply(200, {"valid": False, "problems": [told], "notices": [], "resources": []})
    )
    result = cli("validate", "--remote", "greeting.yaml")
    assert result.exit_code == 1
    assert "greeting.yaml:3:50 metadata.owner: no team 'checkout'" in result.stderr
    assert stub.requests[0].body == {"documents": [{"source": "greeting.yaml", "text": GOOD}]}


def test_a_problem_that_both_find_is_told_once(cli, stub, folder):
    Path("greeting.yaml").write_text(BROKEN)
    mine = json.loads(cli("validate", "--json", "greeting.yaml", **OFFLINE).stdout)
    stub.on("POST", "/manifests/validate", Reply(200, mine))
    both = json.loads(cli("validate", "--json", "--remote", "greeting.yaml").stdout)
    assert both["problems"] == mine["problems"]


def test_without_the_portals_answer_the_problems_found_here_are_told_all_the_same(cli, stub, folder):
    Path("greeting.yaml").write_text(BROKEN)
    stub.on("POST", "/manifests/validate", Reply(502, b"", "text/html"))
    result = cli("validate", "--remote", "greeting.yaml")
    assert result.exit_code == 1
    assert "greeting.yaml:6:31 steps.hello.needs[0]" in result.stderr
    assert "The portal could not judge them" in result.stderr
    Path("greeting.yaml").write_text(GOOD)
    assert cli("validate", "--remote", "greeting.yaml").exit_code == 5


def test_the_schema_needs_no_portal(cli):
    result = cli("schema", **OFFLINE)
    assert result.exit_code == 0
    assert "Workflow" in json.loads(result.stdout)["properties"]["kind"]["enum"]
