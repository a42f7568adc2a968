"""Whatever is sent to the forms and endpoints of the gate, the answer is no fault of ours: never a 5xx, on both databases."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

from governance.models import Change, Waiver
from orchestration import clock
from tests.governance.gatehouse import change, people, teams
from tests.governance.test_gate_people import accept

__all__ = ["change", "people", "teams"]
pytestmark = pytest.mark.django_db

LONG = os.environ.get("CHAOS") == "long"
#: Of each kind of fault one; `make chaos` sends them all.
BAD = ["", "\x00", "²", "9" * 5000, "<script>", "\ufffe", "0001-01-01", "9999-12-31T23:59:59-14:00"]
if LONG:
    BAD += [
        "-1", "9" * 30, "0", "٣", "null", "x" * 20_000, "1e400", "9999-12-31", "0001-01-01T00:00:00+14:00", "2027-02-30",
        "2027-01-31T00:00", "2027-W01-1", "' OR 1=1 --",
    ]  # fmt: skip
FORMS = {
    "review": ("team", "vote", "reason", "seen"),
    "comment": ("text", "finding", "parent"),
    "waive": ("team", "finding", "reason", "until", "seen"),
    "end-waiver": ("waiver", "reason"),
    "withdraw": ("reason",),
    "schedule": ("rollout", "apply_at", "reason"),
    "apply": ("reason",),
    "ask-glass": ("reason", "until", "seen"),
    "break-glass": ("reason", "seen"),
}


def good(found: Change) -> dict[str, str]:
    return {
        "team": "checkout", "vote": "later", "reason": "r", "seen": found.content_hash, "text": "t", "finding": "", "parent": "",
        "until": "2031-01-01", "waiver": "1", "rollout": "scheduled", "apply_at": "2031-01-01",
    }  # fmt: skip


@pytest.fixture
def browsers(client, people, change: Change, teams) -> Any:
    accept(change, people["consumer"], teams[1])

    def of(who: str) -> Any:
        client.raise_request_exception = False
        client.force_login(people[who])
        return client

    return of


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("who", ["author", "consumer"] if LONG else ["consumer"])
def test_no_form_of_a_change_falls_over(browsers, change: Change, form: str, who: str):
    client, fields = browsers(who), FORMS[form]
    for field in fields:
        for bad in BAD:
            sent = {key: value for key, value in good(change).items() if key in fields} | {field: bad}
            if form == "withdraw" and bad.strip("\x00"):
                continue  # it would be done
            answer = client.post(f"/changes/{change.pk}/{form}/", sent)
            assert answer.status_code < 500, (form, field, bad[:40])


@pytest.mark.parametrize("path", ["/changes/", "/contracts/", "/contracts/order.placed/"])
def test_no_address_falls_over(browsers, path: str):
    client = browsers("author")
    for field in ("state", "team", "kind", "page", "q", "from", "to"):
        for bad in BAD:
            answer = client.get(path, {field: bad})
            assert answer.status_code < 500, (path, field, bad[:40])
    for number in ("0", "9" * 18, "9" * 19, "9" * 40, "9" * 4400):
        for act in ("", "review/", "comment/"):
            assert client.post(f"/changes/{number}/{act}").status_code < 500, number[:40]
        assert client.get(f"/changes/{number}/").status_code == 404, number[:40]
        assert client.get(f"/api/v1/changes/{number}").status_code == 404, number[:40]


@pytest.mark.parametrize("verb", ["deprecate", "retire"])
def test_no_form_of_an_ending_falls_over(browsers, verb: str):
    client = browsers("author")
    for bad in BAD:
        for field in ("sunset", "successor", "reason"):
            sent = {"sunset": "2031-01-01", "successor": "1.0.0", "reason": "r"} | {field: bad}
            if verb == "retire" and field != "reason":
                continue
            answer = client.post(f"/contracts/order.placed/1.0.0/{verb}/", sent)
            assert answer.status_code < 500, (field, bad[:40])
    for number in ("1.0", "\u00b2", "x" * 300, "2.0.0"):
        answer = client.post(f"/contracts/order.placed/{number}/{verb}/", {"reason": "r"})
        assert answer.status_code < 500


def test_no_form_of_a_delegation_falls_over(browsers, people):
    client = browsers("owner")
    for bad in BAD:
        for field in ("team", "person", "last_day", "reason"):
            sent = {"team": "checkout", "person": people["author"].username, "last_day": "2031-01-01", "reason": "r"}
            assert client.post("/account/delegations/new/", sent | {field: bad}).status_code < 500, (field, bad[:40])


def test_no_proposal_falls_over(browsers):
    client = browsers("author")
    whole = {
        "name": "order.placed", "version": "3.0.0", "owner": "checkout", "policy": "tolerant", "compatibility": "",
        "description": "", "schema": '{"type": "object"}', "reason": "r",
    }  # fmt: skip
    worse = [*BAD, "[", "[]", "{}", '{"a": 1}', '{"$ref": "#"}', "[" * 3000, '"\\ud800"', '{"type": 1e999}', "true"]
    for field in whole:
        for bad in worse if field == "schema" else BAD:
            for path in ("/contracts/order.placed/propose/", "/contracts/new/"):
                answer = client.post(path, whole | {field: bad, "propose": "1"})
                assert answer.status_code < 500, (field, bad[:40], path)


JSONS = [
    None, 0, -1, 1.5, 2**70, True, [], {}, "", "\x00", "\ud800", "x" * 20_000, [[]], {"a": 1}, "9999-12-31T23:59:59-14:00",
    "0001-01-01T00:00:00+14:00", "2027-01-01", "order", "²",
]  # fmt: skip
ENDPOINTS = {
    "changes/{}/reviews": {"team": "checkout", "vote": "approve", "reason": "r", "seen": "x"},
    "changes/{}/comments": {"text": "t", "finding": "", "answer_to": None},
    "changes/{}/withdraw": {"reason": ""},
    "changes/{}/schedule": {"rollout": "scheduled", "apply_at": "2031-01-01T00:00:00Z", "reason": "r"},
    "changes/{}/apply": {"reason": "r"},
    "contracts/order.placed/versions/1.0.0/deprecate": {"sunset_at": "2031-01-01T00:00:00Z", "successor": "x", "reason": "r"},
    "contracts/order.placed/versions/1.0.0/retire": {"reason": "r"},
    "contracts/order.placed/versions/1.0.0/verifications": {
        "role": "provider", "participant": "shop", "commit": "c", "passed": True, "url": "",
    },
    "contracts/check": {"name": "order.placed", "version": "3.0.0", "owner": "checkout", "document": {}},
    "workflows/ship/versions/1.0.0/deprecate": {"sunset_at": "2031-01-01T00:00:00Z", "successor": "x", "reason": "r"},
}  # fmt: skip


@pytest.mark.parametrize("path", ENDPOINTS)
@pytest.mark.parametrize("who", ["author"])
def test_no_endpoint_falls_over(browsers, change: Change, path: str, who: str):
    client, whole = browsers(who), ENDPOINTS[path]
    address = f"/api/v1/{path.format(change.pk)}"
    bodies: list[Any] = [
        whole | {field: bad} for field in whole for bad in JSONS if (path, field) != ("changes/{}/withdraw", "reason")
    ]
    for body in [*bodies, *JSONS, {**whole, "more": 1}]:
        answer = client.post(address, json.dumps(body), content_type="application/json")
        assert answer.status_code < 500, (path, str(body)[:200])
    for text in (b"", b"{", b"\xff", b'{"a": NaN}', b'{"reason": 1e999}', b"[" * 20_000):
        assert client.post(address, text, content_type="application/json").status_code < 500, text[:20]


def test_no_query_of_the_api_falls_over(browsers, change: Change):
    client = browsers("author")
    for field in ("cursor", "limit", "state", "team", "more"):
        for bad in BAD:
            assert client.get("/api/v1/changes", {field: bad}).status_code < 500, (field, bad[:40])
    assert Waiver.objects.get().expires_at > clock.now()
