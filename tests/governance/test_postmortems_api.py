"""Postmortems through the API: the same rules as on the pages, and an edit over an older revision is refused."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from governance.services.action_items import add_action
from governance.services.timelines import add_line
from tests.governance.incidents import GOOD_TEXT, now_minute, write
from tests.people import token_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def call(maintainer: Any) -> Any:
    """One request as the maintainer, by a token."""
    headers = {"Authorization": f"Bearer {token_for(maintainer)}"}

    def make(method: str, path: str, body: Any = None, **more: str) -> Any:
        text = json.dumps(body) if body is not None else ""
        return Client().generic(method, f"/api/v1/{path}", text, "application/json", headers={**headers, **more})

    return make


def body_of(**changes: Any) -> dict[str, Any]:
    began = now_minute() - timedelta(hours=2)
    return {
        "title": "Charges hung", "owner": "checkout", "body": GOOD_TEXT, "began_at": began.isoformat(),
        "ended_at": (began + timedelta(hours=1)).isoformat(), "reason": "we met", **changes,
    }  # fmt: skip


def test_it_is_created_read_edited_and_restored(call: Any, workflow: Any):
    made = call("POST", "postmortems", body_of(workflows=[workflow.name]))
    assert (made.status_code, made["Location"], made["ETag"]) == (201, "/api/v1/postmortems/1", '"1"')
    found = made.json()
    assert found["factors"] == ["The provider was slow.", "Nobody is told before the budget burns."]
    assert found["impact"]["workflows"][0]["workflow"] == workflow.name
    edited = call("PUT", "postmortems/1", body_of(title="Better"), **{"If-Match": '"1"'})
    assert (edited.status_code, edited.json()["revision"], edited.json()["workflows"]) == (200, 2, [])
    assert call("PUT", "postmortems/1", body_of(title="Mine"), **{"If-Match": '"1"'}).status_code == 412
    assert call("PUT", "postmortems/1", body_of(title="Mine")).status_code == 422
    history = call("GET", "postmortems/1/history").json()["items"]
    assert [row["revision"] for row in history] == [2, 1]
    back = {"history_id": history[-1]["id"], "reason": "back"}
    assert call("POST", "postmortems/1/restore", back).json()["title"] == "Charges hung"
    assert [row["number"] for row in call("GET", "postmortems?q=hung&severity=major").json()["items"]] == [1]


def test_lines_and_actions_come_with_it(call: Any, team: Any):
    postmortem = write(team)
    add_line(postmortem=postmortem, at=postmortem.began_at, text="A customer called.", actor=None)
    add_action(
        postmortem=postmortem, text="Do it", owner=team, person=None, due=now_minute().date(), check="confirmed", target="",
        days=None, actor=None,
    )  # fmt: skip
    found = call("GET", "postmortems/1").json()
    assert [(line["kind"], line["text"]) for line in found["timeline"]] == [("own", "A customer called.")]
    assert [(one["text"], one["is_met"], one["state"]) for one in found["actions"]] == [("Do it", False, "open")]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"status": "published", "body": ""}, "/body"),
        ({"ended_at": "2020-01-01T00:00:00Z"}, "/ended_at"),
        ({"workflows": ["nothing"]}, "/workflows"),
    ],
)
def test_what_is_wrong_is_named_at_its_place(call: Any, team: Any, changes: dict[str, Any], pointer: str):
    answer = call("POST", "postmortems", body_of(**changes))
    assert answer.status_code == 422
    assert pointer in {one["pointer"] for one in answer.json()["violations"]}


def test_another_teams_is_not_mine_to_edit_nor_to_take(call: Any, team: Any, other_team: Any):
    write(other_team)
    assert call("PUT", "postmortems/1", body_of(revision=1)).status_code == 403
    assert call("POST", "postmortems", body_of(owner="payments")).status_code == 403
    assert call("GET", "postmortems/2").status_code == 404


@pytest.mark.parametrize("changes", [{"title": "a\x00"}, {"severity": "odd"}, {"began_at": "noon"}, {"body": None}])
def test_what_is_no_value_at_all_is_refused_before_the_rules(call: Any, team: Any, changes: dict[str, Any]):
    answer = call("POST", "postmortems", body_of(**changes))
    assert answer.status_code == 400
    assert next(iter(changes)) in answer.content.decode()
