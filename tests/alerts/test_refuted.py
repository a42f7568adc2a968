"""What a second pair of eyes found wrong with budgets, and must stay right."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from governance.gate.error_budgets import frozen
from orchestration import clock
from orchestration.errors import Conflict
from orchestration.models import Objective, Team
from orchestration.selectors.budgets import budget_of
from orchestration.services.objectives import Wanted, change, retire
from tests.alerts.counting import count, objective, outage, team
from tests.people import person

pytestmark = pytest.mark.django_db


def wanted(found: Objective, **changed: Any) -> Wanted:
    return Wanted(**({name: getattr(found, name) for name in Wanted.__dataclass_fields__} | changed))


def test_a_budget_of_millions_has_a_forecast_and_its_pages_answer():
    made = objective("demo.many", target="0.999")
    now = clock.now()
    count(made, now - timedelta(days=20), 10_000_019 - 10_007, 3_970)
    count(made, now - timedelta(hours=3), 10_007, 31)
    left = budget_of(made, now).exhausts_in
    assert left is not None
    assert timedelta(0) < left < timedelta(days=28)
    client = Client()
    client.force_login(person("operator", Team.objects.get(name="checkout")))
    for path in ("/", "/objectives/", "/objectives/demo.many/", "/api/v1/objectives"):
        assert client.get(path).status_code == 200, path


def test_a_corrected_threshold_leaves_nothing_of_the_old_judgement(monkeypatch: pytest.MonkeyPatch):
    made = objective("demo.lat", target="0.99", indicator="latency", threshold=0.01)
    at = datetime(2026, 11, 26, 10, 55, 0, tzinfo=UTC)
    monkeypatch.setattr(clock, "now", lambda: at)
    for minutes in range(1, 50):
        count(made, at - timedelta(minutes=minutes), 100, 100)
    change(objective=made, wanted=wanted(made, threshold=8.0), actor=None, reason="the threshold was a typing error")
    made.refresh_from_db()
    soon, later = at + timedelta(minutes=30), at + timedelta(days=10)
    count(made, at + timedelta(minutes=3), 100, 0)
    count(made, at + timedelta(hours=2), 7, 1)
    monkeypatch.setattr(clock, "now", lambda: soon)
    assert budget_of(made, soon).counts.bad == 0
    assert budget_of(made, soon).counts.total == 100
    monkeypatch.setattr(clock, "now", lambda: later)
    counts = budget_of(made, later).counts  # the hour of the change has both judgements, and is left out
    assert (counts.total, counts.bad) == (7, 1)


def test_no_team_freezes_another_with_an_objective_of_its_own():
    team("checkout", error_budget=[{"when": "spent", "then": "freeze"}])
    team("others")
    outage(objective("others.impossible", team="others", target="0.999999"))
    assert frozen("workflow.release", "demo", ["checkout"]) == []


def test_the_name_of_a_retired_objective_is_refused_without_sending_anybody_to_edit_it():
    retire(objective=objective("demo.x"), actor=None, reason="it was one too many")
    with pytest.raises(Conflict, match=r"there was an objective 'demo.x' already; choose another name$"):
        objective("demo.x")
