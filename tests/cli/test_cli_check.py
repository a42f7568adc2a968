"""`plumbline check contract`: two files without a portal, or one that the portal compares; and the exit codes of each answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from .portal_stub import Reply, problem

MANIFEST = """\
apiVersion: plumbline/v1
kind: Contract
metadata: {{name: order.placed, version: {version}, owner: checkout}}
spec: {{policy: strict, compatibility: BACKWARD, schema: {schema}}}
"""
ANSWER: dict[str, Any] = {
    "verdict": "breaking", "base": "1.0.0", "level": "FULL", "policy": "tolerant", "takes": "major", "declared": "major",
    "is_enough": True, "lowest": None, "has_witness": True, "witness": {"qty": 0}, "doubt": "",
    "findings": [{"rule": "minimum-narrowed", "pointer": "/minimum", "direction": "BACKWARD", "text": "qty: up", "fingerprint": "f"}],
    "asks": ["checkout", "logistics"], "url": "/contracts/order.placed/",
}  # fmt: skip


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def make(name: str, version: str, schema: str) -> str:
        Path(name).write_text(MANIFEST.format(version=version, schema=schema))
        return name

    return make


@pytest.mark.parametrize(
    ("new", "code", "word"),
    [
        ("{type: [integer, 'null']}", 0, "safe"),
        ("{type: integer, minimum: 1}", 1, "breaking"),
        ("{type: integer, not: {$ref: 'https://example.com/x'}}", 3, "undecided"),
    ],
)
def test_two_files_are_compared_without_a_portal(cli, write, new: str, code: int, word: str):
    old, new = write("old.yaml", "1.0.0", "{type: integer}"), write("new.yaml", "2.0.0", new)
    result = cli("check", "contract", new, "--old", old, PLUMBLINE_URL="http://127.0.0.1:1")
    assert (result.exit_code, result.stdout.split(":")[0]) == (code, word), result.output
    if code == 1:
        assert "breaks with: 0" in result.stdout


def test_the_portals_answer_is_told_with_its_page(cli, stub, write):
    stub.on("POST", "/contracts/check", Reply(body=ANSWER))
    result = cli("check", "contract", write("new.yaml", "2.0.0", "{minimum: 1}"))
    assert result.exit_code == 1
    for part in (
        "breaking: order.placed 1.0.0 → 2.0.0 (full, tolerant)",
        "✗ qty: up",
        "reviews of checkout, logistics",
    ):
        assert part in result.stdout
    assert f"{stub.url}/contracts/order.placed/" in result.stdout


def test_a_safe_change_that_is_declared_too_low_is_a_no(cli, stub, write):
    stub.on(
        "POST",
        "/contracts/check",
        Reply(body=ANSWER | {"verdict": "safe", "is_enough": False, "lowest": "1.1.0", "asks": []}),
    )
    result = cli("check", "contract", write("new.yaml", "1.0.1", "{}"))
    assert result.exit_code == 1
    assert "takes 1.1.0 or higher" in result.stdout


def test_json_is_the_api_s_answer(cli, stub, write):
    stub.on("POST", "/contracts/check", Reply(body=ANSWER))
    told = json.loads(cli("check", "contract", write("new.yaml", "2.0.0", "{}"), "--json").stdout)
    assert told["witness"] == {"qty": 0}


@pytest.mark.parametrize(
    "text",
    [
        "kind: Contract\n",
        "a: [",
        MANIFEST.format(version="1.0.0", schema="{}") * 1 + "---\n" + MANIFEST.format(version="1.0.1", schema="{}"),
    ],
)
def test_an_unreadable_file_is_a_two(cli, tmp_path, text: str):
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    assert cli("check", "contract", str(path)).exit_code == 2


def test_a_missing_permission_is_a_two_because_three_says_undecided(cli, stub, write):
    stub.on("POST", "/contracts/check", problem(401, "sign in first", "not_authenticated"))
    assert cli("check", "contract", write("new.yaml", "2.0.0", "{}")).exit_code == 2


DEPLOY: dict[str, Any] = {
    "may": False, "environment": "staging", "notes": ["order.placed@1.0.0 is deprecated"], "url": "/workflows/ship/",
    "checks": [
        {"subject": "ship@1.0.0", "state": "passed", "text": "the workflow version is active"},
        {"subject": "order.placed@1.0.0", "state": "unknown", "text": "no result of shop as provider"},
    ],
}  # fmt: skip


@pytest.mark.parametrize(("may", "code", "word"), [(True, 0, "yes"), (False, 1, "no")])
def test_whether_a_version_may_be_deployed_is_an_exit_code_and_words(cli, stub, may: bool, code: int, word: str):
    stub.on("GET", "/workflows/ship/versions/1.0.0/can-deploy", Reply(body=DEPLOY | {"may": may}))
    result = cli("can-deploy", "ship@1.0.0")
    assert result.exit_code == code, result.output
    for part in (
        f"{word}: ship@1.0.0 to staging",
        "? order.placed@1.0.0: no result of shop",
        "· order.placed@1.0.0 is",
    ):
        assert part in result.stdout, part
    assert json.loads(cli("can-deploy", "ship@1.0.0", "--json").stdout)["may"] is may


def test_a_target_without_a_version_is_a_usage_error(cli):
    assert cli("can-deploy", "ship").exit_code == 2
