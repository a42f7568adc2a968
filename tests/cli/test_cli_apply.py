"""`plumbline plan`, `apply` and `diff` against the stub."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from portal.cli import applying

from .portal_stub import Reply, problem

CHANGES = [
    {
        "kind": "Workflow", "name": "greeting", "version": "1.1.0", "owner": "checkout", "action": "publish",
        "differences": [{"path": "steps.bye", "kind": "added", "old": None, "new": {}, "sentence": "Step 'bye' is added."}],
        "notices": [{"source": "g.yaml", "line": 5, "column": 3, "path": "escalation", "message": "'escalation' is recorded"}],
    },
    {"kind": "Team", "name": "checkout", "version": None, "owner": None, "action": "unchanged", "differences": [], "notices": []},
]  # fmt: skip
SAME = [CHANGES[1]]


@pytest.fixture
def folder(tmp_path, monkeypatch, stub) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("g.yaml").write_text("kind: Anything\n")
    stub.on("POST", "/manifests/plan", Reply(200, {"changes": CHANGES}))
    stub.on("POST", "/manifests/apply", Reply(200, {"changes": CHANGES}))
    return tmp_path


def git(*arguments: str) -> None:
    names = ("-c", "user.name=checkout", "-c", "user.email=checkout@plumbline.example")
    subprocess.run(["git", *names, *arguments], check=True, capture_output=True)


def test_a_plan_shows_actions_differences_and_notices(cli, folder):
    result = cli("plan", "g.yaml")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "+ publish Workflow greeting 1.1.0",
        "    + Step 'bye' is added.",
        "    notice: g.yaml:5:3 escalation: 'escalation' is recorded",
        "= unchanged Team checkout",
        "Plan: 1 to publish, 1 unchanged.",
    ]


def test_a_plan_as_json_is_the_portals_answer(cli, folder):
    assert json.loads(cli("plan", "g.yaml", "--json").stdout) == {"changes": CHANGES}


def test_refused_manifests_are_told_problem_by_problem(cli, stub, folder):
    told = [{"source": "g.yaml", "line": 1, "column": 7, "path": "kind", "message": "unknown kind 'Anything'"}]
    stub.on("POST", "/manifests/plan", problem(422, "long", "invalid_manifest", problems=told))
    result = cli("plan", "g.yaml")
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        "g.yaml:1:7 kind: unknown kind 'Anything'",
        "Error: the portal refuses the manifests; nothing was written",
    ]
    error = json.loads(cli("plan", "g.yaml", "--json").stdout)["error"]
    assert (error["exit_code"], error["code"], error["problems"]) == (1, "invalid_manifest", told)


def test_a_file_that_the_api_can_not_take_is_named(cli, stub, folder):
    Path("h.yaml").write_text("")
    stub.on(
        "POST", "/manifests/plan", problem(400, "documents.1.text: This field may not be blank.", "invalid_request")
    )
    result = cli("plan", ".")
    assert result.exit_code == 2
    assert "h.yaml: This field may not be blank." in result.stderr
    assert "`plumbline validate h.yaml`" in result.stderr


def test_apply_shows_the_plan_then_applies_with_reason_and_origin(cli, stub, folder):
    git("init", "-q")
    git("remote", "add", "origin", "https://someone:secret@git.example/shop.git")
    git("add", "g.yaml")
    git("commit", "-qm", "first")
    commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
    result = cli("apply", "g.yaml", "--reason", "say goodbye")
    assert result.exit_code == 0
    assert "+ publish Workflow greeting 1.1.0" in result.stdout
    assert result.stdout.endswith("Applied: 1 published, 1 unchanged.\n")
    (sent,) = stub.of("POST", "/manifests/apply")
    assert sent.headers["authorization"] == "Bearer plb_test"
    assert sent.body == {
        "documents": [{"source": "g.yaml", "text": "kind: Anything\n"}],
        "reason": "say goodbye",
        "source": {"repository": "https://git.example/shop.git", "commit": commit, "dirty": False, "path": "g.yaml"},
    }
    Path("g.yaml").write_text("kind: Edited\n")
    cli("apply", "g.yaml", "--reason", "say goodbye")
    assert stub.of("POST", "/manifests/apply")[1].body["source"]["dirty"] is True


def test_apply_works_where_git_is_absent(cli, stub, folder):
    assert cli("apply", "g.yaml", "--reason", "r", PATH="/nowhere").exit_code == 0
    assert stub.of("POST", "/manifests/apply")[0].body["source"] == {}


def test_a_repository_without_a_commit_is_no_obstacle(cli, stub, folder):
    git("init", "-q")
    assert cli("apply", "g.yaml", "--reason", "r").exit_code == 0
    expected = {"repository": folder.name, "commit": "", "dirty": True, "path": "g.yaml"}
    assert stub.of("POST", "/manifests/apply")[0].body["source"] == expected


def test_nothing_is_sent_when_nothing_would_change(cli, stub, folder):
    stub.on("POST", "/manifests/plan", Reply(200, {"changes": SAME}))
    result = cli("apply", "g.yaml", "--reason", "r")
    assert (result.exit_code, stub.of("POST", "/manifests/apply")) == (0, [])
    assert "Nothing to apply" in result.stdout
    assert json.loads(cli("apply", "g.yaml", "--reason", "r", "--json").stdout) == {"applied": False, "changes": SAME}


@pytest.mark.parametrize(("answer", "exit_code", "sent"), [("y\n", 0, 1), ("n\n", 1, 0), ("", 130, 0)])
def test_somebody_at_a_terminal_is_asked(cli, stub, folder, monkeypatch, answer, exit_code, sent):
    monkeypatch.setattr(applying, "is_interactive", lambda: True)
    result = cli("apply", "g.yaml", "--reason", "r", text=answer)
    assert (result.exit_code, len(stub.of("POST", "/manifests/apply"))) == (exit_code, sent)
    assert "Apply? [y/N]" in result.stderr


def test_under_json_the_question_and_the_plan_stay_off_stdout(cli, stub, folder, monkeypatch):
    monkeypatch.setattr(applying, "is_interactive", lambda: True)
    result = cli("apply", "g.yaml", "--reason", "r", "--json", text="y\n")
    assert json.loads(result.stdout) == {"applied": True, "changes": CHANGES}
    assert "+ publish Workflow greeting 1.1.0" in result.stderr


def test_yes_asks_nobody(cli, stub, folder, monkeypatch):
    monkeypatch.setattr(applying, "is_interactive", lambda: True)
    assert cli("apply", "g.yaml", "--reason", "r", "--yes").exit_code == 0


@pytest.mark.parametrize("reason", [[], ["--reason", "  "]])
def test_without_a_reason_nothing_is_sent(cli, stub, folder, reason):
    result = cli("apply", "g.yaml", *reason)
    assert (result.exit_code, stub.requests) == (2, [])
    assert "--reason" in result.stderr


def test_an_apply_whose_answer_is_lost_is_not_repeated(cli, stub, folder):
    stub.on("POST", "/manifests/apply", Reply(hang_up=True))
    result = cli("apply", "g.yaml", "--reason", "r")
    assert (result.exit_code, len(stub.of("POST", "/manifests/apply"))) == (5, 1)
    assert "whether it did what was asked is not known" in result.stderr


def test_files_that_are_too_much_at_once_are_not_sent(cli, stub, folder):
    for number in range(7):
        Path(f"{number}.yaml").write_text("#" * 1024 * 1000)
    result = cli("plan", ".")
    assert (result.exit_code, stub.requests) == (2, [])
    assert "send fewer files at once" in result.stderr


def test_diff_compares_two_named_versions(cli, stub):
    stub.on(
        "GET",
        "/workflows/greeting/diff",
        Reply(200, {"from": "1.0.0", "to": "1.1.0", "differences": CHANGES[0]["differences"]}),
    )
    result = cli("diff", "greeting", "1.0.0", "1.1.0")
    assert stub.requests[0].query == {"from": "1.0.0", "to": "1.1.0"}
    assert result.stdout.splitlines() == ["greeting 1.0.0 → 1.1.0: 1 difference", "  + Step 'bye' is added."]


@pytest.mark.parametrize(("named", "compared"), [([], ("1.9.0", "1.10.0")), (["1.2.0"], ("1.2.0", "1.10.0"))])
def test_diff_takes_the_newest_versions_by_number_not_by_letters(cli, stub, named, compared):
    versions = [{"version": version} for version in ("1.9.0", "1.10.0", "1.2.0")]
    stub.on("GET", "/workflows/greeting/versions", Reply(200, {"items": versions, "next": None}))
    stub.on("GET", "/workflows/greeting/diff", Reply(200, {"differences": []}))
    assert cli("diff", "greeting", *named).exit_code == 0
    assert stub.of("GET", "/workflows/greeting/diff")[0].query == dict(zip(("from", "to"), compared, strict=True))


def test_one_version_alone_has_nothing_to_compare(cli, stub):
    stub.on("GET", "/workflows/greeting/versions", Reply(200, {"items": [{"version": "1.0.0"}], "next": None}))
    result = cli("diff", "greeting")
    assert result.exit_code == 1
    assert "greeting has only version 1.0.0" in result.stderr


def test_a_name_can_not_lead_to_another_endpoint(cli, stub):
    assert cli("diff", "..", "1", "2").exit_code == 2
    assert cli("diff", "../runs", "1", "2").exit_code == 4
    assert [request.path for request in stub.requests] == ["/api/v1/workflows/..%2Fruns/diff"]
