"""Documents for tests of search: a company's by hand, of which each query has its best one, and any number around them.

Those around are made of a small vocabulary by chance with a fixed seed, and talk about the same things, so that an answer has to
be found among many that nearly fit. Owns both; never reads the database.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from governance.search.kinds import Entry

START = datetime(2025, 1, 1, tzinfo=UTC)
TEAMS = ("checkout", "payments", "warehouse", "finance", "platform", "identity")


def _day(number: int) -> datetime:
    return START + timedelta(days=number)


def _one(kind: str, key: str, title: str = "", body: str = "", **more: object) -> Entry:
    fields = {"updated_at": _day(300), "team": "checkout", "status": "active", **more}
    return Entry(kind, key, title or key, body=body, **fields)  # type: ignore[arg-type]


def _decision(number: int, title: str, body: str, **more: object) -> Entry:
    names = (f"adr {number}", f"decision {number}", title)
    return _one("decision", str(number), title, body, **{"status": "accepted", "names": names, **more})


def _runbook(slug: str, title: str, body: str, **more: object) -> Entry:
    return _one("runbook", slug, title, body, **more)


BY_HAND: list[Entry] = [
    _one("workflow", "order-fulfilment", body="Reserve, charge, ship, notify.\nreserve: Stock for each line is held."),
    _one("workflow", "nightly-settlement", body="Settle the day's payments with the banks.", team="finance"),
    _one("workflow", "customer-onboarding", body="Screen a customer, wait, activate the account.", team="identity"),
    _one("workflow", "gift-card-refund", body="Gift cards are paid back to the card they were bought with."),
    _one("dependency", "inventory", body="Stock and its reservations. Answers 503 while it rebuilds its index.", team="warehouse"),
    _one("dependency", "payments", body="Charges and refunds.\n402 declined. Nothing was charged. An answer, not a fault.", team="payments"),
    _one("dependency", "shipping", body="Parcels of three carriers.", team="warehouse"),
    _one("dependency", "shipping-zurich", "shipping-zürich", "The carrier of the warehouse in Zürich.", team="warehouse"),
    _one("contract", "order.placed", body="An order as the shop sends it.\nid\nlines\ncurrency"),
    _one("contract", "order.fulfilled", body="An order that left the house.\nid\ntracking"),
    _one("contract", "payment.receipt", body="What a payment came to.\nid\namount\nrisk", team="payments"),
    _one("objective", "order-fulfilment.success", body="success of order-fulfilment"),
    _one("objective", "order-fulfilment.latency", body="latency of order-fulfilment"),
    _one("team", "warehouse", body="Stock, parcels, and what leaves the house.", team="warehouse"),
    _one("team", "payments", body="Everything that moves money.", team="payments"),
    _one("change", "41", "payment.receipt 3.1.0 to 4.0.0", "The second provider scores later.", names=("change 41",), status="open"),
    _one("change", "12", "order.placed 1.1.0 to 1.2.0", "Orders from six countries.", names=("change 12",), is_over=True),
    _one("alert", "7", "Alert 7: order-fulfilment.success", "page 14.4", names=("alert 7",), is_over=True, status="resolved"),
    _one("alert", "12", "Alert 12: nightly-settlement.success", "ticket 1", names=("alert 12",), is_over=True, status="resolved"),
    _decision(1, "One transaction per order", "An order is one row that moves through its states."),
    _decision(2, "Saga over two-phase commit", "Each write has its way back. No coordinator holds locks across services."),
    _decision(3, "Idempotency keys on every write", "A retried request must not write twice, so each has a key."),
    _decision(4, "Settle at night", "Banks close their day at night, so the settlement runs then.", team="finance"),
    _decision(9, "A circuit breaker per dependency", "One state for the fleet, kept in the database."),
    _decision(12, "Keep money in minor units", "Cents are whole numbers; floats lose them.", team="payments"),
    _decision(14, "Store times in UTC", "Time zones belong to people, so only pages convert them."),
    _decision(17, "Feature flags end by a date", "A flag without an end becomes a second configuration."),
    _decision(18, "Canary before every rollout", "One in twenty runs takes the new version first."),
    _decision(21, "An outbox for every message", "A message is a row of the transaction that it tells of."),
    _decision(22, "A retry budget per call", "Superseded: counted per process.", status="superseded", is_over=True, updated_at=_day(360)),
    _decision(23, "A retry budget per dependency", "Retries are a share of the calls, for the fleet together."),
    _decision(30, "Postmortem template", "Timeline, impact, factors.", updated_at=_day(100)),
    _decision(31, "Postmortem template", "Timeline, impact, factors, and what went well.", updated_at=_day(310)),
    _runbook("payments-slow", "Payments are slow", "The payment provider answers late. Charges park; look at the breaker first.", team="payments"),
    _runbook("inventory-503", "Inventory answers 503", "Reserve steps fail with http.503. Wait for the index.", team="warehouse"),
    _runbook("fulfilment-stuck", "Orders are stuck", "Runs of order-fulfilment wait and nothing moves."),
    _runbook("settlement-late", "The settlement is late", "Banks were not told by six.", team="finance"),
    _runbook("onboarding-waits", "Onboarding waits for screening", "A customer is not screened yet.", team="identity"),
    _runbook("dead-letters", "Dead letters pile up", "Messages that nobody could read.", team="platform"),
    _runbook("clock-skew", "Clock skew between hosts", "Leases end early on one machine.", team="platform"),
    _runbook("rotate-signing-key", "Rotate the signing key", "Two keys are valid for a day.", team="platform"),
    _runbook("disk-full", "The disk is full", "The database refuses to write.", team="platform"),
    _runbook("refund-failed", "A refund failed", "The charge stands and the customer waits.", team="payments"),
    _runbook("certificate-expired", "A certificate has expired", "Calls end in a handshake.", team="platform"),
]  # fmt: skip

_SUBJECTS_TEXT = """order payment refund parcel stock invoice customer account settlement shipment receipt ledger basket coupon
voucher address tax price carrier bank card provider message queue worker lease schema report export import label batch
screening approval reservation charge notice template region currency statement balance claim return pickup route"""
_SUBJECTS = _SUBJECTS_TEXT.split()
_DOINGS_TEXT = """checks moves counts sends holds keeps splits joins copies reads writes stores drops retries waits fails ends
begins closes opens signs verifies rounds merges"""
_DOINGS = _DOINGS_TEXT.split()
_SMALL_TEXT = "the a of and to in for with by on at from before after when until because so that each every no"
_SMALL = _SMALL_TEXT.split()
_KINDS = (("decision", 5), ("runbook", 5), ("change", 4), ("alert", 8), ("contract", 2), ("objective", 2), ("workflow", 1), ("dependency", 1))  # fmt: skip


def around(count: int, seed: int = 6) -> Iterator[Entry]:
    """So many documents that none of the queries asks for."""
    chance = random.Random(seed)
    rare = [f"{one}{other}" for one in _SUBJECTS for other in ("ium", "ette", "wise", "less", "hood")]
    kinds = [kind for kind, share in _KINDS for _ in range(share)]
    for number in range(1_000, 1_000 + count):
        kind = chance.choice(kinds)
        subjects = chance.sample(_SUBJECTS, 3)
        over = chance.random() < 0.4
        yield Entry(
            kind, f"{'-'.join(subjects)}-{number}" if kind not in ("decision", "change", "alert") else str(number),
            f"{chance.choice(_DOINGS)} {' '.join(subjects)} {number}".capitalize(), _day(chance.randrange(300)),
            body=_text(chance, rare), headings=[f"{chance.choice(_SUBJECTS)} {chance.choice(_DOINGS)}" for _ in range(3)],
            names=(f"{kind} {number}",), team=chance.choice(TEAMS), status="retired" if over else "active", is_over=over,
        )  # fmt: skip


def _text(chance: random.Random, rare: list[str]) -> str:
    sentences = []
    for _ in range(chance.randrange(4, 40)):
        said = [
            chance.choice(_SUBJECTS),
            chance.choice(_DOINGS),
            *chance.choices(_SMALL + _SUBJECTS, k=6),
            chance.choice(rare),
        ]
        sentences.append(" ".join(said).capitalize() + ".")
    return " ".join(sentences)
