"""The pages of contracts and changes: what a reviewer sees, what a vote answers, and what the lists cost."""

from __future__ import annotations

import html
from typing import Any

import pytest

from governance.models import Change, Contract, ContractVersion
from orchestration.models import Team
from orchestration.versions import precedence
from tests.governance.gatehouse import BREAKING, V1, change, contract, people, sent, teams

__all__ = ["change", "people", "teams"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def signed_in(client, people):
    def as_(who: str) -> Any:
        client.force_login(people[who])
        return client

    return as_


def text(answer: Any) -> str:
    return html.unescape(answer.content.decode())


def ballot(found: Change, **more: str) -> dict[str, str]:
    return {"team": "logistics", "vote": "approve", "reason": "read it", "seen": found.content_hash, **more}


def test_the_page_shows_verdict_witness_findings_impact_and_who_is_asked(signed_in, change: Change):
    said = text(signed_in("consumer").get(f"/changes/{change.pk}/"))
    for part in (
        "order.placed 1.0.0 to 2.0.0", "Breaking", "2.0.0 refuses what 1.0.0 accepts.", "required-added", "1.0.0 accepts it",
        "2.0.0 refuses it", "ship", "owns the contract", "You decide for logistics",
    ):  # fmt: skip
        assert part in said, part


def test_only_who_may_vote_is_offered_a_vote(signed_in, change: Change):
    for who in ("author", "stranger"):
        assert "Your decision" not in text(signed_in(who).get(f"/changes/{change.pk}/"))


def test_a_vote_counts_and_an_outdated_one_says_why_and_keeps_the_reason(signed_in, change: Change):
    client = signed_in("consumer")
    late = client.post(f"/changes/{change.pk}/review/", ballot(change, seen="old"))
    assert (late.status_code, "read it" in text(late), "read it again" in text(late)) == (409, True, True)
    assert client.post(f"/changes/{change.pk}/review/", ballot(change, reason=" ")).status_code == 422
    assert client.post(f"/changes/{change.pk}/review/", ballot(change)).status_code == 302
    assert "read it" in text(client.get(f"/changes/{change.pk}/"))


def test_a_void_review_is_shown_as_one(signed_in, change: Change, people):
    signed_in("consumer").post(f"/changes/{change.pk}/review/", ballot(change))
    sent(contract("2.0.0", BREAKING | {"minProperties": 2}), people["author"])
    assert "Void" in text(signed_in("consumer").get(f"/changes/{change.pk}/"))


def test_a_maintainer_of_the_owner_withdraws(signed_in, change: Change):
    assert signed_in("author").post(f"/changes/{change.pk}/withdraw/", {"reason": "no"}).status_code == 302
    assert Change.objects.get().state == "withdrawn"


def test_any_two_versions_are_compared_on_the_contract_s_page(signed_in, change: Change):
    said = text(signed_in("author").get("/contracts/order.placed/?from=2.0.0&to=1.0.0"))
    assert "required-removed" in said
    assert signed_in("author").get("/contracts/order.placed/?from=9.9.9&to=1.0.0").status_code == 404
    assert signed_in("author").get("/contracts/nothing/").status_code == 404


def test_hostile_text_is_shown_as_text(signed_in, teams, people):
    bad = "<script>alert(1)</script>"
    sent(contract("1.0.0", V1 | {"title": bad, "properties": {bad: {"type": "string"}}}), people["author"])
    sent(contract("2.0.0", V1 | {"properties": {bad: {"type": "integer"}}}), people["author"])
    for path in ("/contracts/order.placed/", f"/changes/{Change.objects.get().pk}/"):
        assert bad not in signed_in("author").get(path).content.decode()


def test_lists_cost_the_same_however_long(signed_in, teams, django_assert_num_queries):
    client = signed_in("author")

    def many(count: int) -> None:
        for number in range(count):
            row = Contract.objects.create(name=f"c{Contract.objects.count()}.x", owner=Team.objects.first())
            for version in ("1.0.0", "1.1.0"):
                ContractVersion.objects.create(
                    contract=row,
                    version=version,
                    precedence=precedence(version),
                    schema={},
                    canonical={},
                    reason=str(number),
                )

    many(2)
    client.get("/contracts/")
    with django_assert_num_queries(10):
        client.get("/contracts/")
    many(30)
    with django_assert_num_queries(10):
        assert client.get("/contracts/").status_code == 200
    assert "No contract fits" in text(client.get("/contracts/?q=zzz"))
    assert client.get("/changes/?state=open&team=checkout").status_code == 200
