"""Stands between the broker's queue of steps and the workers: delivers each message three times, late and shuffled.

Owns the moving from the queue `steps` to the queue `shuffled`, whatever the messages say.
"""

from __future__ import annotations

import heapq
import json
import random
import threading
import time
import uuid
from typing import Any

import redis

#: Seconds that a copy is kept back at most.
LATEST = 1.5
COPIES = 3


class Postman:
    def __init__(self, broker_url: str) -> None:
        self.broker = redis.Redis.from_url(broker_url.replace("redis+socket://", "unix://"))
        self.taken = self.delivered = 0
        self._chance = random.Random(3)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._go_on, daemon=True)

    def __enter__(self) -> Postman:
        self._thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._over.set()
        self._thread.join(10)

    def _go_on(self) -> None:
        bag: list[tuple[float, str, bytes]] = []
        while not self._over.is_set():
            message: Any = self.broker.rpop("steps")
            if message is not None:
                self.taken += 1
                for _ in range(COPIES):
                    due = time.monotonic() + self._chance.random() * LATEST
                    heapq.heappush(bag, (due, *_copy_of(message)))
            while bag and bag[0][0] <= time.monotonic():
                self.broker.lpush("shuffled", heapq.heappop(bag)[2])
                self.delivered += 1
            if message is None:
                time.sleep(0.01)


def _copy_of(message: bytes) -> tuple[str, bytes]:
    """The same message, as a delivery of its own."""
    envelope = json.loads(message)
    tag = str(uuid.uuid4())
    envelope["properties"]["delivery_tag"] = tag
    return tag, json.dumps(envelope).encode()
