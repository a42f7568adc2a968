"""Schedules, triggers and backfills through the API: read by everybody, paused and made up for by operators."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from governance.models import AuditEntry
from orchestration import clock
from orchestration.engine import backfills, schedules
from orchestration.engine.triggers import fire
from orchestration.models import Event, Run, Team, Workflow
from orchestration.services.governed import save
from tests.api.conftest import Caller
from tests.engine.harness import publish
from tests.engine.scheduling import go_to, manifest, schedule, trigger

WHY = {"reason": "the ledger is moved"}
DAYS = {"starts_at": "2026-11-01T00:00:00Z", "ends_at": "2026-11-03T23:59:00Z"}


@pytest.fixture
def operator(as_role: Callable[[str], Caller]) -> Caller:
    publish({"a": {"value": 1}})
    go_to("2026-11-20T12:00")
    schedule(cron="30 2 * * *", timezone="Europe/Madrid", input={"day": "${{ tick.date }}"})
    return as_role("operator")


def test_a_schedule_tells_when_it_is_due_and_what_came_of_its_ticks(operator: Caller):
    go_to("2026-11-21T01:30:01")
    schedules.look(clock.now())
    found = operator("GET", "/schedules/nightly").json()
    assert found["next_ticks"][:2] == ["2026-11-22T01:30:00Z", "2026-11-23T01:30:00Z"]
    assert found["next_at"] == "2026-11-22T01:30:00Z"
    assert found["spec"]["timezone"] == "Europe/Madrid"
    (tick,) = found["ticks"]
    assert (tick["at"], tick["outcome"], tick["run"]) == ("2026-11-21T01:30:00Z", "started", str(Run.objects.get().pk))
    assert [one["name"] for one in operator("GET", "/schedules").json()["items"]] == ["nightly"]


def test_it_is_paused_and_resumed_with_a_reason(operator: Caller):
    assert operator("POST", "/schedules/nightly/pause", {}).status_code == 400
    paused = operator("POST", "/schedules/nightly/pause", WHY).json()
    assert (paused["paused"], paused["paused_reason"], paused["next_at"]) == (True, "the ledger is moved", None)
    again = operator("POST", "/schedules/nightly/pause", WHY)
    assert again.status_code == 409
    assert "paused already" in again.json()["detail"]
    assert operator("POST", "/schedules/nightly/resume", WHY).json()["next_at"] == "2026-11-21T01:30:00Z"


def test_a_range_is_previewed_started_and_cancelled(operator: Caller):
    seen = operator("POST", "/schedules/nightly/backfills/preview", DAYS).json()
    assert seen == {"ticks": 3, "first": "2026-11-01T01:30:00Z", "last": "2026-11-03T01:30:00Z"}
    assert not Run.objects.exists()
    made = operator("POST", "/schedules/nightly/backfills", {**DAYS, "max_parallel": 2, **WHY})
    assert made.status_code == 201, made.content
    backfills.look(clock.now())
    assert Run.objects.count() == 2
    number = made.json()["number"]
    over = operator("POST", f"/schedules/nightly/backfills/{number}/cancel", WHY).json()
    assert (over["state"], over["taken"], over["ticks"], over["ending"]) == ("cancelled", 2, 3, "the ledger is moved")
    assert operator("GET", "/schedules/nightly").json()["backfills"][0]["number"] == number
    said = [(entry.action, entry.object_kind) for entry in AuditEntry.objects.order_by("-sequence")[:2]]
    assert said == [("cancelled", "backfill"), ("started", "backfill")]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"starts_at": "2026-11-03T00:00:00Z", "ends_at": "2026-11-01T00:00:00Z"}, "ends before it starts"),
        ({**DAYS, "ends_at": "2027-11-01T00:00:00Z"}, "future"),
        ({**DAYS, "starts_at": "1980-01-01T00:00:00Z"}, "more than 10,000"),
        ({**DAYS, "starts_at": "0001-01-01T00:00:00Z"}, "before 1970"),
        ({**DAYS, "max_parallel": 101}, "max_parallel"),
        ({**DAYS, "order": "sideways"}, "order"),
    ],
)
def test_a_range_that_makes_no_sense_is_refused_with_what_is_wrong(operator: Caller, body: dict, said: str):
    answer = operator("POST", "/schedules/nightly/backfills/preview", body)
    assert answer.status_code in (400, 422)
    assert said in str(answer.json())


def test_what_there_is_not_is_not_found_and_suggests(operator: Caller):
    answer = operator("GET", "/schedules/nigthly")
    assert answer.status_code == 404
    assert "did you mean 'nightly'" in answer.json()["detail"]
    assert operator("POST", "/schedules/nightly/backfills/999999999999999999999/cancel", WHY).status_code == 404


def test_a_trigger_tells_of_the_events_that_it_held_for(operator: Caller):
    trigger(when="event.data.total > 1")
    event = Event.objects.create(
        source="/s", event_id="e1", type="order.placed", data='{"total": 5}', received_at=clock.now()
    )
    (run,) = fire(event)
    (firing,) = operator("GET", "/triggers/on-order").json()["firings"]
    assert (firing["event_id"], firing["run"], firing["error"]) == ("e1", str(run.pk), "")
    assert operator("POST", "/triggers/on-order/pause", WHY).json()["paused"] is True
    assert operator("POST", "/triggers/on-order/resume", WHY).json()["paused"] is False


def test_making_up_needs_an_operator_of_the_team_whose_workflow_it_starts(operator: Caller):
    workflow = Workflow.objects.get(name="demo")
    workflow.owner = Team.objects.create(name="payments")
    save(workflow, actor=None, reason="r")
    answer = operator("POST", "/schedules/nightly/backfills", {**DAYS, **WHY})
    assert answer.status_code == 403
    assert "payments" in answer.json()["detail"]


def test_scheduling_another_teams_workflow_needs_its_maintainer(as_role: Callable[[str], Caller]):
    version = publish({"a": {"value": 1}})
    version.workflow.owner = Team.objects.create(name="payments")
    save(version.workflow, actor=None, reason="r")
    document = manifest("Schedule", "sneaky", {"workflow": "demo@^1", "cron": "* * * * *"})
    body = {"documents": [{"source": document.source, "text": document.text}], **WHY}
    answer = as_role("maintainer")("POST", "/manifests/apply", body)
    assert answer.status_code == 403, answer.content
    assert "payments" in answer.json()["detail"]
