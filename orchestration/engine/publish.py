"""Wake-up messages: an id on the steps queue, sent after commit. Losing one is harmless: the sweeper sends it again.

Owns the sending and the short pause after a failure, so that a dead broker costs the caller once, not at every step.
Never carries anything but an id.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import structlog
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

log = structlog.get_logger(__name__)

#: Seconds without a try after the broker did not answer.
PAUSE = 2.0

_quiet_until = 0.0


def wake_up(step_ids: Sequence[int]) -> None:
    """Send one wake-up for each step once the surrounding transaction has committed."""
    if step_ids:
        ids = list(step_ids)
        transaction.on_commit(lambda: send(ids))


def send(step_ids: Sequence[int]) -> int:
    """Send now; how many were sent. Never raises for a broker that is away."""
    global _quiet_until  # noqa: PLW0603 - one broker for the process
    sent = 0
    for step_id in step_ids:
        if time.monotonic() < _quiet_until:
            break
        try:
            current_app.send_task("orchestration.tasks.work", args=[step_id], queue="steps", retry=False)
            sent += 1
        except (OperationalError, OSError) as error:
            _quiet_until = time.monotonic() + PAUSE
            log.warning("broker.away", error=str(error)[:200], unsent=len(step_ids) - sent)
    return sent
