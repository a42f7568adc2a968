"""Inventory: holds stock for an order and lets it go again.

Owns the catalogue and its bursts of 503. Stock never runs down, so that a long-running example stays alike; what is
sold out is sold out by name.
"""

from collections.abc import Sequence
from random import Random

from examples.sandbox import trouble
from examples.sandbox.service import Latency, Route, Service
from examples.sandbox.wire import Refused, Reply, Request, day, rows, text, whole

# SKU: (name, price in cents). The two of SOLD_OUT are the small share of orders that nothing can be held for.
CATALOGUE = {
    "MUG-STONE": ("Stoneware mug", 1450),
    "MUG-ENAMEL": ("Enamel mug", 1290),
    "TEAPOT-1L": ("Teapot, 1 litre", 3890),
    "KETTLE-STEEL": ("Steel kettle", 5400),
    "TEA-SENCHA": ("Sencha, 100 g", 1120),
    "TEA-ASSAM": ("Assam, 250 g", 1580),
    "COFFEE-HOUSE": ("House blend, 500 g", 1390),
    "COFFEE-DECAF": ("Decaf, 500 g", 1490),
    "GRINDER-HAND": ("Hand grinder", 6900),
    "FILTER-100": ("Paper filters, 100", 590),
    "SCALE-POCKET": ("Pocket scale", 2350),
    "TRAY-OAK": ("Oak tray", 4200),
    "TOWEL-LINEN": ("Linen towel", 1690),
    "CARAFE-GLASS": ("Glass carafe", 2980),
    "TEA-FIRST-FLUSH": ("First flush, 50 g", 2450),
    "GRINDER-BRASS": ("Brass grinder", 14900),
}
SOLD_OUT = {"TEA-FIRST-FLUSH", "GRINDER-BRASS"}
MOST_PER_LINE = 50


class Inventory(Service):
    """Reservations of stock."""

    name = "inventory"
    latency = Latency(median=40, low=20, high=80)

    def routes(self) -> Sequence[Route]:
        return [
            Route("POST", r"/reservations", self.reserve, keyed=True),
            Route("GET", r"/reservations/([^/]+)", self.show),
            # Before the id, and greedy: a key may itself contain a slash.
            Route("DELETE", r"/reservations/by-key/(.+)", self.undo_by_key("released")),
            Route("DELETE", r"/reservations/([^/]+)", self.undo("released")),
            Route("GET", r"/items/([^/]+)", self.item),
            Route("GET", r"/days/([^/]+)/goods", self.goods),
        ]

    def troubled(self, now: float) -> bool:
        return trouble.inventory_bursting(now)

    def admit(self, request: Request) -> None:
        if trouble.inventory_refuses(request.at, self.served):
            raise Refused(503, "unavailable", "inventory is rebuilding its index; try again", {"Retry-After": "1"})

    def reserve(self, request: Request) -> Reply:
        """Hold every line of an order, or none."""
        lines = rows(request.body, "lines")
        for line in lines:
            sku, quantity = text(line, "sku", 40), whole(line, "quantity", 1, 10_000)
            if sku not in CATALOGUE:
                raise Refused(404, "unknown_sku", f"{sku} is not in the catalogue")
            if sku in SOLD_OUT or quantity > MOST_PER_LINE:
                available = 0 if sku in SOLD_OUT else MOST_PER_LINE
                raise Refused(409, "out_of_stock", f"{sku}: {quantity} wanted, {available} available")
        held = sum(line["quantity"] for line in lines)
        fields = {"order": text(request.body, "order", 60), "status": "reserved", "items_held": held}
        return Reply(201, dict(self.book.add("res", request.key, {**fields, "held_at": request.moment})))

    def item(self, _request: Request, sku: str) -> Reply:
        """What the catalogue says about a SKU."""
        if sku not in CATALOGUE:
            raise Refused(404, "unknown_sku", f"{sku} is not in the catalogue")
        name, price = CATALOGUE[sku]
        return Reply(200, {"sku": sku, "name": name, "price": price, "available": sku not in SOLD_OUT})

    def goods(self, _request: Request, date: str) -> Reply:
        """Goods that left the warehouse on a day; the same day always gives the same figures."""
        rng = Random(f"goods {day(date)}")
        units = rng.randint(1_800, 3_200)
        return Reply(200, {"date": date, "units": units, "cost": units * rng.randint(620, 780)})
