"""docs/webhooks.md says what is sent: every event with an example, the schedule, and a verification that works."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from governance.services.delivering import KEPT, SCHEDULE
from governance.services.sending import LIMIT
from governance.signing import keys_of, signature
from orchestration.manifest import WEBHOOK_EVENTS, parse_duration
from tests.docs.documents import ROOT, blocks
from tests.governance.receiving import OTHER, SECRET

PAGE = ROOT / "docs" / "webhooks.md"


def test_each_event_has_an_example_body():
    (text,) = blocks(PAGE, "json")
    bodies = [json.loads(line) for line in text.splitlines()]
    assert [body["type"] for body in bodies] == list(WEBHOOK_EVENTS)
    for body in bodies:
        assert body.keys() == {"type", "timestamp", "data"}
        assert body["data"]["link"].startswith("/")


def test_the_events_stand_in_the_page_of_manifests_too():
    (row,) = [
        line for line in (ROOT / "docs" / "manifests.md").read_text().splitlines() if line.startswith("| `events`")
    ]
    assert [word for word in row.split("`") if "." in word and " " not in word] == list(WEBHOOK_EVENTS)


def test_the_schedule_is_the_one_of_the_code():
    words = ("5 s", "5 min", "30 min", "2 h", "5 h", "10 h", "14 h")
    text = " ".join(PAGE.read_text().split())
    assert f"after {', '.join(words[:-1])} and {words[-1]}, so eight times in all" in text
    assert tuple(parse_duration(word.replace(" ", "").replace("min", "m")) for word in words) == SCHEDULE
    assert (len(SCHEDULE) + 1, LIMIT, KEPT.days) == (8, 10, 30)


def test_the_verification_takes_what_is_signed_and_refuses_what_is_not():
    (text,) = blocks(PAGE, "python")
    found: dict[str, Any] = {}
    exec(text, found)
    now, body = int(time.time()), '{"a": "ü"}'

    def headers(at: int) -> dict[str, str]:
        signed = signature(keys_of(f"{OTHER} {SECRET}"), "msg_1", at, body)
        return {"webhook-id": "msg_1", "webhook-timestamp": str(at), "webhook-signature": signed}

    for secret in (SECRET, OTHER):
        found["verify"](secret, headers(now), body.encode())
    for secret, at, sent in (
        ("whsec_" + "A" * 32, now, body),
        (SECRET, now, body + " "),
        (SECRET, now - 600, body),
    ):
        with pytest.raises(ValueError):
            found["verify"](secret, headers(at), sent.encode())
