"""Ledger: entries of double-entry bookkeeping.

Owns the one rule of a ledger: an entry whose debits and credits differ is refused. An entry is never deleted, only
reversed.
"""

from collections.abc import Sequence

from examples.sandbox.service import Latency, Route, Service
from examples.sandbox.wire import Refused, Reply, Request, day, rows, text, whole

MOST = 10**12


class Ledger(Service):
    """Entries and their reversal."""

    name = "ledger"
    latency = Latency(median=70, low=30, high=150)

    def routes(self) -> Sequence[Route]:
        return [
            Route("POST", r"/entries", self.post, keyed=True),
            Route("GET", r"/entries/([^/]+)", self.show),
            Route("POST", r"/entries/by-key/(.+)/reverse", self.undo_by_key("reversed")),
            Route("POST", r"/entries/([^/]+)/reverse", self.undo("reversed")),
        ]

    def post(self, request: Request) -> Reply:
        """Book one balanced entry."""
        date = str(day(text(request.body, "date", 10)))
        lines = rows(request.body, "lines")
        for line in lines:
            text(line, "account", 60)
        debit = sum(whole(line, "debit", 0, MOST) for line in lines)
        credit = sum(whole(line, "credit", 0, MOST) for line in lines)
        if debit != credit:
            raise Refused(422, "unbalanced", f"debits are {debit} and credits {credit}; an entry balances")
        fields = {"date": date, "status": "posted", "total": debit, "lines": len(lines)}
        return Reply(201, dict(self.book.add("ent", request.key, fields)))
