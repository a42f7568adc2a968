"""CRM: accounts of customers, from pending to active or rejected.

Owns the account's status. Has no scripted trouble.
"""

from collections.abc import Sequence

from examples.sandbox.service import Latency, Route, Service
from examples.sandbox.wire import Refused, Reply, Request, text


class Crm(Service):
    """Accounts."""

    name = "crm"
    latency = Latency(median=55, low=25, high=120)

    def routes(self) -> Sequence[Route]:
        return [
            Route("POST", r"/accounts", self.create, keyed=True),
            Route("GET", r"/accounts/([^/]+)", self.show),
            Route("DELETE", r"/accounts/by-key/(.+)", self.undo_by_key("removed")),
            Route("DELETE", r"/accounts/([^/]+)", self.undo("removed")),
            Route("POST", r"/accounts/([^/]+)/activate", self.activate),
            Route("POST", r"/accounts/([^/]+)/reject", self.reject),
            Route("POST", r"/accounts/([^/]+)/suspend", self.suspend),
        ]

    def create(self, request: Request) -> Reply:
        """Open an account that may not order yet."""
        fields = {"customer": text(request.body, "customer", 60), "email": text(request.body, "email", 254)}
        return Reply(201, dict(self.book.add("acc", request.key, {**fields, "status": "pending"})))

    def activate(self, _request: Request, identifier: str) -> Reply:
        """Let an account order."""
        return self._become(identifier, "active")

    def reject(self, _request: Request, identifier: str) -> Reply:
        """Turn an account down."""
        return self._become(identifier, "rejected")

    def suspend(self, _request: Request, identifier: str) -> Reply:
        """Undo an activation; the sandbox may have been restarted since, and then there is nothing to undo."""
        return self.undone(self.book.get(identifier), "suspended")

    def _become(self, identifier: str, status: str) -> Reply:
        record = self.found(identifier)
        if record["status"] == "removed":
            raise Refused(409, "account_removed", "this account was removed")
        record["status"] = status
        return Reply(200, dict(record))
