"""Celery's task of the portal: rounds of digests. Losing or doubling a message changes nothing but the time.

A round goes to a thread of its own, since a mail server may take seconds to answer and timers wait behind the message.
"""

from __future__ import annotations

import threading

import structlog
from celery import shared_task
from django.db import connection

from orchestration.pace import Pace
from portal.services import digests

log = structlog.get_logger(__name__)

#: Beat asks every minute.
_telling = Pace(30.0)
_round: threading.Thread | None = None


@shared_task(name="portal.tasks.send_digests", ignore_result=True, acks_late=False)
def send_digests() -> None:
    """Begin a round when somebody is due a digest and none is under way in this process."""
    global _round  # noqa: PLW0603 - one round for the process
    with _telling.turn() as due:
        if due and (_round is None or not _round.is_alive()) and digests.anything_due():
            _round = threading.Thread(target=_send, name="digests", daemon=True)
            _round.start()


def _send() -> None:
    try:
        digests.send_due()
    except Exception:  # the next round goes on
        log.exception("digests.round_failed")
    finally:
        connection.close()
