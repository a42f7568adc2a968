"""Screening: how risky a customer looks, and whether a company's VAT number is real.

Owns both answers, which depend on what is asked and on nothing else. Keeps no state, so all its calls are reads.
"""

from collections.abc import Sequence
from hashlib import sha256

from examples.sandbox.service import Latency, Route, Service
from examples.sandbox.wire import Reply, Request, text

REFER_SHARE = 10  # one customer in ten looks risky
REFER_FROM = 80


def score_of(customer: str) -> int:
    """Of this id always the same."""
    digest = sha256(customer.encode()).digest()
    return REFER_FROM + digest[1] % 20 if digest[0] % REFER_SHARE == 0 else digest[1] % 60


class Screening(Service):
    """Checks of customers and companies."""

    name = "screening"
    latency = Latency(median=180, low=90, high=400)

    def routes(self) -> Sequence[Route]:
        return [Route("POST", r"/checks", self.check), Route("GET", r"/companies/([^/]+)", self.company)]

    def check(self, request: Request) -> Reply:
        """A score from 0 to 99 for a customer; 80 and more is referred to a person."""
        customer = text(request.body, "customer", 60)
        score = score_of(customer)
        decision = "refer" if score >= REFER_FROM else "clear"
        return Reply(200, {"customer": customer, "score": score, "decision": decision})

    def company(self, _request: Request, vat_number: str) -> Reply:
        """Whether a VAT number is registered; numbers that end in 00 are not."""
        return Reply(200, {"vat_number": vat_number, "registered": not vat_number.endswith("00")})
