"""The connection: every exit code, strange servers, repeats, and starting fast."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from .portal_stub import RUN_ID, Reply, a_run, problem

ROOT = Path(__file__).resolve().parents[2]
EMPTY = Reply(200, {"items": [], "next": None})
HTML = Reply(200, b"<html>Welcome</html>", "text/html")


@pytest.mark.parametrize(
    ("reply", "exit_code", "said"),
    [
        (EMPTY, 0, ""),
        (problem(409, "the key is taken", "conflict"), 1, "the key is taken"),
        (problem(400, "since: not a time", "invalid_request"), 2, "since: not a time"),
        (problem(401, "the token has expired", "authentication_failed"), 3, "the token has expired"),
        (Reply(401, b"", "text/html"), 3, "your account page in the portal makes a new one"),
        (problem(403, "you may not operate checkout", "forbidden"), 3, "you may not operate checkout"),
        (problem(404, "no workflow 'x'; did you mean 'y'?", "not_found"), 4, "did you mean 'y'?"),
        (problem(500, "it broke", "error"), 5, "the portal's log has the cause"),
        (Reply(502, b"<html>", "text/html"), 5, "answered 502; the portal behind it is down or failing"),
        (HTML, 5, "answered 200 with text/html, which is no answer of a portal"),
        (Reply(404, b"<html>", "text/html"), 5, "check --url"),
        (Reply(200, b"{", "application/json"), 5, "no answer of a portal"),
        (Reply(200, [1], "application/json"), 5, "no answer of a portal"),
        (Reply(200, {"items": 3}, "application/json"), 5, "a list without items"),
        (Reply(302, b"", "text/html", {"Location": "https://x/sign-in"}), 5, "redirects to https://x/sign-in"),
        (
            Reply(429, {"detail": "slow down", "code": "throttled"}, headers={"Retry-After": "0"}),
            5,
            "try again in 0 seconds",
        ),
    ],
)
def test_each_answer_has_its_exit_code_and_its_remedy(cli, stub, reply, exit_code, said):
    stub.on("GET", "/runs", reply)
    result = cli("runs")
    assert result.exit_code == exit_code
    assert said in result.stderr
    machine = cli("runs", "--json")
    assert machine.exit_code == exit_code
    told = json.loads(machine.stdout)
    assert exit_code == 0 or told["error"]["exit_code"] == exit_code


def test_nobody_listening_is_unreachable(cli):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    result = cli("runs", "--url", f"http://127.0.0.1:{port}")
    assert result.exit_code == 5
    assert f"http://127.0.0.1:{port} can't be reached" in result.stderr


def test_a_read_is_repeated_when_the_connection_breaks(cli, stub):
    stub.on("GET", "/runs", Reply(hang_up=True), Reply(503, b"", "text/html"), EMPTY)
    assert cli("runs").exit_code == 0
    assert len(stub.requests) == 3


def test_a_stop_is_not_repeated_when_its_answer_is_lost(cli, stub):
    stub.on("POST", f"/runs/{RUN_ID}/cancel", Reply(hang_up=True))
    result = cli("cancel", RUN_ID, "--reason", "r")
    assert (result.exit_code, len(stub.requests)) == (5, 1)
    assert "not known" in result.stderr


def test_a_token_that_the_portal_does_not_know_is_told_so_and_never_shown(cli, stub):
    stub.on("GET", "/runs", EMPTY)
    result = cli("runs", "--token", "plb_stolen")
    assert result.exit_code == 3
    assert "unknown, expired or revoked" in result.stderr
    assert "plb_stolen" not in result.output


def test_without_a_token_none_is_sent(cli, stub):
    stub.on("GET", "/runs", EMPTY)
    assert cli("runs", PLUMBLINE_TOKEN="").exit_code == 0
    assert "authorization" not in stub.requests[0].headers
    stub.on("GET", "/runs", problem(401, "Not signed in.", "not_authenticated"))
    refused = cli("runs", PLUMBLINE_TOKEN="")
    assert refused.exit_code == 3
    assert "set PLUMBLINE_TOKEN or --token to a token" in refused.stderr


@pytest.mark.parametrize(
    "url",
    [
        "portal.example",
        "ftp://portal.example",
        "http://",
        "http://a:b@portal.example",
        "http://x:99999",
        "http://x/?a=1",
    ],
)
def test_an_address_that_can_not_be_right_is_refused(cli, url):
    result = cli("runs", "--url", url)
    assert result.exit_code == 2
    assert "--url" in result.stderr


def test_a_token_with_a_line_break_never_becomes_a_header(cli, stub):
    assert (cli("runs", PLUMBLINE_TOKEN="plb_a\r\nx: y").exit_code, stub.requests) == (2, [])


def test_options_before_the_command_hold_and_its_own_win(cli, stub):
    stub.on("GET", "/runs", EMPTY)
    assert json.loads(cli("--json", "--url", "http://127.0.0.1:1", "runs", "--url", stub.url).stdout) == {"items": []}


def test_the_portal_may_live_under_a_path(cli, stub):
    stub.answers["GET", "/plumbline/api/v1/runs"] = [Reply(200, {"items": [a_run()], "next": None})]
    assert cli("runs", "--url", f"{stub.url}/plumbline/").exit_code == 0


def test_an_answer_that_is_no_list_of_changes_is_told(cli, stub, tmp_path):
    (tmp_path / "a.yaml").write_text("kind: X\n")
    stub.on("POST", "/manifests/plan", Reply(200, {"changes": "none"}))
    result = cli("plan", str(tmp_path))
    assert result.exit_code == 5
    assert "may be of different releases" in result.stderr


def test_the_version_is_printed(cli):
    assert cli("--version").stdout.startswith("plumbline 0.")


@pytest.mark.parametrize("arguments", [["nonsense"], ["show"], ["validate"], ["runs", "--status"]])
def test_wrong_usage_has_its_own_exit_code(cli, arguments):
    assert cli(*arguments).exit_code == 2


def test_the_command_starts_without_the_heavy_libraries():
    code = (
        "import sys, portal.cli; "
        "print([name for name in ('django', 'httpx', 'rich', 'pydantic', 'ruamel') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_checking_manifests_never_imports_django(tmp_path):
    (tmp_path / "a.yaml").write_text("kind: X\n")
    code = (
        "import sys\n"
        "from portal.cli.program import program\n"
        "try:\n    program(['validate', sys.argv[1]])\n"
        "except SystemExit as end:\n    print(end.code, 'django' in sys.modules)\n"
    )
    arguments = [sys.executable, "-c", code, str(tmp_path)]
    run = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.strip().endswith("1 False")
