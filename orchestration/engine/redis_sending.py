"""Kombu's way to Redis for whoever only sends: the client of a channel is kept.

Kombu makes a new client for each message, on connections that it keeps: a third of what sending takes. Owns nothing; the
worker's side, which receives, is Kombu's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from kombu import Connection
from kombu.transport import redis


class _Channel(redis.Channel):
    @contextmanager
    def conn_or_acquire(self, client: Any = None) -> Iterator[Any]:
        yield client or self._kept

    @cached_property
    def _kept(self) -> Any:
        """On the channel's own pool of connections, which looks after those that broke."""
        with super().conn_or_acquire() as client:
            return client


class SendingTransport(redis.Transport):
    """Kombu's, but for the channel."""

    Channel = _Channel


def transport_of(connection: Connection) -> Any:
    """What to send by over that connection: None for a broker that is not Redis."""
    return SendingTransport if connection.get_transport_cls() is redis.Transport else None
