"""Decisions and runbooks over REST: shapes, permissions, preconditions, problems; never a 5xx."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from governance.models import Decision, Runbook
from orchestration.models import Membership
from portal.permissions import Verb
from tests.people import ROLES, person, token_for

DECISION = {"title": "Use a saga", "owner": "checkout", "body": "## Why\n", "reason": "we met", "status": "accepted"}
RUNBOOK = {
    "slug": "payments-slow",
    "title": "Payments is slow",
    "owner": "checkout",
    "body": "x",
    "reason": "asked for",
}
EDITS = {
    "/decisions": {**DECISION, "body": "new", "correction": True},
    "/runbooks": {k: v for k, v in RUNBOOK.items() if k != "slug"} | {"body": "new"},
}


class Caller:
    def __init__(self, secret=""):
        self.client = Client(headers={"Authorization": f"Bearer {secret}"} if secret else {})

    def __call__(self, method, path, body=None, **headers):
        text = body if isinstance(body, (str, bytes)) else "" if body is None else json.dumps(body)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.generic(method, f"/api/v1{path}", text, "application/json", headers=named)


@pytest.fixture
def api(maintainer):
    return Caller(token_for(maintainer))


def problem(answer, status):
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    return answer.json()


def test_a_decision_is_created_read_edited_and_its_history_told(api, maintainer, workflow):
    made = api("POST", "/decisions", {**DECISION, "workflows": ["order-fulfilment"]})
    assert made.status_code == 201
    assert made["Location"] == "/api/v1/decisions/1"
    assert made["ETag"] == '"1"'
    read = api("GET", "/decisions/1")
    assert read.json() == made.json()
    assert read.json() | {"number": 1, "slug": "use-a-saga", "status": "accepted", "owner": "checkout"} == read.json()
    assert read.json()["workflows"] == ["order-fulfilment"]
    edited = api(
        "PUT",
        "/decisions/1",
        {**DECISION, "body": "better", "reason": "a slip", "correction": True},
        If_Match=read["ETag"],
    )
    assert (edited.status_code, edited["ETag"]) == (200, '"2"')
    assert (edited.json()["body"], edited.json()["workflows"], edited.json()["date"]) == (
        "better",
        [],
        read.json()["date"],
    )
    items = api("GET", "/decisions/1/history").json()["items"]
    assert [(item["revision"], item["reason"], item["by"]) for item in items] == [
        (2, "a slip", maintainer.username),
        (1, "we met", maintainer.username),
    ]
    back = api("POST", "/decisions/1/restore", {"history_id": items[1]["id"], "reason": "no slip"}, If_Match='"2"')
    assert (back.status_code, back.json()["body"], back.json()["revision"]) == (200, "## Why\n", 3)


def test_a_runbook_is_created_read_edited_and_restored(api, workflow, dependency):
    made = api("POST", "/runbooks", {**RUNBOOK, "workflows": ["order-fulfilment"], "dependencies": ["payments-api"]})
    assert (made.status_code, made["Location"]) == (201, "/api/v1/runbooks/payments-slow")
    read = api("GET", "/runbooks/payments-slow")
    assert (read.json()["freshness"], read.json()["dependencies"]) == ("no_review_date", ["payments-api"])
    edit = {**EDITS["/runbooks"], "review_by": "2020-01-01", "revision": 1}
    edited = api("PUT", "/runbooks/payments-slow", edit)
    assert (edited.status_code, edited.json()["freshness"], edited["ETag"]) == (200, "stale", '"2"')
    history = api("GET", "/runbooks/payments-slow/history").json()["items"]
    back = api("POST", "/runbooks/payments-slow/restore", {"history_id": history[-1]["id"], "reason": "r"})
    assert (back.json()["body"], back.json()["revision"]) == ("x", 3)


def test_lists_are_keyset_pages_with_filters(api):
    for number in range(5):
        api("POST", "/decisions", {**DECISION, "title": f"Decision {number}"})
        api("POST", "/runbooks", {**RUNBOOK, "slug": f"book-{number}"})
    for path, key, expected in (
        ("/decisions", "number", [5, 4, 3, 2, 1]),
        ("/runbooks", "slug", [f"book-{n}" for n in range(5)]),
    ):
        seen, cursor = [], ""
        while cursor is not None:
            page = api("GET", f"{path}?limit=2&cursor={cursor}").json()
            seen += [item[key] for item in page["items"]]
            assert "body" not in page["items"][0]
            cursor = page["next"]
        assert seen == expected
    assert api("GET", "/decisions?status=draft").json() == {"items": [], "next": None}
    assert len(api("GET", "/decisions?status=accepted&owner=checkout&q=decision+3").json()["items"]) == 1


def test_an_edit_over_an_older_revision_is_412_and_nothing_is_lost(api):
    api("POST", "/decisions", DECISION)
    api("PUT", "/decisions/1", {**DECISION, "body": "theirs", "correction": True}, If_Match='"1"')
    answer = problem(api("PUT", "/decisions/1", {**DECISION, "body": "mine"}, If_Match='"1"'), 412)
    assert answer["code"] == "precondition_failed"
    assert "revision 2" in answer["detail"]
    problem(api("PUT", "/decisions/1", {**DECISION, "body": "mine", "revision": 1}), 412)
    problem(api("POST", "/decisions/1/restore", {"history_id": 1, "reason": "r"}, If_Match='"1"'), 412)
    problem(api("PUT", "/decisions/1", {**DECISION, "revision": 1}, If_Match='"2"'), 412)
    assert Decision.objects.get().body == "theirs"


@pytest.mark.parametrize("header", ["", "*", '"x"', "abc", '"1", "2"', "-1", '"' + "9" * 40 + '"'])
def test_an_edit_must_name_one_revision(api, header):
    api("POST", "/decisions", DECISION)
    answer = problem(api("PUT", "/decisions/1", EDITS["/decisions"], **({"If_Match": header} if header else {})), 422)
    assert answer["violations"][0]["pointer"] == "/revision"


def test_a_weakened_etag_is_understood_since_proxies_weaken_it(api):
    api("POST", "/decisions", DECISION)
    assert api("PUT", "/decisions/1", EDITS["/decisions"], If_Match='W/"1"').status_code == 200


@pytest.mark.parametrize("path", ["/decisions", "/runbooks"])
@pytest.mark.parametrize("role", ROLES)
def test_everyone_signed_in_reads_and_maintainers_of_the_owner_write(
    path, role, team, maintainer, decide, write_runbook
):
    document = decide(status="accepted") if path == "/decisions" else write_runbook()
    one = f"{path}/{document.number if path == '/decisions' else document.slug}"
    call = Caller("" if role == "anonymous" else token_for(person(role, team)))
    for read in (path, one, f"{one}/history"):
        assert call("GET", read).status_code == (401 if role == "anonymous" else 200), read
    body = {**(DECISION if path == "/decisions" else RUNBOOK), "title": "Another"} | (
        {"slug": "another"} if path == "/runbooks" else {}
    )
    writes = [
        ("POST", path, body, 201),
        ("PUT", one, {**EDITS[path], "revision": 1}, 200),
        ("POST", f"{one}/restore", {"history_id": document.history.earliest().history_id, "reason": "r"}, 200),
    ]
    for method, where, sent, fine in writes:
        answer = call(method, where, sent)
        expected = 401 if role == "anonymous" else fine if role in {"maintainer", "admin"} else 403
        assert answer.status_code == expected, (method, where, answer.content)


def test_a_token_without_the_verb_or_for_another_team_cannot_write(maintainer, other_team):
    Membership.objects.create(team=other_team, user=maintainer, role="maintainer")
    for token in (
        token_for(maintainer, verbs=[Verb.OPERATE]),
        token_for(maintainer, team=other_team),
    ):
        problem(Caller(token)("POST", "/decisions", DECISION), 403)
    assert Decision.objects.count() == 0


def test_moving_a_document_to_another_team_needs_both(api, maintainer, other_team, decide, write_runbook):
    decide()
    write_runbook()
    for one, edit in (("/decisions/1", EDITS["/decisions"]), ("/runbooks/payments-slow", EDITS["/runbooks"])):
        moved = {**edit, "owner": "payments", "revision": 1}
        problem(api("PUT", one, moved), 403)
        Membership.objects.create(team=other_team, user=maintainer, role="maintainer")
        assert api("PUT", one, moved).json()["owner"] == "payments"
        Membership._base_manager.filter(team=other_team).delete()


def test_superseding_another_teams_decision_needs_that_team_too(api, maintainer, other_team, decide):
    decide("Theirs", owner=other_team, status="accepted")
    new = {**DECISION, "supersedes": [1]}
    problem(api("POST", "/decisions", new), 403)
    Membership.objects.create(team=other_team, user=maintainer, role="maintainer")
    assert api("POST", "/decisions", new).json()["supersedes"] == [1]
    assert api("GET", "/decisions/1").json()["superseded_by"] == 2


@pytest.mark.parametrize("path", ["/decisions/99", "/decisions/99/history", "/runbooks/nope", "/runbooks/nope/history"])
def test_what_is_not_there_is_404(api, path):
    assert problem(api("GET", path), 404)["code"] == "not_found"


@pytest.mark.parametrize("path", ["/decisions", "/runbooks"])
@pytest.mark.parametrize(
    ("change", "statuses"),
    [
        ({"reason": ""}, {400}),
        ({"reason": "  "}, {400}),
        ({"reason": None}, {400}),
        ({"owner": "nobody"}, {422}),
        ({"owner": "a\u0000"}, {400, 422}),
        ({"title": ""}, {400}),
        ({"title": "a\u0000b"}, {400}),
        ({"title": "x" * 201}, {400}),
        ({"body": "a\u0000b"}, {400, 422}),
        ({"body": "\ud800"}, {400, 422}),
        ({"body": "x" * 200_001}, {422}),
        ({"body": 1.5, "title": []}, {400}),
        ({"status": "decided"}, {400}),
        ({"workflows": ["nowhere"]}, {422}),
        ({"workflows": "order-fulfilment"}, {400}),
        ({"workflows": {"a": 1}}, {400}),
        ({"date": "2026-02-30", "review_by": "2026-02-30"}, {400, 422}),
        ({"unknown": 1}, {422}),
    ],
)
def test_bad_input_is_a_clear_4xx_and_writes_nothing(api, path, change, statuses):
    answer = api("POST", path, {**(DECISION if path == "/decisions" else RUNBOOK), **change})
    assert answer.status_code in statuses, answer.content
    assert problem(answer, answer.status_code)["detail"]
    assert Decision.objects.count() == Runbook.objects.count() == 0


@pytest.mark.parametrize("body", ["[]", "1", '"x"', "null", "{", "", "\xff"])
def test_a_body_that_is_no_object_is_refused(api, body):
    for path in ("/decisions", "/runbooks"):
        assert api("POST", path, body).status_code in {400, 422}


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=201",
        "limit=x",
        "status=x",
        "cursor=%00",
        "q=%00",
        "owner=%00",
        "colour=red",
        "cursor=" + "9" * 300,
    ],
)
def test_bad_parameters_are_refused(api, query):
    for path in ("/decisions", "/runbooks"):
        assert api("GET", f"{path}?{query}").status_code in {400, 422}, path


@pytest.mark.parametrize("number", ["0", "9" * 9, "9" * 19, "9" * 40, "-1", "1.5", "%00", "x", "9" * 5_000])
def test_numbers_beyond_every_column_are_404(api, number):
    assert api("GET", f"/decisions/{number}").status_code == 404
    assert api("POST", f"/decisions/{number}/restore", {"history_id": 1, "reason": "r"}).status_code == 404


def test_unicode_makes_the_whole_way(api):
    title, body = "Ünïcode 決定 🚀", "Ελληνικά \u202e e\u0301\n"
    made = api("POST", "/decisions", {**DECISION, "title": title, "body": body}).json()
    assert (made["title"], made["body"]) == (title, body)
    assert api("GET", "/decisions?q=決定").json()["items"][0]["number"] == 1


def test_the_openapi_document_describes_every_operation(api):
    document = api("GET", "/openapi.json").json()
    operations = {
        operation["operationId"]: set(operation["responses"])
        for path, methods in document["paths"].items()
        if "/decisions" in path or "/runbooks" in path
        for operation in methods.values()
        if isinstance(operation, dict)
    }
    for noun in ("Decision", "Runbook"):
        assert {"200", "401", "404", "422"} <= operations[f"get{noun}"]
        assert {"201", "403", "422"} <= operations[f"create{noun}"]
        for verb in ("edit", "restore"):
            assert {"200", "403", "404", "412", "422"} <= operations[f"{verb}{noun}"]
        assert {f"list{noun}s", f"list{noun}History"} <= set(operations)
