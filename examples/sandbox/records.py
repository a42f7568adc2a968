"""What a service remembers: its records, and the answers it gave to Idempotency-Keys.

Owns the bounds (the oldest go first), so that a sandbox left running for weeks does not grow. Never locks:
the service that owns the memory holds its lock around every call.
"""

import json
from collections import OrderedDict
from hashlib import sha256
from random import Random

from examples.sandbox.wire import Record, Refused, Reply, Request

LIMIT = 10_000


class Book:
    """Records by id, and which key made which."""

    def __init__(self, rng: Random, limit: int = LIMIT) -> None:
        self._rng = rng
        self._limit = limit
        self._records: OrderedDict[str, Record] = OrderedDict()
        self._by_key: OrderedDict[str, str] = OrderedDict()

    def add(self, prefix: str, key: str | None, fields: Record) -> Record:
        """Keep a new record under a fresh id."""
        record = {"id": f"{prefix}_{self._rng.getrandbits(48):012x}", **fields}
        self._records[record["id"]] = record
        if key:
            self._by_key[key] = record["id"]
            self._by_key.move_to_end(key)
        while len(self._records) > self._limit:
            self._records.popitem(last=False)
        while len(self._by_key) > self._limit:
            self._by_key.popitem(last=False)
        return record

    def get(self, identifier: str) -> Record | None:
        """The record with this id."""
        return self._records.get(identifier)

    def made_by(self, key: str) -> Record | None:
        """The latest record that a call with this key made."""
        identifier = self._by_key.get(key)
        return self._records.get(identifier) if identifier else None

    def key_of(self, identifier: str) -> str | None:
        """The key that made a record. A scan, since undoing by id is rare."""
        return next((key for key, made in self._by_key.items() if made == identifier), None)


class Replies:
    """The first answer to each (key, method, path), given again to every repetition."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._kept: OrderedDict[str, dict[tuple[str, str], tuple[str, Reply]]] = OrderedDict()

    def find(self, request: Request) -> Reply | None:
        """The stored answer; a key that comes back with another body is refused."""
        fingerprint = _fingerprint(request)  # first, so that a body it can't take is refused before any effect
        kept = self._kept.get(request.key or "", {}).get((request.method, request.path))
        if kept is None:
            return None
        known, reply = kept
        if fingerprint != known:
            raise Refused(422, "idempotency_key_reused", "this Idempotency-Key was used before with another body")
        return Reply(reply.status, reply.body, {**reply.headers, "Idempotency-Replayed": "true"})

    def keep(self, request: Request, reply: Reply) -> None:
        """Remember an answer. 5xx is not an outcome, so the next attempt is a new one."""
        if request.key is None or reply.status >= 500:
            return
        self._kept.setdefault(request.key, {})[(request.method, request.path)] = (_fingerprint(request), reply)
        while len(self._kept) > self._limit:
            self._kept.popitem(last=False)

    def forget(self, key: str) -> None:
        """Drop a key whose effect was undone, so that a retried run can make the effect anew under its old key."""
        self._kept.pop(key, None)


def _fingerprint(request: Request) -> str:
    return sha256(json.dumps(request.body, sort_keys=True).encode()).hexdigest()
