"""A plain Celery application at its best: what a team would write without a workflow engine. Durable nothing.

Imported by its workers and by the side that submits (celery_side.py).
"""

from __future__ import annotations

import os
from typing import Any

import redis
from celery import Celery, chain, chord, group

from tests.bench.payload import RESULT, STEPS, WIDTH

URL = os.environ.get("BROKER_URL", "redis://127.0.0.1/0")
#: The mark that work is over; one increment by the last task, and one look a while by the submitter.
link = redis.Redis.from_url(URL)

app = Celery("raw", broker=URL, backend=URL)
app.conf.update(
    task_ignore_result=True,
    task_default_queue="raw",
    worker_prefetch_multiplier=4,
    task_acks_late=False,
    task_track_started=False,
    task_store_errors_even_if_ignored=False,
    worker_send_task_events=False,
    task_send_sent_event=False,
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
    result_expires=600,
    worker_enable_remote_control=False,
    # Without, a message is gone as soon as a worker has read it: faster, and a killed worker breaks its chains for ever.
    broker_transport_options={"ack_emulation": os.environ.get("BENCH_ACKNOWLEDGED") != "0"},
)


@app.task(name="raw.step")
def step(value: Any) -> Any:
    return RESULT


@app.task(name="raw.last")
def last(value: Any, mark: str) -> Any:
    link.incr(mark)
    return RESULT


@app.task(name="raw.piece", ignore_result=False)
def piece(value: Any) -> Any:
    return RESULT


def a_chain(mark: str) -> Any:
    """Ten steps, each given what the one before it gave; the tenth leaves the mark."""
    return chain(step.s(RESULT), *[step.s() for _ in range(STEPS - 2)], last.s(mark))


def a_chord(mark: str) -> Any:
    """A hundred pieces, and after them all one step that is given what they gave."""
    return chord(group(piece.s(RESULT) for _ in range(WIDTH)), last.s(mark))
