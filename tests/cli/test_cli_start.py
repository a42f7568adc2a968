"""`plumbline start` and `retry`: input, keys, waiting, interruption."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from orchestration.limits import MAX_PAYLOAD
from portal.cli import following, starting
from portal.cli.plain import clock

from .portal_stub import RUN_ID, TOKEN, Reply, a_detail, a_run, a_step, problem

ROOT = Path(__file__).resolve().parents[2]
RUN = f"/runs/{RUN_ID}"
DUE = "2031-05-01T14:03:12Z"
RETRYING = a_step(status="retrying", attempt=2, maximum_attempts=5, not_before=DUE)


@pytest.fixture
def begun(stub):
    stub.on("POST", "/runs", Reply(201, a_run(status="running", result="")))
    return stub


def test_a_start_sends_input_version_and_a_key_of_its_own(cli, begun):
    result = cli("start", "order-fulfilment", "--version", "2.3.0", "--input", '{"id": 7}')
    assert result.exit_code == 0
    assert f"started run {RUN_ID}" in result.stdout
    (sent,) = begun.requests
    assert sent.body == {"workflow": "order-fulfilment", "version": "2.3.0", "input": {"id": 7}}
    assert sent.headers["idempotency-key"].startswith("cli-")


def test_a_lost_answer_is_asked_for_again_with_the_same_key(cli, stub):
    stub.on("POST", "/runs", Reply(hang_up=True), Reply(502, b"<html>", "text/html"), Reply(200, a_run()))
    result = cli("start", "order-fulfilment")
    assert result.exit_code == 0
    assert "was there already" in result.stdout
    assert len({request.headers["idempotency-key"] for request in stub.requests}) == 1
    assert len(stub.requests) == 3


def test_a_start_in_doubt_names_the_key_to_repeat_it_with(cli, stub):
    stub.on("POST", "/runs", Reply(hang_up=True))
    result = cli("start", "order-fulfilment", "--key", "order 7", "--json")
    assert (result.exit_code, len(stub.requests)) == (5, 4)
    assert "repeat with `--key order 7`" in result.stderr
    assert json.loads(result.stdout)["error"]["key"] == "order 7"


def test_the_input_comes_from_a_file_or_from_stdin(cli, begun, tmp_path):
    (tmp_path / "input.json").write_bytes(b'\xef\xbb\xbf{"id": "\xc3\xa9"}')
    assert cli("start", "w", "--input-file", str(tmp_path / "input.json")).exit_code == 0
    assert cli("start", "w", "--input-file", "-", text='{"id": 2}').exit_code == 0
    assert [request.body["input"] for request in begun.requests] == [{"id": "é"}, {"id": 2}]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--input", '{"id": }'], "--input:1:8: not JSON"),
        (["--input", '{"a": 1, "a": 2}'], "the key 'a' stands twice"),
        (["--input", "[NaN]"], "NaN is not JSON"),
        (["--input", "1e999"], "--input: "),
        (["--input", "[" * 100_000], "nested too deeply"),
        (["--input-file", "/nowhere/input.json"], "/nowhere/input.json: No such file"),
        (["--input", "1", "--input-file", "-"], "give one"),
        (["--key", "a\nb"], "--key"),
        (["--key", ""], "--key"),
        (["--timeout", "3"], "--timeout is for --wait"),
    ],
)
def test_what_can_not_be_right_is_told_before_anything_is_sent(cli, begun, options, said):
    result = cli("start", "order-fulfilment", *options)
    assert (result.exit_code, begun.requests) == (2, [])
    assert said in result.stderr


def test_an_input_over_the_engines_limit_is_not_read_whole(cli, begun, tmp_path):
    assert starting.MAX_INPUT == MAX_PAYLOAD
    (tmp_path / "big.json").write_text('"' + "x" * MAX_PAYLOAD + '"')
    result = cli("start", "w", "--input-file", str(tmp_path / "big.json"))
    assert (result.exit_code, begun.requests) == (2, [])
    assert "big.json: is larger than" in result.stderr


def test_input_of_the_wrong_shape_is_a_no_with_every_violation(cli, stub):
    violations = [{"pointer": "/id", "message": "is required"}, {"pointer": "", "message": "is no object"}]
    stub.on("POST", "/runs", problem(422, "the input does not fit", "invalid_input", violations=violations))
    result = cli("start", "order-fulfilment")
    assert result.exit_code == 1
    assert result.stderr.splitlines() == ["Error: the input does not fit", "  /id: is required", "  /: is no object"]


def test_waiting_tells_each_change_and_ends_well(cli, begun):
    running = a_detail([RETRYING, a_step(name="ship", status="pending", attempt=0)], status="running", result="")
    begun.on(
        "GET",
        RUN,
        Reply(200, running),
        Reply(503, b"", "text/html"),
        Reply(200, running),
        Reply(200, a_detail([a_step()])),
    )
    result = cli("start", "order-fulfilment", "--wait")
    assert result.exit_code == 0
    first, second = result.stderr.splitlines()
    assert first.endswith(f"charge: Retrying, attempt 2 of 5, next {clock(DUE)}")
    assert second.endswith("charge: Succeeded")
    assert "✓ Succeeded" in result.stdout


@pytest.mark.parametrize(
    ("result", "exit_code"),
    [("succeeded", 0), ("degraded", 0), ("failed", 1), ("timed_out", 1), ("cancelled", 1), ("terminated", 1)],
)
def test_the_end_of_the_run_is_the_exit_code(cli, begun, result, exit_code):
    begun.on("GET", RUN, Reply(200, a_detail(result=result)))
    ended = cli("start", "order-fulfilment", "--wait", "--json")
    assert (ended.exit_code, ended.stderr) == (exit_code, "")
    assert json.loads(ended.stdout)["result"] == result


def test_a_timeout_leaves_the_run_alone_and_says_how_to_see_it(cli, begun):
    begun.on("GET", RUN, Reply(200, a_detail(status="waiting", result="")))
    result = cli("start", "order-fulfilment", "--wait", "--timeout", "1", "--json")
    assert result.exit_code == 1
    assert f"run {RUN_ID} is still waiting after 1 s" in result.stderr
    assert f"`plumbline show {RUN_ID}`" in result.stderr
    error = json.loads(result.stdout)["error"]
    assert (error["code"], error["run"]) == ("timeout", RUN_ID)
    assert not begun.of("POST", f"{RUN}/cancel")


def test_a_portal_that_restarts_does_not_end_the_wait(cli, begun):
    begun.on("GET", RUN, *[Reply(502, b"", "text/html")] * 9, Reply(200, a_detail()))
    result = cli("start", "order-fulfilment", "--wait")
    assert result.exit_code == 0
    assert result.stderr.count("still trying") == 1


def test_a_portal_that_stays_away_ends_the_wait_but_not_the_run(cli, begun, monkeypatch):
    monkeypatch.setattr(following, "PATIENCE", 0.0)
    begun.on("GET", RUN, Reply(502, b"", "text/html"))
    result = cli("start", "order-fulfilment", "--wait")
    assert result.exit_code == 5
    assert "the run goes on" in result.stderr


def test_retry_starts_a_new_run_and_can_wait_for_it(cli, stub):
    stub.on("POST", f"{RUN}/retry", Reply(201, a_run(status="running", result="", retry_of=RUN_ID)))
    stub.on("GET", RUN, Reply(200, a_detail(result="failed")))
    assert cli("retry", RUN_ID).exit_code == 0
    assert cli("retry", RUN_ID, "--wait").exit_code == 1
    assert stub.requests[0].headers["idempotency-key"]


def command(stub, *arguments):
    environment = os.environ | {"PLUMBLINE_URL": stub.url, "PLUMBLINE_TOKEN": TOKEN, "NO_PROXY": "127.0.0.1"}
    return [sys.executable, "-m", "portal.cli", *arguments], {"cwd": ROOT, "env": environment}


def interruptible():
    """Whoever runs the tests in the background of a script has its children ignore Ctrl+C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_an_interrupted_wait_says_that_the_run_goes_on(begun):
    begun.on("GET", RUN, Reply(200, a_detail(status="running", result="")))
    arguments, options = command(begun, "start", "order-fulfilment", "--wait")
    options |= {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "preexec_fn": interruptible}
    with subprocess.Popen(arguments, **options) as process:
        begun.wait_for("GET", RUN)
        process.send_signal(signal.SIGINT)
        try:
            out, err = process.communicate(timeout=20)
        finally:
            process.kill()
    assert (process.returncode, out) == (130, "")
    assert f"interrupted; run {RUN_ID} goes on" in err
    assert f"`plumbline cancel {RUN_ID} --reason …`" in err
    assert "Traceback" not in err


def read_to_the_end(terminal: int) -> str:
    seen = b""
    # A terminal that its last writer has left ends with an error, not with nothing.
    with os.fdopen(terminal, "rb", buffering=0) as stream, contextlib.suppress(OSError):
        while part := stream.read(4096):
            seen += part
    return seen.decode()


def test_a_terminal_sees_the_steps_live(begun):
    begun.on(
        "GET", RUN, Reply(200, a_detail([RETRYING], status="running", result="")), Reply(200, a_detail([a_step()]))
    )
    arguments, options = command(begun, "start", "order-fulfilment", "--wait")
    ours, theirs = pty.openpty()
    options["env"] |= {"TERM": "xterm", "COLUMNS": "140"}
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=theirs, **options) as process:
        out, _ = process.communicate(timeout=20)
    os.close(theirs)
    seen = read_to_the_end(ours)
    assert process.returncode == 0
    assert f"attempt 2 of 5, next {clock(DUE)}" in seen
    assert b"Succeeded" in out
    assert b"\x1b" not in out
