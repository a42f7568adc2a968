"""Payments: takes money and gives it back.

Owns who is let in (a bearer token), which payment methods are declined, and the two slow minutes in ten. In those a
charge is made at once but answered late, so a caller that gives up and repeats its key gets the answer it missed.
"""

import hmac
import os
from collections.abc import Sequence
from random import Random

from examples.sandbox import trouble
from examples.sandbox.service import Latency, Route, Service
from examples.sandbox.wire import Record, Refused, Reply, Request, day, text, whole

# As in any payment sandbox, some test methods are declined by name.
DECLINED = {
    "pm_card_declined": ("card_declined", "the issuer declined the card"),
    "pm_card_expired": ("expired_card", "the card has expired"),
}
PAYOUT_SHORT_SHARE = 7  # on one day in seven the payout is short by a chargeback


class Payments(Service):
    """Charges, refunds and the day's totals."""

    name = "payments"
    latency = Latency(median=150, low=80, high=300)

    def __init__(self, rng: Random, token: str | None = None) -> None:
        super().__init__(rng)
        self._expected = f"Bearer {token or os.environ.get('SANDBOX_PAYMENTS_TOKEN') or 'sandbox-token'}"

    def routes(self) -> Sequence[Route]:
        return [
            Route("POST", r"/charges", self.charge, keyed=True),
            Route("POST", r"/charges/by-key/(.+)/refund", self.undo_by_key("refunded")),
            Route("POST", r"/charges/([^/]+)/refund", self.undo("refunded")),
            Route("GET", r"/charges/([^/]+)", self.show),
            Route("GET", r"/days/([^/]+)/charges", self.day_charges),
            Route("GET", r"/days/([^/]+)/payout", self.day_payout),
        ]

    def troubled(self, now: float) -> bool:
        return trouble.payments_slow(now)

    def admit(self, request: Request) -> None:
        # Bytes, since compare_digest refuses text that is not ASCII and a header may hold any.
        given = request.headers.get("authorization", "").encode()
        if not hmac.compare_digest(given, self._expected.encode()):
            raise Refused(401, "unauthorized", "send Authorization: Bearer <token>", {"WWW-Authenticate": "Bearer"})

    def delay(self, request: Request, replayed: bool) -> float:
        # Refunds are queued inside payments, so they stay fast and a saga can be undone while the provider is slow.
        slow = trouble.payments_slow(request.at) and not request.path.endswith("/refund")
        if replayed and slow:
            slow = trouble.payments_stuck(request.at, request.key or "")
        return trouble.slow_answer(self.rng.random()) if slow else super().delay(request, replayed)

    def charge(self, request: Request) -> Reply:
        """Take an amount from a payment method."""
        amount = whole(request.body, "amount", 1, 10_000_000)
        currency = text(request.body, "currency", 3)
        order, method = text(request.body, "order", 60), text(request.body, "payment_method", 60)
        if method in DECLINED:
            raise Refused(402, *DECLINED[method])
        fields = {"order": order, "status": "captured", "amount": amount, "currency": currency}
        risk = round(Random(order).random() ** 3, 2)
        return Reply(201, dict(self.book.add("ch", request.key, {**fields, "risk": risk, "at": request.moment})))

    def day_charges(self, _request: Request, date: str) -> Reply:
        """What was taken on a day; the same day always gives the same figures."""
        return Reply(200, _totals(date))

    def day_payout(self, _request: Request, date: str) -> Reply:
        """What the provider pays out for a day: the net of its charges, at times less a chargeback."""
        totals, rng = _totals(date), Random(f"payout {day(date)}")
        short = rng.randint(1_000, 9_000) if rng.randrange(PAYOUT_SHORT_SHARE) == 0 else 0
        return Reply(
            200, {"date": date, "amount": totals["net"] - short, "reference": f"po_{rng.getrandbits(40):010x}"}
        )


def _totals(date: str) -> Record:
    rng = Random(f"charges {day(date)}")
    count = rng.randint(900, 1_600)
    gross = count * rng.randint(3_100, 4_400)
    refunds = gross * rng.randint(8, 25) // 1_000
    fees = gross * 14 // 1_000 + count * 25
    return {
        "date": date,
        "count": count,
        "gross": gross,
        "refunds": refunds,
        "fees": fees,
        "net": gross - refunds - fees,
    }
