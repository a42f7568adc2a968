"""A new version of an API asks the teams whose workflows call what it breaks, and no others."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from governance.contracts.formats import OPENAPI, compare_formats
from governance.models import Change, Contract
from governance.selectors.api_uses import api_uses
from governance.selectors.impact import impact
from orchestration.errors import InvalidManifest
from orchestration.models import Team
from tests.apis.shop import PAYMENTS, api, changed, charging, dependency
from tests.governance.gatehouse import sent, state

pytestmark = pytest.mark.django_db

REFUNDING = {"refund": {"http": {"method": "POST", "path": "/charges/7/refund"}}}


@pytest.fixture(autouse=True)
def called(db: None) -> None:
    """checkout charges, support refunds; support's workflow undoes by a refund too."""
    for name in ("payments", "checkout", "support"):
        Team.objects.create(name=name)
    sent("\n---\n".join([api("1.0.0", PAYMENTS), dependency()]))
    sent(charging())
    sent(charging(REFUNDING, name="give-back", owner="support"))


def asked() -> set[str]:
    (change,) = Change.objects.filter(kind="contract.publish")
    return set(change.requests.values_list("team__name", flat=True))


def narrowed() -> dict[str, Any]:
    document = deepcopy(PAYMENTS)
    document["components"]["schemas"]["NewCharge"]["required"] += ["currency"]
    return document


def test_what_breaks_one_caller_asks_that_caller_and_the_owner():
    assert sent(api("2.0.0", narrowed())) == ["propose"]
    assert state("2.0.0") == "proposed"
    assert asked() == {"payments", "checkout"}
    (change,) = Change.objects.filter(kind="contract.publish")
    assert change.verdict == "breaking"
    assert change.report["broken"] == "BACKWARD"


def test_what_nobody_calls_asks_the_owner_alone():
    sent(api("2.0.0", changed(**{"/imports": None})))
    assert asked() == {"payments"}


def test_an_operation_that_goes_asks_who_calls_it():
    sent(api("2.0.0", changed(**{"/charges/{id}/refund": None})))
    assert asked() == {"payments", "support"}


def test_a_call_that_only_a_run_can_place_is_asked_whatever_breaks():
    sent(charging({"any": {"http": {"method": "GET", "path": "/${{ input.where }}/latest"}}}, version="1.1.0"))
    sent(api("2.0.0", changed(**{"/imports": None})))
    assert asked() == {"payments", "checkout"}


def test_a_safe_version_is_published_and_says_enough():
    more = changed(**{"/ping": {"get": {"responses": {"204": {"description": "here"}}}}})
    with pytest.raises(InvalidManifest) as caught:
        sent(api("1.0.1", more))
    assert "which takes 1.1.0 or higher" in caught.value.problems[0].message
    assert sent(api("1.1.0", more)) == ["publish"]
    assert Contract.objects.get(name="payments-api").format == "openapi"


def test_calls_are_measured_as_ports_are_with_those_of_compensations():
    undone = {
        "charge": {
            "http": {"method": "POST", "path": "/charges", "json": {"order": "o", "amount": 1}},
            "compensate": {"http": {"method": "POST", "path": "/charges/7/refund"}},
        }
    }
    sent(charging(undone, version="1.1.0"))
    (use,) = [one for one in impact(api_uses("payments-api")) if one.workflow == "ship"]
    assert (use.versions, use.steps) == (("1.1.0", "1.0.0"), ("charge call", "charge undo"))


def test_at_level_none_a_break_is_told_and_stops_nothing():
    report = compare_formats((OPENAPI, PAYMENTS), (OPENAPI, narrowed()), level="NONE")
    assert (report.verdict, report.bump, report.level) == ("safe", "major", "NONE")
    assert report.findings
    assert not any(one.direction for one in report.findings)


def test_a_new_path_that_takes_a_call_over_asks_who_makes_it():
    sent(charging({"a": {"http": {"method": "GET", "path": "/charges/newest"}}}, version="1.1.0"))
    taken = {"/charges/newest": {"get": {"responses": {"204": {"description": "none"}}}}, "/imports": None}
    sent(api("2.0.0", changed(**taken)))
    assert asked() == {"payments", "checkout"}


def test_a_literal_path_that_a_call_may_mean_counts_as_reached():
    sent(charging({"a": {"http": {"method": "GET", "path": "/charges/${{ input.which }}"}}}, version="1.1.0"))
    asking = {"name": "q", "in": "query", "required": True, "schema": {"type": "string"}}
    latest = {"get": {**PAYMENTS["paths"]["/charges/latest"]["get"], "parameters": [asking]}}
    sent(api("2.0.0", changed(**{"/charges/latest": latest})))
    assert asked() == {"payments", "checkout"}


def test_other_rules_ask_everybody():
    loose = api("2.0.0", narrowed()).replace("format: openapi", "format: openapi\n  compatibility: NONE")
    sent(loose)
    assert asked() == {"payments", "checkout", "support"}
