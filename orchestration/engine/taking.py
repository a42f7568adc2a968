"""How a worker takes a wake-up: from the message to the conductor, without what Celery does around a task.

Celery makes a request, a trace, signals and events for each message; for ids that a queue in memory takes over, all of that is
twice the work, and it holds the interpreter that the step's thread waits for. `Task.Strategy` is Celery's own place for another
way. Owns that way, and how long a message waits for room. Never knows what a step is: conductor.py does.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

import structlog
from celery import Task
from celery.concurrency.solo import TaskPool
from celery.exceptions import InvalidTaskError
from celery.worker.strategy import default

from orchestration.engine.conductor import conductor
from orchestration.engine.publish import LATER, send, send_later

log = structlog.get_logger(__name__)
#: Celery tells it of a broker that was away when a message was to be acknowledged.
_plain = logging.getLogger(__name__)

#: Seconds that a message waits for room in a process that is full, before it goes back for others to take.
ROOM_PATIENCE = 0.5
#: The same of one that others may overtake: meanwhile this process takes no other message.
SHORT_PATIENCE = 0.02


class WakeUp(Task[Any, None]):
    """The task's class: Celery asks it for the strategy."""

    Strategy = "orchestration.engine.taking:wake_ups"


def take(step_ids: Sequence[int], priority: Any) -> None:
    """Take these steps on; what there is no room for goes back to the broker."""
    if priority == LATER:
        send_later(conductor().submit_later(step_ids, SHORT_PATIENCE))
    else:
        send(conductor().submit(step_ids, ROOM_PATIENCE))


def wake_ups(task: Any, app: Any, consumer: Any, **options: Any) -> Callable[..., None]:
    """The strategy of the task of wake-ups. Where other processes do the work (`--pool prefork`) it is Celery's own.

    A message is acknowledged before it is taken, as the task's `acks_late` says: one that is lost is sent again.
    """
    if not isinstance(consumer.pool, TaskPool):
        found: Callable[..., None] = default(task, app, consumer, **options)
        return found
    errors = consumer.connection_errors

    def received(message: Any, payload: Any, ack: Callable[..., None], *_: Any, **__: Any) -> None:
        step_ids = _asked(message.payload if payload is None else payload)
        ack(_plain, errors)
        try:
            take(step_ids, (message.delivery_info or {}).get("priority"))
        except Exception as error:  # nothing may end the consumer: the sweeper sends it again
            log.exception("wake_up.failed", error=str(error)[:200])

    return received


def _asked(payload: Any) -> list[int]:
    """The ids that the message carries; one of the release before has a single id. Raises InvalidTaskError."""
    try:
        asked = payload[0][0]
        return [int(one) for one in asked] if isinstance(asked, list) else [int(asked)]
    except (TypeError, ValueError, LookupError) as error:
        raise InvalidTaskError(f"no wake-up: {str(payload)[:200]}") from error
