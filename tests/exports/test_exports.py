"""Rules and dashboards out of objectives: their form, their arithmetic, and that they speak of metrics that there are."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from orchestration.exports.grafana import dashboard
from orchestration.exports.prometheus import WINDOWS, ratio, rules
from orchestration.models import Objective, Team
from portal.cli.exporting import answer_text

METRIC = re.compile(r"\bworkflow_[a-z_]+")
KNOWN = {
    "workflow_runs_total", "workflow_run_duration_seconds_bucket", "workflow_queue_wait_seconds_bucket",
    "workflow_retries_total", "workflow_timeouts_total", "workflow_fallbacks_total", "workflow_breaker_state",
    "workflow_slo_budget_remaining_ratio", "workflow_slo_burn_rate", "workflow_slo_events_total",
}  # fmt: skip


def objective(name: str = "orders-latency", target: str = "0.999", **values: Any) -> Objective:
    """One that is not stored."""
    given = {
        "owner": Team(name="checkout"), "workflow": "orders", "indicator": "latency", "threshold": 2.0, "page": True,
        "ticket": True, "since": datetime(2026, 1, 1, tzinfo=UTC), "runbook": "stuck", **values,
    }  # fmt: skip
    return Objective(name=name, target=Decimal(target), **given)


def alerts(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """By objective and severity."""
    found = [rule for group in document["groups"] for rule in group["rules"] if "alert" in rule]
    assert len({(rule["labels"]["objective"], rule["labels"]["severity"]) for rule in found}) == len(found)
    return {(rule["labels"]["objective"], rule["labels"]["severity"]): rule for rule in found}


def expressions(document: dict[str, Any]) -> list[str]:
    """Every PromQL expression in it, wherever it stands."""
    if isinstance(document, dict):
        return [
            found for key, value in document.items() for found in ([value] if key == "expr" else expressions(value))
        ]
    return [found for item in document for found in expressions(item)] if isinstance(document, list) else []


def is_balanced(expression: str) -> bool:
    """Brackets outside quoted text close in the order in which they open."""
    open_: list[str] = []
    for character in re.sub(r'"(?:[^"\\]|\\.)*"', '""', expression):
        if character in "([{":
            open_.append({"(": ")", "[": "]", "{": "}"}[character])
        elif character in ")]}" and (not open_ or open_.pop() != character):
            return False
    return not open_


def test_an_objective_pages_and_tickets_by_both_windows_and_five_bad_events():
    (page, ticket) = (alerts(rules([objective()]))["orders-latency", kind] for kind in ("page", "ticket"))
    assert page["expr"].startswith(
        '(workflow:slo_error_ratio:rate1h{objective="orders-latency"} >= 0.0144'
        ' and workflow:slo_error_ratio:rate5m{objective="orders-latency"} >= 0.0144'
        ' and sum by (objective) (increase(workflow_slo_events_total{objective="orders-latency", outcome="bad"}[1h])) >= 5)'
        " or (workflow:slo_error_ratio:rate6h"
    )
    assert "rate6h{objective" in page["expr"]
    assert ">= 0.006 " in page["expr"]
    assert ">= 0.003 " in ticket["expr"]
    assert page["labels"] == {
        "severity": "page", "objective": "orders-latency", "team": "checkout", "workflow": "orders",
    }  # fmt: skip
    assert page["annotations"]["runbook"] == "stuck"
    assert "99.9 %" in page["annotations"]["description"]


def test_a_pair_that_can_never_fire_is_left_out_and_an_alert_without_pairs_is_no_alert():
    half = alerts(rules([objective(target="0.9")]))
    assert "rate1h" not in half["orders-latency", "page"]["expr"]
    assert "rate6h" in half["orders-latency", "page"]["expr"]
    assert set(alerts(rules([objective(target="0.5", ticket=True)]))) == {("orders-latency", "ticket")}
    assert alerts(rules([objective(page=False, ticket=False)])) == {}


def test_so_many_failures_stand_in_where_no_rate_can_be_reached():
    (page,) = [
        alerts(rules([objective(target="0.5", ticket=False, page_failures=5, page_within=60)]))[
            "orders-latency", "page"
        ]
    ]
    assert page["expr"] == (
        '(sum by (objective) (increase(workflow_slo_events_total{objective="orders-latency", outcome="bad"}[1h])) >= 5)'
    )


def test_what_alerts_read_is_recorded_and_what_is_recorded_is_told_by_metrics():
    document = rules([objective(), objective("b", "0.95", dependency="payments", workflow="")])
    recorded = {rule["record"] for group in document["groups"] for rule in group["rules"] if "record" in rule}
    assert recorded == {ratio(window) for window in WINDOWS}
    for expression in expressions(document):
        assert set(re.findall(r"workflow:slo_error_ratio:\w+", expression)) <= recorded
        assert set(METRIC.findall(expression)) <= KNOWN


@pytest.mark.parametrize("name", ["plain", 'quo"te', "back\\slash", "{brace", "{}"])
def test_expressions_are_balanced_whatever_the_name(name: str):
    for document in (rules([objective(name)]), dashboard([objective(name)])):
        found = expressions(document)
        assert found
        assert all(map(is_balanced, found))
        named = [one for one in found if "objective=" in one]
        assert all(one.count(f"objective={json.dumps(name)}") == one.count("objective=") for one in named)
        assert not [one for one in found if "e-" in re.sub(r'"[^"]*"', "", one)], "an exponent"


def test_the_rule_file_is_yaml_that_says_the_same():
    document = rules([objective(), objective("b", "0.99999")])
    text = answer_text(document)
    assert YAML(typ="safe").load(text) == document
    assert text.startswith("groups:\n")


def test_a_dashboard_has_two_panels_for_each_objective_and_no_two_in_one_place():
    document = dashboard([objective(), objective("b")])
    panels = document["panels"]
    assert [panel["title"] for panel in panels[:4:2]] == [
        "orders-latency: budget left of 99.9 % in 28 d", "b: budget left of 99.9 % in 28 d",
    ]  # fmt: skip
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels]
    assert len(set(places)) == len(places)
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert json.loads(json.dumps(document)) == document
    assert {name for one in expressions(document) for name in METRIC.findall(one)} <= KNOWN


def test_the_command_writes_what_the_portal_made(cli: Any, stub: Any, tmp_path: Path):
    from tests.cli.portal_stub import Reply

    stub.on("GET", "/exports/prometheus", Reply(body=rules([objective()])))
    stub.on("GET", "/exports/grafana", Reply(body=dashboard([objective()])))
    said = cli("export", "prometheus")
    assert said.exit_code == 0
    assert YAML(typ="safe").load(said.stdout) == rules([objective()])
    assert json.loads(cli("export", "grafana").stdout) == dashboard([objective()])
    assert json.loads(cli("--json", "export", "prometheus").stdout) == rules([objective()])
    file = tmp_path / "rules.yaml"
    assert cli("export", "prometheus", "-o", str(file)).exit_code == 0
    assert YAML(typ="safe").load(file.read_text()) == rules([objective()])
    refused = cli("export", "grafana", "-o", str(tmp_path / "not" / "there.json"))
    assert refused.exit_code == 2
    assert "can't be written" in refused.stderr
    stub.on("GET", "/exports/grafana", Reply(body={"other": 1}))
    assert cli("export", "grafana").exit_code == 5
