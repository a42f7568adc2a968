"""`plumbline schedule` and `plumbline trigger`: lists, pausing, and a range that is told before it is started."""

from __future__ import annotations

import json

import pytest

from .portal_stub import Reply

ONE = {
    "name": "nightly", "workflow": "settle@^1", "paused": False, "paused_reason": "", "next_at": "2031-05-01T02:30:00Z",
    "spec": {"cron": "30 2 * * *", "timezone": "Europe/Madrid"}, "next_ticks": ["2031-05-01T02:30:00Z"],
    "ticks": [{"at": "2026-11-01T02:30:00Z", "outcome": "failed", "run": None, "error": "no active version"}],
}  # fmt: skip
SEEN = {"ticks": 3, "first": "2026-11-01T02:30:00Z", "last": "2026-11-03T02:30:00Z"}
RANGE = ("--from", "2026-11-01", "--to", "2026-11-03T12:00Z", "--reason", "it was empty")


def test_schedules_are_listed_with_their_times(cli, stub):
    stub.on("GET", "/schedules", Reply(200, {"items": [ONE], "next": None}))
    said = cli("schedule", "list").stdout
    for word in ("nightly", "settle@^1", "30 2 * * *", "Europe/Madrid", "2031-05-01", "active"):
        assert word in said


def test_one_is_shown_with_why_a_tick_started_nothing(cli, stub):
    stub.on("GET", "/schedules/nightly", Reply(200, ONE))
    assert "no active version" in cli("schedule", "show", "nightly").stdout
    assert json.loads(cli("schedule", "show", "nightly", "--json").stdout) == ONE


@pytest.mark.parametrize(("noun", "verb", "paused"), [("schedule", "pause", True), ("trigger", "resume", False)])
def test_pausing_sends_the_reason(cli, stub, noun, verb, paused):
    stub.on("POST", f"/{noun}s/nightly/{verb}", Reply(200, {**ONE, "paused": paused}))
    result = cli(noun, verb, "nightly", "--reason", "work")
    assert result.exit_code == 0
    assert result.stdout == f"{noun} nightly is {'paused' if paused else 'active'}\n"
    assert stub.requests[0].body == {"reason": "work"}


def test_a_range_is_told_and_asked_about_before_it_is_started(cli, stub):
    stub.on("POST", "/schedules/nightly/backfills/preview", Reply(200, SEEN))
    stub.on("POST", "/schedules/nightly/backfills", Reply(201, {"number": 7}))
    refused = cli("schedule", "backfill", "nightly", *RANGE, text="n\n")
    assert refused.exit_code != 0
    assert "3 runs" in refused.output
    assert [request.path for request in stub.requests] == ["/api/v1/schedules/nightly/backfills/preview"]
    assert "backfill 7" in cli("schedule", "backfill", "nightly", *RANGE, "--yes").stdout
    assert stub.requests[-1].body["starts_at"] == "2026-11-01T00:00:00+00:00"


def test_a_dry_run_starts_nothing(cli, stub):
    stub.on("POST", "/schedules/nightly/backfills/preview", Reply(200, SEEN))
    assert "would start 3 runs" in cli("schedule", "backfill", "nightly", *RANGE, "--dry-run").stdout
    assert len(stub.requests) == 1


@pytest.mark.parametrize("text", ["yesterday", "2026-11-01T02:30", "2026-13-01", ""])
def test_a_time_without_a_zone_or_sense_is_refused_before_anything_is_sent(cli, stub, text):
    result = cli("schedule", "backfill", "nightly", "--from", text, "--to", "2026-11-03", "--reason", "r")
    assert result.exit_code == 2
    assert not stub.requests
