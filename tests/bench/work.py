"""The work that both sides do: ten steps in a row, each a no-op with the same 200-byte result."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery, chain

from orchestration.steps.registry import StepContext, task

STEPS = 10
RESULT = {"text": "x" * 186}

#: The other side: a plain Celery application with what speed it can have. Durable nothing.
raw = Celery("raw", broker=os.environ.get("BENCH_BROKER", "memory://"))
raw.conf.update(task_ignore_result=True, worker_prefetch_multiplier=1, task_default_queue="raw")


@task("bench.noop")
def noop(input: Any, context: StepContext) -> Any:
    return RESULT


@raw.task(name="bench.step")
def step(value: Any = None) -> Any:
    return RESULT


@raw.task(name="bench.done")
def done(value: Any, counter: str) -> None:
    import redis

    redis.Redis(unix_socket_path=os.environ["BENCH_BROKER"].removeprefix("redis+socket://")).incr(counter)


def a_chain(counter: str) -> Any:
    """Ten steps and the mark that it is over."""
    return chain(*[step.si() for _ in range(STEPS)], done.s(counter))
