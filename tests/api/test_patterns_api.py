"""Patterns through the API: the rules of the pages, who uses each now, and an edit over an older revision refused."""

from __future__ import annotations

from typing import Any

import pytest

from governance.models import Pattern
from governance.services.patterns import create_pattern
from orchestration.models import Team
from tests.api.conftest import Caller
from tests.engine.harness import echo, publish
from tests.people import person, token_for

BODY = {
    "title": "Dead letter",
    "summary": "Put aside.",
    "owner": "checkout",
    "body": "## The problem\n",
    "reason": "we do it",
}


@pytest.fixture
def maintainer(as_role: Any) -> Caller:
    caller: Caller = as_role("maintainer")
    return caller


def of_everybody(slug: str, title: str) -> Pattern:
    return create_pattern(
        slug=slug, title=title, summary="", body="x", status="active", owner=None, actor=None, reason="library"
    )


def test_it_is_created_read_edited_and_restored(maintainer: Caller):
    made = maintainer("POST", "/patterns", {**BODY, "slug": "dead-letter"})
    assert (made.status_code, made["Location"], made["ETag"]) == (201, "/api/v1/patterns/dead-letter", '"1"')
    found = maintainer("GET", "/patterns/dead-letter")
    assert found.json() == made.json()
    assert found.json() | {"owner": "checkout", "status": "active", "workflows": None} == found.json()
    edited = maintainer("PUT", "/patterns/dead-letter", {**BODY, "body": "better", "status": "retired"}, If_Match='"1"')
    assert (edited.status_code, edited.json()["revision"], edited.json()["status"]) == (200, 2, "retired")
    assert maintainer("PUT", "/patterns/dead-letter", BODY, If_Match='"1"').status_code == 412
    assert maintainer("PUT", "/patterns/dead-letter", BODY).status_code == 422
    rows = maintainer("GET", "/patterns/dead-letter/history").json()["items"]
    assert [row["revision"] for row in rows] == [2, 1]
    back = maintainer("POST", "/patterns/dead-letter/restore", {"history_id": rows[1]["id"], "reason": "back"})
    assert (back.json()["body"], back.json()["revision"], back.json()["status"]) == ("## The problem\n", 3, "retired")
    assert maintainer("POST", "/patterns", {**BODY, "slug": "dead-letter"}).status_code == 422


def test_a_list_has_who_uses_each_and_comes_in_pages(maintainer: Caller):
    of_everybody("retry", "Retry with backoff")
    of_everybody("fallback", "Stand in")
    of_everybody("saga", "Saga")
    publish({"a": {**echo(1), "fallback": {"value": 1}}}, name="demo")
    first = maintainer("GET", "/patterns?limit=2").json()
    rest = maintainer("GET", f"/patterns?limit=2&cursor={first['next']}").json()
    assert [row["slug"] for row in (*first["items"], *rest["items"])] == ["fallback", "retry", "saga"]
    assert rest["next"] is None
    assert [row["workflows"] for row in (*first["items"], *rest["items"])] == [["demo"], None, []]
    assert [row["slug"] for row in maintainer("GET", "/patterns?q=backoff&status=active").json()["items"]] == ["retry"]
    assert maintainer("GET", "/patterns?colour=red").status_code == 422


def test_a_pattern_of_everybody_is_an_admins(maintainer: Caller, as_role: Any):
    of_everybody("saga", "Saga")
    body = {**BODY, "owner": None, "revision": 1}
    assert maintainer("PUT", "/patterns/saga", body).status_code == 403
    assert maintainer("POST", "/patterns", {**BODY, "owner": None}).status_code == 403
    admin = Caller(token_for(person("admin")))
    assert admin("PUT", "/patterns/saga", body).json()["owner"] is None
    assert Pattern.objects.get().revision == 2


@pytest.mark.parametrize("role", ["viewer", "operator", "stranger"])
def test_who_may_not_maintain_reads_only(role: str, as_role: Any, maintainer: Caller, checkout: Team):
    maintainer("POST", "/patterns", {**BODY, "slug": "dead-letter"})
    reader = as_role(role)
    assert reader("GET", "/patterns/dead-letter").status_code == 200
    assert reader("PUT", "/patterns/dead-letter", {**BODY, "revision": 1}).status_code == 403
    assert reader("POST", "/patterns/dead-letter/restore", {"history_id": 1, "reason": "x"}).status_code == 403
    assert reader("POST", "/patterns", BODY).status_code == 403


def test_giving_it_to_a_team_of_others_is_refused(maintainer: Caller):
    Team.objects.create(name="payments")
    maintainer("POST", "/patterns", {**BODY, "slug": "dead-letter"})
    assert maintainer("PUT", "/patterns/dead-letter", {**BODY, "owner": "payments", "revision": 1}).status_code == 403
