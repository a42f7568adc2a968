"""`plumbline runs`, `show`, `cancel`, `terminate`: lists, pages, one run."""

from __future__ import annotations

import json

import pytest

from .portal_stub import RUN_ID, Reply, a_detail, a_run, a_step, problem


def test_runs_are_listed_with_the_id_that_other_commands_take(cli, stub):
    stub.on(
        "GET",
        "/runs",
        Reply(200, {"items": [a_run(result="failed", compensation="done", failed_step="charge")], "next": None}),
    )
    result = cli(
        "runs", "--workflow", "order-fulfilment", "--result", "failed", "--team", "checkout", "--status", "finished"
    )
    assert result.exit_code == 0
    (line,) = result.stdout.splitlines()[1:]
    for said in ("✗ Failed, compensated", RUN_ID, "order-fulfilment", "2.3.0", "3.2 s", "charge"):
        assert said in line
    assert stub.requests[0].query == {
        "workflow": "order-fulfilment", "result": "failed", "team": "checkout", "status": "finished", "limit": "50",
    }  # fmt: skip


def pages(request):
    """Three pages; each tells the next by a cursor."""
    page = int(request.query.get("cursor", "0"))
    items = [a_run(key=f"{page}-{number}") for number in range(int(request.query["limit"]) if page < 2 else 1)]
    return Reply(200, {"items": items, "next": str(page + 1) if page < 2 else None})


def test_all_follows_every_page(cli, stub):
    stub.on("GET", "/runs", pages)
    items = json.loads(cli("runs", "--all", "--json").stdout)["items"]
    assert len(items) == 401
    assert [request.query.get("cursor") for request in stub.requests] == [None, "1", "2"]


def test_a_limit_over_a_page_takes_as_many_pages_as_it_needs(cli, stub):
    stub.on("GET", "/runs", pages)
    assert len(json.loads(cli("runs", "--limit", "250", "--json").stdout)["items"]) == 250
    assert [request.query["limit"] for request in stub.requests] == ["200", "50"]


def test_a_cursor_that_comes_back_does_not_turn_pages_forever(cli, stub):
    stub.on("GET", "/runs", Reply(200, {"items": [a_run()], "next": "again"}))
    assert cli("runs", "--all").exit_code == 0
    assert len(stub.requests) == 2


def test_an_empty_list_names_its_filter(cli, stub):
    stub.on("GET", "/runs", Reply(200, {"items": [], "next": None}))
    assert cli("runs", "--team", "fraud").stdout == "No runs with team fraud.\n"
    assert "plumbline start" in cli("runs").stdout


@pytest.mark.parametrize("wrong", [["--status", "broken"], ["--limit", "0"], ["--all", "--limit", "3"], ["--nonsense"]])
def test_wrong_usage_is_told_before_anything_is_sent(cli, stub, wrong):
    assert (cli("runs", *wrong).exit_code, stub.requests) == (2, [])


def test_show_tells_the_sentence_the_steps_and_the_attempts(cli, stub):
    attempts = [
        {"phase": "forward", "number": number, "started_at": "2031-05-01T12:00:01Z", "finished_at": "2031-05-01T12:00:02Z",
         "outcome": "failed", "error_type": "http.503", "message": "busy [bold]now[/]\x1b[31m", "next_at": None}
        for number in (1, 2)
    ]  # fmt: skip
    step = a_step(status="failed", attempt=2, error_type="http.503", error_message="busy", attempts=attempts)
    run = a_detail(
        [a_step(name="reserve"), step], result="failed", sentence="Failed at charge: http.503 after 2 attempts."
    )
    stub.on("GET", f"/runs/{RUN_ID}", Reply(200, run))
    out = cli("show", RUN_ID.upper()).stdout
    for said in (
        "✗ Failed",
        "Failed at charge: http.503 after 2 attempts.",
        "✓ Succeeded",
        "attempt 2",
        "forward",
        '"id": 1',
        f"page: {stub.url}/runs/{RUN_ID}",
    ):
        assert said in out
    # Foreign text is neither markup nor an escape sequence.
    assert "http.503: busy [bold]now[/]\\x1b[31m" in out
    assert json.loads(cli("show", RUN_ID, "--json").stdout) == run


def test_a_line_of_a_pipe_is_not_cut(cli, stub):
    step = a_step(status="failed", error_type="http.5xx", error_message="x" * 150)
    stub.on("GET", f"/runs/{RUN_ID}", Reply(200, a_detail([step])))
    assert "x" * 150 in cli("show", RUN_ID).stdout


def test_a_short_id_is_refused_with_the_remedy(cli, stub):
    result = cli("show", "91a2-7f3c")
    assert (result.exit_code, stub.requests) == (2, [])
    assert "give the full id, as `plumbline runs` prints it" in result.stderr


@pytest.mark.parametrize(("verb", "status"), [("cancel", "cancelling"), ("terminate", "finished")])
def test_stopping_carries_the_reason_and_tells_the_state(cli, stub, verb, status):
    stub.on("POST", f"/runs/{RUN_ID}/{verb}", Reply(200, a_run(status=status, result="terminated")))
    result = cli(verb, RUN_ID, "--reason", "ordered twice")
    assert result.exit_code == 0
    assert stub.requests[0].body == {"reason": "ordered twice"}
    assert ("Cancelling" if verb == "cancel" else "Terminated") in result.stdout


@pytest.mark.parametrize(("verb", "status"), [("pause", "paused"), ("resume", "running")])
def test_holding_carries_the_reason_and_tells_the_state(cli, stub, verb, status):
    stub.on("POST", f"/runs/{RUN_ID}/{verb}", Reply(200, a_run(status=status, result="")))
    result = cli(verb, RUN_ID, "--reason", "stock is counted")
    assert result.exit_code == 0
    assert stub.requests[0].body == {"reason": "stock is counted"}
    assert status.capitalize() in result.stdout


def test_a_rerun_says_from_where_and_of_which_version(cli, stub):
    stub.on("POST", f"/runs/{RUN_ID}/rerun", Reply(201, a_run(status="running", result="")))
    assert cli("rerun", RUN_ID, "--from", "ship", "--reason", "wrong label", "--latest").exit_code == 0
    (asked,) = stub.requests
    assert asked.body == {"from_step": "ship", "version": "latest", "reason": "wrong label"}
    assert asked.headers["idempotency-key"].startswith("cli-")


def test_stopping_what_is_over_is_a_no(cli, stub):
    stub.on("POST", f"/runs/{RUN_ID}/cancel", problem(409, "run 91a2-7f3c is over: succeeded", "conflict"))
    result = cli("cancel", RUN_ID, "--reason", "r", "--json")
    assert (result.exit_code, result.stderr) == (1, "Error: run 91a2-7f3c is over: succeeded\n")
    assert json.loads(result.stdout)["error"]["code"] == "conflict"


def test_a_signal_is_sent_to_a_run_under_a_key(cli, stub):
    stub.on("POST", f"/runs/{RUN_ID}/signals", Reply(202, {"number": 1, "id": "k", "source": "/s", "known": False}))
    result = cli("signal", RUN_ID, "order.paid", "--data", '{"amount": 3}', "--key", "k")
    assert (result.exit_code, "order.paid sent" in result.stdout) == (0, True)
    (request,) = stub.requests
    assert (request.body, request.headers["idempotency-key"]) == ({"name": "order.paid", "data": {"amount": 3}}, "k")
    assert cli("signal", RUN_ID, "order.paid", "--data", "{").exit_code == 2
