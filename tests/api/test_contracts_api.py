"""The registry over the API: lists, versions, and the check of a version before anybody publishes it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.governance.gatehouse import BREAKING, V1, WIDER, contract, people, sent, teams, workflow

__all__ = ["people", "teams"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def published(teams: Any) -> None:
    sent(contract("1.0.0", V1))
    sent(workflow("logistics"))


@pytest.fixture
def ask(client, people, published):
    client.force_login(people["author"])

    def call(version: str, document: Any, **more: Any) -> Any:
        body = {"name": "order.placed", "version": version, "owner": "checkout", "document": document, **more}
        return client.post("/api/v1/contracts/check", body, content_type="application/json")

    return call


def test_a_check_says_what_publishing_would_mean_and_publishes_nothing(ask, client):
    told = ask("2.0.0", BREAKING).json()
    assert (told["verdict"], told["base"], told["level"], told["is_enough"]) == ("breaking", "1.0.0", "BACKWARD", True)
    assert (told["witness"].keys(), told["asks"]) == ({"id"}, ["checkout", "logistics"])
    assert [one["rule"] for one in told["findings"]] == ["required-added"]
    assert client.get("/api/v1/contracts/order.placed/versions/2.0.0").status_code == 404


def test_a_version_that_says_too_little_is_told_the_lowest(ask):
    told = ask("1.0.1", WIDER).json()
    assert (told["verdict"], told["is_enough"], told["lowest"], told["asks"]) == ("safe", False, "1.1.0", [])


def test_a_first_version_has_nothing_to_break(ask):
    told = ask("1.0.0", V1, name="order.other").json()
    assert (told["verdict"], told["base"]) == ("safe", None)


@pytest.mark.parametrize(
    ("version", "document", "more"),
    [
        ("1.1", V1, {}), ("2.0.0", {"$ref": "#"}, {}), ("2.0.0", 5, {}), ("2.0.0", V1, {"policy": "lenient"}),
        ("2.0.0", {"type": "strin"}, {}), ("2.0.0", V1, {"bogus": 1}),
    ],
)  # fmt: skip
def test_what_can_not_be_judged_is_refused_with_words(ask, version: str, document: Any, more: dict[str, Any]):
    answer = ask(version, document, **more)
    assert answer.status_code in {400, 422}, answer.content
    assert answer.json()["detail"]


def test_lists_and_versions_are_read(ask, client):
    listed = client.get("/api/v1/contracts").json()
    assert [item["name"] for item in listed["items"]] == ["order.placed"]
    one = client.get("/api/v1/contracts/order.placed").json()
    assert [(item["version"], item["state"]) for item in one["versions"]] == [("1.0.0", "active")]
    assert client.get("/api/v1/contracts/order.placed/versions/1.0.0").json()["schema"] == V1
    assert client.get("/api/v1/contracts/nothing").status_code == 404
