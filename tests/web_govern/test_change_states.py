"""The page and the API's answer of a change, in every kind and every state: each is shown, and costs the same however many use it."""

from __future__ import annotations

import html
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from governance.gate import rounds
from governance.gate.settling import withdraw
from governance.models import Change
from orchestration import clock
from orchestration.models import Membership, Port, Team, Workflow, WorkflowVersion
from portal.models import User
from tests.governance.gatehouse import (
    V1,
    WIDER,
    approver,
    change,
    contract,
    manifest,
    people,
    policy,
    sent,
    teams,
    vote,
)
from tests.governance.gatehouse import workflow as user
from tests.governance.test_endings import ask, sunset
from tests.governance.test_gate_people import accept
from tests.governance.test_gate_time import later, smash
from tests.governance.test_gate_time import plan as roll_out

__all__ = ["change", "people", "teams"]
pytestmark = pytest.mark.django_db


def shown(client: Any, people: dict[str, User], of: Change) -> str:
    """The page for each reader, and the API's answer; the page as the owner's approver sees it."""
    text = ""
    for who in ("author", "stranger", "consumer", "owner"):
        client.force_login(people[who])
        answer = client.get(f"/changes/{of.pk}/")
        assert answer.status_code == 200
        text = html.unescape(answer.content.decode())
        assert client.get(f"/api/v1/changes/{of.pk}").status_code == 200
    assert client.get("/changes/").status_code == 200
    return text


@pytest.mark.parametrize(
    "end", ["open", "changes_requested", "approved", "scheduled", "applied", "rejected", "withdrawn", "expired"]
)
def test_every_state_of_a_version_is_shown(client, change: Change, people, teams, end: str):
    accept(change, people["consumer"], teams[1])
    if end in ("approved", "scheduled"):
        how = {"way": "by_hand"} if end == "approved" else {"way": "scheduled", "at": clock.now() + timedelta(days=1)}
        roll_out(change, people["author"], **how)
    votes = {
        "changes_requested": "request_changes",
        "rejected": "reject",
        "approved": "approve",
        "scheduled": "approve",
        "applied": "approve",
    }
    if end in votes:
        vote(change, people["owner"], teams[0], votes[end])
    elif end == "withdrawn":
        withdraw(change=change, person=people["author"], reason="x")
    elif end == "expired":
        later(days=31)
        rounds.tend()
    assert Change.objects.get().state == end
    assert "order.placed" in shown(client, people, change)
    assert client.get("/contracts/order.placed/").status_code == 200


def test_every_kind_is_shown_while_it_waits_and_when_it_is_done(client, teams, people):
    sent(policy(review="always"))
    done = []

    def through(made: Change) -> None:
        assert made.state == "open"
        shown(client, people, made)
        for request in made.requests.all():
            vote(made, people["owner" if request.team == teams[0] else "consumer"], request.team)
        made.refresh_from_db()
        assert made.state == "applied"
        shown(client, people, made)
        done.append(made.kind)

    for text in (
        contract("1.0.0", V1),
        contract("1.1.0", WIDER),
        user("checkout"),
        user("checkout", version="1.1.0", range_="1.1.0"),
    ):
        sent(text, people["author"])
        through(Change.objects.order_by("pk").last())
    ends = {"sunset_at": sunset(days=31), "successor": "1.1.0"}
    through(ask("deprecate", "1.0.0", people["author"], name="ship", noun="workflow", **ends))
    through(ask("deprecate", "1.0.0", people["author"], **ends))
    later(days=32)
    through(ask("retire", "1.0.0", people["author"], name="ship", noun="workflow"))
    Port.objects.exclude(version__version="1.1.0").delete()
    Port.objects.update(resolved="1.1.0")
    through(ask("retire", "1.0.0", people["author"]))
    assert set(done) == {
        "contract.publish",
        "workflow.release",
        "workflow.deprecate",
        "contract.deprecate",
        "workflow.retire",
        "contract.retire",
    }


@pytest.mark.parametrize("kind", ["contract", "workflow"])
def test_the_review_after_broken_glass_is_shown_and_links_to_what_it_is_about(client, people, teams, kind: str):
    sent(policy(review="always"))
    text = contract("1.0.0", V1) if kind == "contract" else manifest(
        "Workflow", {"name": "ship", "version": "1.0.0", "owner": "checkout"}, {"steps": {"a": {"value": 1}}}
    )  # fmt: skip
    sent(text, people["author"])
    smash(Change.objects.get(), people)
    address = "/contracts/order.placed/" if kind == "contract" else "/workflows/ship/"
    after = Change.objects.get(kind="glass.review")
    assert f'href="{address}"' in shown(client, people, after)
    shown(client, people, Change.objects.exclude(pk=after.pk).get())


# ---- costs


def many_users(count: int) -> None:
    """So many workflows, each of a team of its own with an approver, use order.placed."""
    for number in range(count):
        at = Team.objects.count()
        team = Team.objects.create(name=f"team-{at}")
        Membership.objects.create(
            user=User.objects.create(username=f"person-{at}-{number}"), team=team, role="approver"
        )
        flow = Workflow.objects.create(name=f"flow-{at}", owner=team)
        version = WorkflowVersion.objects.create(
            workflow=flow, version="1.0.0", precedence="1", state="active", text="", content_hash="0", reason="r",
            canonical={"metadata": {"name": flow.name}, "spec": {"steps": {}}},
        )  # fmt: skip
        Port.objects.create(
            version=version, step="", direction="input", contract="order.placed", range="^1", resolved="1.0.0"
        )


def cost(client: Any, path: str) -> int:
    """How many queries; those of measured impact apart, which are two for each workflow."""
    with CaptureQueriesContext(connection) as spent:
        assert client.get(path).status_code == 200
    measured = ('FROM "orchestration_run"', 'SELECT "orchestration_workflowversion"."published_at"')
    return sum(not any(one in query["sql"] for one in measured) for query in spent.captured_queries)


@pytest.mark.parametrize("path", ["/changes/{}/", "/contracts/order.placed/"])
def test_a_page_costs_the_same_however_many_use_the_contract(client, change: Change, people, path: str):
    from tests.governance.gatehouse import BREAKING

    client.force_login(people["owner"])
    costs = []
    for more in (2, 30):
        many_users(more)
        sent(contract("2.0.0", BREAKING | {"title": str(more)}), people["author"])
        costs.append(cost(client, path.format(change.pk)))
    assert costs[0] == costs[1]


@pytest.mark.parametrize("path", ["/changes/", "/"])
def test_a_list_costs_the_same_however_many_changes_wait(client, teams, people, path: str):
    from tests.governance.gatehouse import BREAKING

    for name in ("second", "third"):
        approver(teams[0], name)
    sent(contract("1.0.0", V1))
    client.force_login(people["owner"])
    costs = []
    for numbers in (range(2, 4), range(4, 24)):
        for number in numbers:
            sent(contract(f"{number}.0.0", BREAKING | {"title": str(number)}), people["author"])
        costs.append(cost(client, path))
    assert costs[0] == costs[1]
