"""The Python steps of the example workflows: pure computations over their input.

Owns the arithmetic of suggestions, risk and settlement. Never calls a service and never writes a table; importing
this module registers the tasks.
"""

from typing import Any

from orchestration.steps.registry import StepContext, task

# What people buy together; a SKU that is not listed has no suggestion.
RELATED = {
    "MUG-STONE": ["TEA-ASSAM", "TRAY-OAK"],
    "MUG-ENAMEL": ["COFFEE-HOUSE"],
    "TEAPOT-1L": ["TEA-SENCHA", "TEA-ASSAM", "TOWEL-LINEN"],
    "KETTLE-STEEL": ["SCALE-POCKET", "TEA-SENCHA"],
    "COFFEE-HOUSE": ["FILTER-100", "GRINDER-HAND"],
    "COFFEE-DECAF": ["FILTER-100"],
    "GRINDER-HAND": ["COFFEE-HOUSE", "SCALE-POCKET"],
    "CARAFE-GLASS": ["FILTER-100", "COFFEE-HOUSE"],
}
MOST_RELATED = 3
RISK_REFUSED = 0.8
DELIVERED_TO = {"ES", "PT", "FR", "DE", "IT", "NL"}


@task("shop.related_items")
def related_items(input: dict[str, Any], _context: StepContext) -> dict[str, Any]:
    """Up to three SKUs that go with the order and are not in it, the most often named first."""
    ordered = [line["sku"] for line in input["lines"]]
    votes: dict[str, int] = {}
    for sku in ordered:
        for related in RELATED.get(sku, []):
            if related not in ordered:
                votes[related] = votes.get(related, 0) + 1
    ranked = sorted(votes, key=lambda sku: (-votes[sku], sku))
    return {"items": ranked[:MOST_RELATED]}


@task("onboarding.risk_score")
def risk_score(input: dict[str, Any], _context: StepContext) -> dict[str, Any]:
    """A risk between 0 and 1 from the screening and, for a company, its VAT registration (null when it was skipped)."""
    risk = input["screening"]["score"] / 100
    reasons = [f"screening score {input['screening']['score']}"]
    company = input.get("company")
    if company is not None and not company["registered"]:
        risk += 0.5
        reasons.append(f"VAT number {company['vat_number']} is not registered")
    if input["country"] not in DELIVERED_TO:
        risk += 0.1
        reasons.append(f"no deliveries to {input['country']} yet")
    risk = round(min(risk, 1.0), 2)
    accepted = risk < RISK_REFUSED
    doubtful = accepted and company is not None and not company["registered"]
    return {"risk": risk, "accepted": accepted, "doubtful": doubtful, "reasons": reasons}


@task("settlement.reconcile")
def reconcile(input: dict[str, Any], _context: StepContext) -> dict[str, Any]:
    """What the day earned, and by how much the payout differs from what the charges promise. All in cents."""
    charges, payout = input["charges"], input["payout"]
    margin = charges["net"] - input["shipping"]["cost"] - input["goods"]["cost"]
    return {
        "net": charges["net"],
        "paid_out": payout["amount"],
        "difference": charges["net"] - payout["amount"],
        "margin": margin,
        "average_order": charges["gross"] // max(charges["count"], 1),
    }


@task("settlement.post", transactional=True)
def post(input: dict[str, Any], _context: StepContext) -> dict[str, Any]:
    """The day's balanced entry. Transactional: the result is committed together with the step, never without it."""
    charges, payout = input["charges"], input["payout"]
    difference = charges["net"] - payout["amount"]
    lines = [
        _line("bank", debit=payout["amount"]),
        _line("payment-fees", debit=charges["fees"]),
        _line("refunds", debit=charges["refunds"]),
        _line("suspense", debit=max(difference, 0), credit=max(-difference, 0)),
        _line("sales", credit=charges["gross"]),
    ]
    used = [line for line in lines if line["debit"] or line["credit"]]
    return {"lines": used, "total": sum(line["debit"] for line in used), "reference": payout["reference"]}


def _line(account: str, debit: int = 0, credit: int = 0) -> dict[str, Any]:
    return {"account": account, "debit": debit, "credit": credit}
