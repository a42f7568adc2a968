"""Action items: none closes before its evidence is there, and what the evidence was is kept."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from governance.models import ActionItem, Contract, ContractVersion, Decision
from governance.selectors.evidence import verdict_of
from governance.selectors.postmortems import open_actions
from governance.services.action_items import add_action, change_action, close_action, drop_action
from governance.services.runbooks import edit_runbook
from orchestration import clock
from orchestration.errors import Conflict, InvalidInput
from orchestration.models import Objective
from tests.alerts.counting import count
from tests.governance.incidents import version_of, write

pytestmark = pytest.mark.django_db


def act(postmortem: Any, check: str, target: str = "", **fields: Any) -> ActionItem:
    wanted = {
        "text": "Do it", "owner": postmortem.owner, "person": None, "due": date(2099, 1, 2), "days": None,
        "actor": None, **fields,
    }  # fmt: skip
    return add_action(postmortem=postmortem, check=check, target=target, **wanted)


def close(item: ActionItem, **fields: Any) -> ActionItem:
    return close_action(item=item, actor=None, reason="done", **fields)


def test_a_version_published_after_the_action_is_evidence_and_one_before_is_not(team: Any, workflow: Any):
    version_of(workflow, "1.0.0")
    item = act(write(team), "workflow_published", workflow.name)
    with pytest.raises(
        Conflict, match="the evidence is not there yet: no version of order-fulfilment has gone live since"
    ):
        close(item)
    version_of(workflow, "1.1.0")
    closed = close(item)
    assert (closed.state, closed.closed_at is not None) == ("done", True)
    assert closed.evidence.startswith("order-fulfilment 1.1.0 was published")


def test_a_proposed_version_is_no_evidence(team: Any, workflow: Any):
    item = act(write(team), "workflow_published", workflow.name)
    version = version_of(workflow, "2.0.0")
    version.state = "proposed"
    version.save()
    assert not verdict_of(item, clock.now()).is_met


def test_a_revised_runbook_is_evidence(team: Any, write_runbook: Any):
    runbook = write_runbook()
    item = act(write(team), "runbook_edited", runbook.slug)
    with pytest.raises(Conflict):
        close(item)
    edit_runbook(
        runbook=runbook, revision=1, title=runbook.title, body="better", status="active", owner=team, review_by=None,
        workflows=[], dependencies=[], actor=None, reason="learned",
    )  # fmt: skip
    assert "revision 2" in close(item).evidence


def test_an_objective_must_be_met_for_all_of_the_days_since(team: Any):
    objective = Objective.objects.create(
        name="orders.success", owner=team, workflow="demo", indicator="success", target=Decimal("0.9"),
        since=clock.now() - timedelta(days=30),
    )  # fmt: skip
    item = act(write(team), "objective_met", objective.name, days=3)
    now = clock.now()
    assert "3 days since" in verdict_of(item, now).said
    item.since = now - timedelta(days=4)
    assert "nothing was counted" in verdict_of(item, now).said
    count(objective, now - timedelta(hours=3), 10, 2)
    assert verdict_of(item, now) == type(verdict_of(item, now))(
        False, "orders.success: 2 of 10 events of the last 3 days were bad"
    )
    count(objective, now - timedelta(hours=4), 90, 0)
    assert verdict_of(item, now).is_met


def test_an_accepted_decision_and_an_active_contract_version_are_evidence(team: Any, decide: Any):
    decision, postmortem = decide(), write(team)
    item = act(postmortem, "decision_accepted", f"#{decision.number}")
    assert not verdict_of(item, clock.now()).is_met
    decision = Decision.objects.get(pk=decision.pk)
    decision.status = "accepted"
    decision.save()
    assert verdict_of(item, clock.now()).is_met
    late = act(postmortem, "decision_accepted", str(decision.number))
    assert "before this was asked for" in verdict_of(late, clock.now()).said
    contract = Contract.objects.create(name="order.placed", owner=team)
    item = act(postmortem, "contract_version", "order.placed@2.0.0")
    assert not verdict_of(item, clock.now()).is_met
    ContractVersion.objects.create(
        contract=contract, version="2.0.0", precedence="2", schema={}, canonical={}, content_hash="x", reason="r"
    )
    assert close(item).state == "done"


def test_a_person_confirms_with_a_link_that_is_one(team: Any):
    item = act(write(team), "confirmed")
    for link in ("", "javascript:alert(1)", "no link"):
        with pytest.raises(InvalidInput):
            close(item, link=link)
    assert close(item, link="https://wiki.example/42").evidence == "https://wiki.example/42"
    with pytest.raises(Conflict, match="done already"):
        close(item, link="https://wiki.example/42")


def test_what_cannot_be_is_named_at_its_field(team: Any):
    postmortem = write(team)
    for check, target, pointer in (
        ("workflow_published", "nothing", "/target"), ("contract_version", "order.placed", "/target"),
        ("odd", "", "/check"), ("runbook_edited", "", "/target"), ("confirmed", "a\x00", "/target"),
    ):  # fmt: skip
        with pytest.raises(InvalidInput) as caught:
            act(postmortem, check, target)
        assert [fault.pointer for fault in caught.value.violations] == [pointer], (check, target)


def test_a_dropped_or_changed_action_says_why_in_its_history(team: Any, other_team: Any):
    item = act(write(team), "confirmed")
    changed = change_action(
        item=item, text="Do it well", owner=other_team, person=None, due=date(2099, 2, 2), check="confirmed", target="",
        days=None, actor=None, reason="theirs by now",
    )  # fmt: skip
    assert open_actions([other_team.pk]) == [changed]
    drop_action(item=changed, actor=None, reason="not worth it")
    assert open_actions([other_team.pk]) == []
    assert [row.history_change_reason for row in changed.history.all()] == [
        "not worth it", "theirs by now", "An action of postmortem 1.",
    ]  # fmt: skip
    assert changed.history.latest().history_date > datetime(2026, 1, 1, tzinfo=UTC)
