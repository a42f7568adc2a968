"""Celery's tasks: thin, and carrying ids only. Losing, doubling or delaying a message changes nothing but the time."""

from __future__ import annotations

from celery import shared_task

from orchestration.engine.wake import wake as wake_once
from orchestration.engine.work import work as work_on


@shared_task(name="orchestration.tasks.work", ignore_result=True, acks_late=False)
def work(step_id: int) -> None:
    """Wake-up for one step."""
    work_on(step_id)


@shared_task(name="orchestration.tasks.wake", ignore_result=True, acks_late=False)
def wake() -> None:
    """The periodic round."""
    wake_once()
