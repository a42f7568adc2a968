"""The Python steps of the examples, on their own."""

import pytest

from examples import tasks
from orchestration.steps.registry import StepContext, find


@pytest.fixture
def context():
    return StepContext(run_id="r", step="s", attempt=1, idempotency_key="r/s", heartbeat=lambda: None)


@pytest.mark.parametrize(
    ("skus", "related"),
    [
        (["MUG-STONE"], ["TEA-ASSAM", "TRAY-OAK"]),
        (["MUG-STONE", "TEA-ASSAM"], ["TRAY-OAK"]),
        (["COFFEE-HOUSE", "COFFEE-DECAF", "CARAFE-GLASS"], ["FILTER-100", "GRINDER-HAND"]),
        (["NO-SUCH"], []),
    ],
)
def test_suggestions_go_with_the_order_and_are_not_in_it(context, skus, related):
    assert tasks.related_items({"lines": [{"sku": sku} for sku in skus]}, context) == {"items": related}


@pytest.mark.parametrize(
    ("score", "company", "country", "risk", "accepted"),
    [
        (10, None, "ES", 0.1, True),
        (84, None, "ES", 0.84, False),
        (40, {"vat_number": "ES00", "registered": False}, "ES", 0.9, False),
        (40, {"vat_number": "ES17", "registered": True}, "ES", 0.4, True),
        (99, {"vat_number": "CH00", "registered": False}, "CH", 1.0, False),
    ],
)
def test_risk_adds_up_to_at_most_one(context, score, company, country, risk, accepted):
    given = {"screening": {"score": score}, "company": company, "country": country}
    decided = tasks.risk_score(given, context)
    assert (decided["risk"], decided["accepted"]) == (risk, accepted)
    assert decided["reasons"]


CHARGES = {"count": 10, "gross": 10_000, "refunds": 500, "fees": 300, "net": 9_200}


@pytest.mark.parametrize(("amount", "missing"), [(9_200, 0), (9_000, 200), (9_300, -100)])
def test_the_entry_balances_whatever_was_paid_out(context, amount, missing):
    payout = {"amount": amount, "reference": "po_1"}
    entry = tasks.post({"charges": CHARGES, "payout": payout}, context)
    assert (
        sum(line["debit"] for line in entry["lines"])
        == sum(line["credit"] for line in entry["lines"])
        == entry["total"]
    )
    given = {"charges": CHARGES, "payout": payout, "shipping": {"cost": 1_000}, "goods": {"cost": 4_000}}
    figures = tasks.reconcile(given, context)
    assert (figures["difference"], figures["margin"], figures["average_order"]) == (missing, 4_200, 1_000)
    assert any(line["account"] == "suspense" for line in entry["lines"]) is (missing != 0)


def test_only_the_posting_is_transactional(listed_tasks):
    names = {
        "shop.related_items": False,
        "onboarding.risk_score": False,
        "settlement.reconcile": False,
        "settlement.post": True,
    }
    assert {name: find(name).transactional for name in names} == names
