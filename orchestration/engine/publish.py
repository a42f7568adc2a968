"""Wake-up messages: a few ids on the steps queue, sent after commit. Losing one is harmless: the sweeper sends it again.

Owns the sending and the short pause after a failure, so that a dead broker costs the caller once, not at every step. Also
sends the tasks of other people's apps, which are no wake-ups: nobody sends those again. Ours carry nothing but ids.
"""

from __future__ import annotations

import functools
import time
import uuid
import weakref
from collections.abc import Iterator, Sequence
from typing import Any

import structlog
from celery import current_app
from django.db import transaction
from kombu import pools

log = structlog.get_logger(__name__)

#: Seconds without a try after the broker did not answer.
PAUSE = 2.0
#: Whoever starts a run waits no longer for a broker that does not answer. One try: by default there are several, seconds
#: apart, although the sweeper would send it all again.
PATIENCE: dict[str, Any] = {
    "max_retries": 1, "interval_start": 0, "interval_step": 0, "interval_max": 0,
    "socket_connect_timeout": 1, "socket_timeout": 2,
}  # fmt: skip

_quiet_until = 0.0
#: Nothing is sent from this process: it works its runs off by itself, and their steps are over before they are committed.
silent = False

#: So many steps travel in one message at most. One process takes them all, so it must not be many.
TOGETHER = 8


#: Of messages that need not be taken first. On Redis 0 is taken before 9, and is what a message has that says nothing; on
#: RabbitMQ it means nothing to a queue that was not declared with priorities, as ours is not.
LATER = 9


class BrokerAway(Exception):
    """The broker does not answer. `halfway`: it may have the message all the same."""

    def __init__(self, why: object, *, halfway: bool) -> None:
        super().__init__(str(why)[:200])
        self.halfway = halfway


class NoQueue(Exception):
    """Nobody has made that queue, so the broker threw the message away."""


def wake_up(step_ids: Sequence[int]) -> None:
    """Send wake-ups for these steps once the surrounding transaction has committed."""
    if step_ids and not silent:
        ids = list(step_ids)
        transaction.on_commit(lambda: send(ids))


def after_commit(task: str, *arguments: Any) -> None:
    """Have the control worker do a task soon after the surrounding transaction; losing the message is harmless too."""
    if not silent:
        transaction.on_commit(lambda: _ask(task, arguments))


def _ask(task: str, arguments: tuple[Any, ...]) -> None:
    global _quiet_until  # noqa: PLW0603 - one broker for the process
    if time.monotonic() < _quiet_until:
        return
    try:
        with _producers().acquire(block=True, timeout=PAUSE) as producer:
            current_app.send_task(task, arguments, queue="control", producer=producer, retry=False, ignore_result=True)
    except Exception as error:
        _quiet_until = time.monotonic() + PAUSE
        log.warning("broker.away", error=str(error)[:200], task=task)


def send(step_ids: Sequence[int]) -> int:
    """Send now; how many were sent. Never raises for a broker that is away.

    Many steps that become ready together, such as the parts of a fan-out and the runs of a bulk start, go as `send_later`
    sends: one step of somebody else need not wait for all of them.
    """
    return _deliver(step_ids, later=len(step_ids) > TOGETHER)


def send_later(step_ids: Sequence[int]) -> int:
    """The same, to be taken after what others send, and not by the threads that are kept free for whoever comes."""
    return _deliver(step_ids, later=True)


def _deliver(step_ids: Sequence[int], *, later: bool) -> int:
    global _quiet_until  # noqa: PLW0603 - one broker for the process
    sent = 0
    for together in _batches(step_ids):
        if time.monotonic() < _quiet_until:
            break
        try:
            with _producers().acquire(block=True, timeout=PAUSE) as producer:
                _send(producer, together, later=later)
            sent += len(together)
        except Exception as error:  # whatever a broker or its client comes up with: the sweeper sends it again
            _quiet_until = time.monotonic() + PAUSE
            log.warning("broker.away", error=str(error)[:200], unsent=len(step_ids) - sent)
    return sent


def deliver(task: str, arguments: dict[str, Any], queue: str, *, headers: dict[str, str], **options: Any) -> None:
    """Send a task of somebody else's app to their queue, which only they declare. Raises BrokerAway, NoQueue.

    RabbitMQ confirms it. Redis keeps it for whoever comes.
    """
    global _quiet_until  # noqa: PLW0603 - one broker for the process
    if time.monotonic() < _quiet_until:
        raise BrokerAway("it did not answer a moment ago", halfway=False)
    task_id, returned, connected = str(uuid.uuid4()), list[object](), False
    message = current_app.amqp.as_task_v2(task_id, task, (), arguments, ignore_result=True, **options)
    expires = options.get("expires")
    try:
        with _confirming_producers().acquire(block=True, timeout=PAUSE) as producer:
            events = getattr(producer.channel, "events", {})
            events["basic_return"] = {lambda *why: returned.append(why)}
            connected = True
            producer.publish(
                message.body, exchange="", routing_key=queue, serializer="json", retry=False, mandatory=True,
                delivery_mode=2, headers={**message.headers, **headers}, expiration=expires, confirm_timeout=PAUSE,
                **message.properties,
            )  # fmt: skip
    except Exception as error:  # whatever a broker or its client comes up with
        _quiet_until = time.monotonic() + PAUSE
        log.warning("broker.away", error=str(error)[:200], task=task)
        raise BrokerAway(error, halfway=connected) from error
    if returned:
        raise NoQueue


def _send(producer: Any, step_ids: list[int], *, later: bool) -> None:
    """What Celery's send_task does, without looking for routes and options, which takes as long again."""
    task_id, blank = str(uuid.uuid4()), _blank()
    _, keywords, embedded = blank.body
    declared = producer.channel in _declared
    producer.publish(
        ((step_ids,), keywords, embedded), routing_key="steps", serializer="json", retry=False,
        headers={**blank.headers, "id": task_id, "root_id": task_id, "argsrepr": repr(step_ids)},
        declare=[] if declared else [current_app.amqp.queues["steps"]],
        **{**blank.properties, "correlation_id": task_id, **({"priority": LATER} if later else {})},
    )  # fmt: skip
    _declared.add(producer.channel)


#: Channels on which the queue was declared: Celery looks that up anew each time, which takes a tenth of the sending.
_declared: weakref.WeakSet[Any] = weakref.WeakSet()


@functools.cache
def _blank() -> Any:
    """Celery's own message for the task, made once: only ids differ from one to the next, and making it is slow."""
    return current_app.amqp.as_task_v2("", "orchestration.tasks.work", (), ignore_result=True)


def _batches(step_ids: Sequence[int]) -> Iterator[list[int]]:
    """A few steps go one by one, so that every worker gets some; many go together."""
    size = min(TOGETHER, max(1, len(step_ids) // 4))
    for start in range(0, len(step_ids), size):
        yield list(step_ids[start : start + size])


@functools.cache
def _producers() -> Any:
    from orchestration.engine.redis_sending import transport_of  # with it comes all that Redis's client brings along

    options: dict[str, Any] = {"connect_timeout": 1, "transport_options": PATIENCE}
    transport = transport_of(current_app.connection_for_write(**options))
    return pools.producers[current_app.connection_for_write(**options, transport=transport)]


@functools.cache
def _confirming_producers() -> Any:
    options = {**PATIENCE, "confirm_publish": True}
    return pools.producers[current_app.connection_for_write(connect_timeout=1, transport_options=options)]
