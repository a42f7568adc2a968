"""Who sends to Redis keeps a client, and it outlives the broker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis
from celery import Celery
from kombu import Connection, pools

from orchestration.engine.redis_sending import SendingTransport, transport_of
from tests.servers import Broker


@pytest.fixture
def broker() -> Iterator[Broker]:
    with Broker(tcp=True) as found:
        yield found


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1/0", "redis+socket:///tmp/none.sock"])
def test_redis_however_it_is_reached_is_sent_to_with_a_client_that_is_kept(url: str):
    assert transport_of(Celery(broker=url).connection_for_write()) is SendingTransport


@pytest.mark.parametrize("url", ["amqp://127.0.0.1:1//", "memory://"])
def test_other_brokers_are_left_as_they_are(url: str):
    assert transport_of(Connection(url)) is None


def test_messages_arrive_by_one_client_also_after_the_broker_died(broker: Broker, monkeypatch: pytest.MonkeyPatch):
    made: list[redis.Redis] = []
    original = redis.Redis.__init__

    def note(self: redis.Redis, *of: object, **more: object) -> None:
        made.append(self)
        original(self, *of, **more)

    monkeypatch.setattr(redis.Redis, "__init__", note)
    connection = Connection(broker.url, transport=SendingTransport)
    with pools.producers[connection].acquire(block=True) as producer:
        for _ in range(3):
            producer.publish({"n": 1}, routing_key="here", retry=False)
        before = len(made)
        producer.publish({"n": 1}, routing_key="here", retry=False)
        assert len(made) == before, "no client for each message"
    assert redis.Redis(port=broker.port).llen("here") == 4
    broker.halt()
    broker.resume()
    with pools.producers[connection].acquire(block=True) as producer:
        producer.publish(
            {"n": 2}, routing_key="here", retry=True, retry_policy={"max_retries": 3, "interval_start": 0.1}
        )
    assert redis.Redis(port=broker.port).llen("here") == 1
    pools.reset()
