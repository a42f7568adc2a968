"""What all services of the sandbox share: routes, latency, idempotency, undoing by id or by key.

Owns the order in which a call is judged: route, trouble, stored answer, handler. An effect happens when the call
arrives and the answer follows after the latency, so a caller that gave up can still undo by key what it never
heard of. Never touches a socket and never sleeps: it says how long the answer takes.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import exp, log
from random import Random
from threading import Lock
from typing import ClassVar
from urllib.parse import unquote

from examples.sandbox.records import Book, Replies
from examples.sandbox.wire import Record, Refused, Reply, Request

Handler = Callable[..., Reply]


@dataclass(frozen=True, slots=True)
class Latency:
    """Log-normal around a median, cut at both ends; milliseconds in, seconds out."""

    median: float
    low: float
    high: float

    def sample(self, rng: Random) -> float:
        """How long one answer takes."""
        return min(self.high, max(self.low, exp(rng.gauss(log(self.median), 0.4)))) / 1000


@dataclass(frozen=True, slots=True)
class Route:
    """A method and a pattern of the path. `keyed` routes create something, so their answers are stored."""

    method: str
    pattern: str
    handler: Handler
    keyed: bool = False


class Service(ABC):
    """The base of every service; a subclass gives `name`, `latency` and `routes`."""

    name: ClassVar[str]
    latency: ClassVar[Latency]

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.book = Book(rng)
        self.replies = Replies()
        self.served = 0
        self._lock = Lock()
        self._routes = [(route, re.compile(route.pattern)) for route in self.routes()]

    @abstractmethod
    def routes(self) -> Sequence[Route]:
        """The calls that this service answers; the first that matches wins."""

    def admit(self, request: Request) -> None:  # noqa: B027 - most services let everyone in
        """Refuse a call before it is looked at: missing authorization, scripted trouble."""

    def troubled(self, now: float) -> bool:
        """Whether the script has this service in trouble."""
        return False

    def delay(self, request: Request, replayed: bool) -> float:
        """Seconds until the answer leaves."""
        return self.latency.sample(self.rng)

    def answer(self, request: Request) -> tuple[Reply, float]:
        """Judge one call; the effect is in the book when this returns."""
        with self._lock:
            if (request.method, request.path) == ("GET", "/healthz"):
                status = "degraded" if self.troubled(request.at) else "ok"
                return Reply(200, {"status": status, "service": self.name}), 0.0
            self.served += 1
            try:
                reply = self._judge(request)
            except Refused as refusal:
                reply = refusal.reply
            return reply, self.delay(request, "Idempotency-Replayed" in reply.headers)

    def _judge(self, request: Request) -> Reply:
        self.admit(request)
        route, groups = self._route(request)
        if request.key and len(request.key) > 255:
            raise Refused(400, "idempotency_key_too_long", "an Idempotency-Key has at most 255 characters")
        if not route.keyed:
            return route.handler(request, *groups)
        stored = self.replies.find(request)
        if stored is not None:
            return stored
        try:
            reply = route.handler(request, *groups)
        except Refused as refusal:
            reply = refusal.reply
        self.replies.keep(request, reply)
        return reply

    def _route(self, request: Request) -> tuple[Route, list[str]]:
        allowed = set()
        for route, pattern in self._routes:
            match = pattern.fullmatch(request.path)
            if match and route.method == request.method:
                return route, [unquote(group) for group in match.groups()]
            if match:
                allowed.add(route.method)
        if allowed:
            methods = ", ".join(sorted(allowed))
            raise Refused(405, "method_not_allowed", f"this path takes {methods}", {"Allow": methods})
        raise Refused(404, "not_found", f"{self.name} has no such path")

    def found(self, identifier: str) -> Record:
        """A record by id, or 404."""
        record = self.book.get(identifier)
        if record is None:
            raise Refused(404, "not_found", f"{self.name} has no record with this id")
        return record

    def show(self, _request: Request, identifier: str) -> Reply:
        """The handler that shows one record."""
        return Reply(200, dict(self.found(identifier)))

    def undo(self, status: str) -> Handler:
        """A handler that undoes the record with an id."""
        return lambda _request, identifier: self.undone(self.found(identifier), status)

    def undo_by_key(self, status: str) -> Handler:
        """A handler that undoes whatever a call with a key made, for callers that never got to know the id."""
        return lambda _request, key: self.undone(self.book.made_by(key), status, key)

    def undone(self, record: Record | None, status: str, key: str | None = None) -> Reply:
        """Once or again is the same; undoing what never happened succeeds, since that is what the caller wants."""
        if record is None:
            return Reply(200, {"id": None, "status": "nothing_to_undo"})
        record["status"] = status
        forget = key or self.book.key_of(record["id"])
        if forget:
            self.replies.forget(forget)
        return Reply(200, dict(record))
