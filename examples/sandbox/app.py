"""The sandbox as one callable: finds the service by the first part of the path and lets it answer.

Owns the clock (injected) and the seed. Never touches a socket.
"""

import random
import time
from collections.abc import Callable
from dataclasses import replace

from examples.sandbox.crm import Crm
from examples.sandbox.inventory import Inventory
from examples.sandbox.ledger import Ledger
from examples.sandbox.mail import Mail
from examples.sandbox.payments import Payments
from examples.sandbox.screening import Screening
from examples.sandbox.service import Service
from examples.sandbox.shipping import Shipping
from examples.sandbox.wire import Refused, Reply, Request

SERVICES: tuple[type[Service], ...] = (Inventory, Payments, Shipping, Mail, Crm, Screening, Ledger)


class Sandbox:
    """All services behind one address."""

    def __init__(self, seed: int | None = None, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        source = random.Random(seed)
        # A generator each: what one service is asked never changes the latencies of another.
        self.services = {kind.name: kind(random.Random(source.getrandbits(64))) for kind in SERVICES}

    def respond(self, request: Request) -> tuple[Reply, float]:
        """The answer to a call, and the seconds after which it should leave."""
        if request.path == "/healthz" and request.method == "GET":
            return Reply(200, {"status": "ok", "services": sorted(self.services)}), 0.0
        _, _, rest = request.path.partition("/")
        name, _, path = rest.partition("/")
        service = self.services.get(name)
        if service is None:
            known = ", ".join(f"/{known}" for known in sorted(self.services))
            return Refused(404, "not_found", f"no such service; there are {known} and /healthz").reply, 0.0
        return service.answer(replace(request, path=f"/{path}", at=self._clock()))
