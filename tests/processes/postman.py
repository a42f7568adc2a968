"""Stands between the broker's queue of steps and the workers: delivers each message three times, late and shuffled.

Owns the moving from the queue `steps` to the queue `shuffled`, whatever the messages say, on Redis and on RabbitMQ.
"""

from __future__ import annotations

import heapq
import itertools
import json
import random
import threading
import time
import uuid
from typing import Any

import redis
from kombu import Connection, Exchange, Queue

#: Seconds that a copy is kept back at most.
LATEST = 1.5
COPIES = 3
LANES = ("steps", *(f"steps\x06\x16{priority}" for priority in (3, 6, 9)))


class Lists:
    """The two queues on Redis."""

    def __init__(self, url: str) -> None:
        self._redis = redis.Redis.from_url(url.replace("redis+socket://", "unix://"))

    def take(self) -> Any:
        """Of every priority: each has a list of its own (kombu's way)."""
        return next((found for name in LANES if (found := self._redis.rpop(name)) is not None), None)

    def deliver(self, message: bytes) -> None:
        """The same message, as a delivery of its own."""
        envelope = json.loads(message)
        envelope["properties"]["delivery_tag"] = str(uuid.uuid4())
        self._redis.lpush("shuffled", json.dumps(envelope))

    def left(self) -> int:
        """How many wait to be taken."""
        return int(self._redis.llen("shuffled"))


class Queues:
    """The same on RabbitMQ. Used by one thread at a time."""

    def __init__(self, url: str) -> None:
        self._channel = Connection(url).channel()
        for name in ("steps", "shuffled"):
            Queue(name, Exchange(name), name)(self._channel).declare()

    def take(self) -> Any:
        return self._channel.basic_get("steps", no_ack=True)

    def deliver(self, message: Any) -> None:
        copy = self._channel.prepare_message(
            message.body, content_type=message.content_type, content_encoding=message.content_encoding,
            headers=message.headers, properties={"correlation_id": message.properties["correlation_id"]},
        )  # fmt: skip
        self._channel.basic_publish(copy, exchange="", routing_key="shuffled")

    def left(self) -> int:
        return int(self._channel.queue_declare("shuffled", passive=True).message_count)


class Postman:
    def __init__(self, broker_url: str) -> None:
        self._url = broker_url
        self.broker = self._connect()
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

    def _connect(self) -> Lists | Queues:
        return Queues(self._url) if self._url.startswith("amqp") else Lists(self._url)

    def _go_on(self) -> None:
        broker, bag = self._connect(), list[tuple[float, int, Any]]()
        numbers = itertools.count()
        while not self._over.is_set():
            message = broker.take()
            if message is not None:
                self.taken += 1
                for _ in range(COPIES):
                    due = time.monotonic() + self._chance.random() * LATEST
                    heapq.heappush(bag, (due, next(numbers), message))
            while bag and bag[0][0] <= time.monotonic():
                broker.deliver(heapq.heappop(bag)[2])
                self.delivered += 1
            if message is None:
                time.sleep(0.01)
