"""Believable input for the example workflows, from a seeded random.

Owns what customers order and who they are: numbers, never people. Pure: the caller keeps the random and the clock.
"""

from datetime import date, timedelta
from random import Random
from typing import Any

from examples.sandbox.inventory import CATALOGUE, SOLD_OUT
from examples.sandbox.screening import score_of

AVAILABLE = sorted(set(CATALOGUE) - SOLD_OUT)
# Country: postal codes of streets that a carrier serves.
ADDRESSES = {
    "ES": ["28013", "08002", "41001", "46002", "48005"],
    "PT": ["1100-148", "4000-322"],
    "FR": ["75011", "69002", "33000"],
    "DE": ["10115", "80331", "50667"],
    "IT": ["20121", "00184"],
    "NL": ["1012", "3011"],
}
COUNTRIES, COUNTRY_WEIGHTS = list(ADDRESSES), [10, 3, 4, 5, 3, 2]
METHODS, METHOD_WEIGHTS = ["pm_card_visa", "pm_card_mastercard", "pm_sepa"], [6, 3, 2]
# What goes wrong with an order, and in how many of a thousand.
MISHAPS = {"declined": 9, "not_served": 5, "sold_out": 4}
HARMLESS = 20  # a score of the screening below this


def order(rng: Random, number: str, mishap: str | None = None) -> dict[str, Any]:
    """Input of order-fulfilment; a mishap makes payments, shipping or inventory refuse it."""
    skus = rng.sample(AVAILABLE, rng.choices([1, 2, 3], [6, 3, 1])[0])
    if mishap == "sold_out":
        skus[-1] = rng.choice(sorted(SOLD_OUT))
    lines: list[dict[str, Any]] = [
        {"sku": sku, "quantity": rng.choices([1, 2, 4], [8, 3, 1])[0], "unit_price": CATALOGUE[sku][1]} for sku in skus
    ]
    country = rng.choices(COUNTRIES, COUNTRY_WEIGHTS)[0]
    postal_code = rng.choice(ADDRESSES[country])
    if mishap == "not_served":
        country, postal_code = rng.choice([("ES", "35001"), ("ES", "38002"), ("PT", "9000-017")])
    customer = rng.randrange(1_000, 9_999)
    method = rng.choices(METHODS, METHOD_WEIGHTS)[0]
    if mishap == "declined":
        method = rng.choice(["pm_card_declined", "pm_card_declined", "pm_card_expired"])
    return {
        "id": f"ord_{number}",
        "customer": f"cus_{customer}",
        "email": f"customer-{customer}@example.com",
        "country": country,
        "postal_code": postal_code,
        "lines": lines,
        "total": sum(line["quantity"] * line["unit_price"] for line in lines),
        "currency": "EUR",
        "payment_method": method,
        "gift": rng.random() < 0.12,
    }


def any_mishap(rng: Random) -> str | None:
    """Mostly None."""
    return rng.choices([None, *MISHAPS], [1_000 - sum(MISHAPS.values()), *MISHAPS.values()])[0]


def customer(rng: Random, number: str, mishap: str | None = None) -> dict[str, Any]:
    """Input of customer-onboarding; one in four is a company. `unregistered`: one whose VAT number is in no register,
    and who looks harmless otherwise, so that a person has to look."""
    harmless = (
        f"cus_{number}{more or ''}" for more in range(1_000) if score_of(f"cus_{number}{more or ''}") < HARMLESS
    )
    business = rng.random() < 0.25 or mishap == "unregistered"
    country = rng.choices([*COUNTRIES, "CH"], [*COUNTRY_WEIGHTS, 1])[0]
    unknown = rng.random() < 0.1 or mishap == "unregistered"
    vat_number = f"{country}{rng.randrange(10**8):08d}" + ("00" if unknown else "7")
    return {
        "id": next(harmless) if mishap == "unregistered" else f"cus_{number}",
        "email": f"customer-{number}@example.com",
        "country": country,
        "business": business,
        "vat_number": vat_number if business else "",
        "newsletter": rng.random() < 0.4,
    }


def verified(customer: dict[str, Any]) -> dict[str, Any]:
    """The CloudEvent that ends the wait for the identity of a company."""
    return {
        "specversion": "1.0", "id": f"verified-{customer['id']}", "source": "https://identity.example/checks",
        "type": "identity.verified", "subject": customer["id"], "data": {"level": "substantial"},
    }  # fmt: skip


def settlement(rng: Random, today: date) -> dict[str, Any]:
    """Input of nightly-settlement: one of the last 60 days, as when a quarter is settled anew."""
    return {"date": str(today - timedelta(days=rng.randint(1, 60))), "currency": "EUR"}
