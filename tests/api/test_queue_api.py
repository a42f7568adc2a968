"""The queue over the API and on its page: who waits for what, and moving a run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from django.conf import settings
from django.test import Client

from orchestration.engine import places
from orchestration.models import Run, Team
from orchestration.services.runs import start_runs
from tests.api.conftest import Caller
from tests.engine.harness import begin, echo, publish
from tests.signed_in import sign_in, team  # noqa: F401 - fixtures

pytestmark = pytest.mark.django_db
As = Callable[[str], Caller]


@pytest.fixture(autouse=True)
def _crowded(checkout: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two places, and three runs that wait: two for the team's share, one for a limit."""
    monkeypatch.setattr(settings, "PLUMBLINE", replace(settings.PLUMBLINE, active_runs=2))
    monkeypatch.setattr("orchestration.engine.publish._ask", lambda task, arguments: None)
    places.forget()
    bound = publish({"a": echo(1)}, name="bound", concurrency={"key": "${{ input.tenant }}", "per_key": 1})
    begin(bound, {"tenant": "acme"})
    begin(bound, {"tenant": "acme"})
    start_runs(version=publish({"a": echo(1)}), inputs=[{}] * 3)


def test_the_queue_says_who_waits_for_what_and_why(as_role: As):
    found = as_role("operator")("GET", "/queue").json()
    assert (found["places"], found["taken"], found["queued"]) == (2, 2, 3)
    assert [(one["team"], one["queued"], one["active"], one["share"]) for one in found["teams"]] == [
        ("checkout", 3, 2, 2)
    ]
    assert [(one["position"], one["waits_for"], one["why"]) for one in found["runs"]] == [
        (1, "key", "acme has 1 of 1 runs of bound open"),
        (2, "share", "team checkout has 2 of 2 places, weight 1"),
        (3, "share", "team checkout has 2 of 2 places, weight 1"),
    ]


def test_a_key_is_shown_to_those_who_may_see_payloads(as_role: As):
    found = as_role("viewer")("GET", "/queue?workflow=bound").json()
    assert [one["why"] for one in found["runs"]] == ["its key has 1 of 1 runs of bound open"]


def test_a_higher_priority_comes_first(as_role: As):
    operator = as_role("operator")
    last = operator("GET", "/queue?team=checkout").json()["runs"][-1]["id"]
    assert operator("POST", f"/runs/{last}/priority", {"priority": 7}).json()["priority"] == 7
    first = operator("GET", "/queue").json()["runs"][0]
    assert (first["id"], first["position"]) == (last, 1)
    assert operator("POST", f"/runs/{last}/priority", {"priority": 101}).status_code == 400
    assert Run.objects.get(pk=last).events.last().detail == "priority 0 → 7"


def test_a_run_that_is_not_queued_has_no_place_to_change(as_role: As):
    running = Run.objects.filter(status="running").first()
    answer = as_role("operator")("POST", f"/runs/{running.pk}/priority", {"priority": 1})
    assert (answer.status_code, "only a queued run" in answer.json()["detail"]) == (409, True)


def test_a_run_is_started_with_a_priority(as_role: As):
    operator = as_role("operator")
    run = operator("POST", "/runs", {"workflow": "demo", "input": {}, "priority": 50}).json()
    assert (run["status"], run["priority"], run["started_at"]) == ("queued", 50, None)
    assert operator("POST", "/runs", {"workflow": "demo", "input": {}, "priority": 1000}).status_code == 400


def test_the_page_shows_it_and_takes_a_priority(sign_in: Callable[[str], Client]):  # noqa: F811
    operator = sign_in("operator")
    page = " ".join(operator.get("/queue/").content.decode().split())
    assert "3 runs wait." in page
    assert "2 of 2 places are taken" in page
    assert "Team checkout has 2 of 2 places, weight 1" in page
    run = Run.objects.filter(status="queued").last()
    operator.post(f"/runs/{run.pk}/priority/", {"priority": "5"})
    run.refresh_from_db()
    assert run.priority == 5
    operator.post(f"/runs/{run.pk}/priority/", {"priority": "many"})
    run.refresh_from_db()
    assert run.priority == 5


def test_pages_of_the_queue_that_are_none_do_no_harm(sign_in: Callable[[str], Client]):  # noqa: F811
    for query in ("?page=x", "?page=-1", "?page=99999999999999999999", "?team=nobody", "?workflow=nothing"):
        assert sign_in("operator").get(f"/queue/{query}").status_code == 200
