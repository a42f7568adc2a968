"""Shipping: books parcels with a carrier and cancels them while they are still in the warehouse.

Owns which addresses no carrier serves. Has no scripted trouble.
"""

from collections.abc import Sequence
from random import Random

from examples.sandbox.service import Latency, Route, Service
from examples.sandbox.wire import Refused, Reply, Request, day, rows, text, whole

# Country: (carrier, days). The islands below are served by none of them, which a saga finds out after the charge.
CARRIERS = {
    "ES": ("Ruta Norte", 1),
    "PT": ("Ruta Norte", 2),
    "FR": ("Hexa Colis", 2),
    "DE": ("Kurier Acht", 3),
    "IT": ("Kurier Acht", 3),
    "NL": ("Kurier Acht", 3),
}
NOT_SERVED = {("ES", "35"), ("ES", "38"), ("PT", "90"), ("PT", "95")}


class Shipping(Service):
    """Parcels and what they cost."""

    name = "shipping"
    latency = Latency(median=105, low=60, high=200)

    def routes(self) -> Sequence[Route]:
        return [
            Route("POST", r"/parcels", self.book_parcel, keyed=True),
            Route("GET", r"/parcels/([^/]+)", self.show),
            Route("DELETE", r"/parcels/by-key/(.+)", self.undo_by_key("cancelled")),
            Route("DELETE", r"/parcels/([^/]+)", self.undo("cancelled")),
            Route("GET", r"/days/([^/]+)/costs", self.costs),
        ]

    def book_parcel(self, request: Request) -> Reply:
        """Book one parcel for all lines of an order."""
        country, postal_code = text(request.body, "country", 2), text(request.body, "postal_code", 12)
        items = sum(whole(line, "quantity", 1, 10_000) for line in rows(request.body, "lines"))
        if country not in CARRIERS or (country, postal_code[:2]) in NOT_SERVED:
            raise Refused(422, "address_not_served", f"no carrier delivers to {country} {postal_code}")
        carrier, days = CARRIERS[country]
        fields = {"order": text(request.body, "order", 60), "status": "booked", "carrier": carrier, "items": items}
        fields["wrapped"] = request.body.get("gift") is True
        tracking = f"{carrier[:2].upper()}{self.rng.randrange(10**9):09d}"
        return Reply(201, dict(self.book.add("par", request.key, {**fields, "tracking": tracking, "days": days})))

    def costs(self, _request: Request, date: str) -> Reply:
        """What the carriers bill for a day; the same day always gives the same figures."""
        rng = Random(f"shipping {day(date)}")
        parcels = rng.randint(850, 1_500)
        return Reply(200, {"date": date, "parcels": parcels, "cost": parcels * rng.randint(390, 520)})
