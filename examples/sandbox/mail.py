"""Mail: queues messages and keeps the newsletter list. A queued message can be withdrawn, as it leaves later.

Owns the list of templates. Sends nothing to anyone.
"""

from collections.abc import Sequence

from examples.sandbox.service import Latency, Route, Service
from examples.sandbox.wire import Refused, Reply, Request, text

TEMPLATES = {"order-shipped", "welcome", "application-declined", "settlement-report", "return-received"}


class Mail(Service):
    """Messages and subscriptions."""

    name = "mail"
    latency = Latency(median=20, low=10, high=40)

    def routes(self) -> Sequence[Route]:
        return [
            Route("POST", r"/messages", self.send, keyed=True),
            Route("DELETE", r"/messages/by-key/(.+)", self.undo_by_key("withdrawn")),
            Route("POST", r"/subscriptions", self.subscribe, keyed=True),
            Route("DELETE", r"/subscriptions/by-key/(.+)", self.undo_by_key("withdrawn")),
        ]

    def send(self, request: Request) -> Reply:
        """Queue one message."""
        template = text(request.body, "template", 40)
        if template not in TEMPLATES:
            known = ", ".join(sorted(TEMPLATES))
            raise Refused(422, "unknown_template", f"no template {template!r}; known are {known}")
        fields = {"to": _address(request), "template": template, "status": "queued", "queued_at": request.moment}
        return Reply(202, dict(self.book.add("msg", request.key, fields)))

    def subscribe(self, request: Request) -> Reply:
        """Put an address on the newsletter list."""
        fields = {"to": _address(request), "list": text(request.body, "list", 40), "status": "subscribed"}
        return Reply(201, dict(self.book.add("sub", request.key, fields)))


def _address(request: Request) -> str:
    address = text(request.body, "to", 254)
    if address.count("@") != 1 or address.startswith("@") or address.endswith("@"):
        raise Refused(422, "invalid_address", "to: an address of the form name@host is required")
    return address
