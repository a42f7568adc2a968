"""Somebody else's Celery app, as a user of Plumbline has one: its own tasks on its own queue, no Django, no result backend.

What its tasks do is a request to the recorder, under the key that Plumbline sent. SHOP_TELLS=1: it imports our callbacks.
"""

from __future__ import annotations

import json
import os
from typing import Any
from urllib.request import Request, urlopen

from celery import Celery, Task

app = Celery("shop", broker=os.environ["BROKER_URL"])
app.conf.update(
    task_default_queue="shop", task_routes={"*": {"queue": "shop"}}, broker_connection_retry_on_startup=True,
    # What a killed worker has fetched RabbitMQ gives to the next, though it may be done: one at a time, so that it can be told.
    worker_prefetch_multiplier=1,
    # Whatever they are set to must not reach our messages.
    task_serializer="yaml", accept_content=["json", "yaml"], task_ignore_result=False,
)  # fmt: skip
if os.environ.get("SHOP_TELLS"):
    import orchestration.callbacks  # noqa: F401


class Broken(Exception):
    pass


@app.task(name="shop.pack", bind=True)
def pack(self: Task, run: str, path: str = "/pack", seconds: float = 0.03) -> Any:
    return ask(self, run, f"{path}?seconds={seconds}")


@app.task(name="shop.drop", bind=True)
def drop(self: Task, run: str, word: str) -> None:
    ask(self, run, "/drop")
    raise Broken(f"{word} is broken ☂")


@app.task(name="shop.stutter", bind=True, autoretry_for=(Broken,), max_retries=2, default_retry_delay=0.2)
def stutter(self: Task, run: str) -> Any:
    answer = ask(self, run, "/stutter")
    if self.request.retries < 2:
        raise Broken("not yet")
    return answer


@app.task(name="shop.odd")
def odd() -> object:
    return object()


def ask(task: Task, run: str, target: str) -> Any:
    headers = task.request.headers
    told = {"Idempotency-Key": headers["idempotency-key"], "traceparent": headers["traceparent"]}
    body = json.dumps({"run": run}).encode()
    request = Request(os.environ["RECORDER_URL"] + target, body, {**told, "Content-Type": "application/json"})
    with urlopen(request, timeout=30) as answer:
        return json.load(answer)
