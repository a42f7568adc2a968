"""Waiting out a database that restarts: what a worker knows must not be lost because the database was away for a moment.

Owns the wait. Never used inside a transaction, which a lost connection has ended already, nor around anything that has
an effect outside the database: the act may run twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import structlog
from django.db import InterfaceError, OperationalError, connection

from orchestration.limits import DATABASE_AWAY

log = structlog.get_logger(__name__)

#: Seconds between two tries; shorter than the sweeper's round, so that a result is in before its step is given away.
PAUSE = 0.25

Result = TypeVar("Result")


def outlast(act: Callable[[], Result]) -> Result:
    """What the act returns, tried anew while the database does not answer, for DATABASE_AWAY seconds at most."""
    ends = time.monotonic() + DATABASE_AWAY
    while True:
        try:
            return act()
        except (OperationalError, InterfaceError) as error:
            if connection.in_atomic_block or time.monotonic() > ends:
                raise
            log.warning("database.away", error=str(error)[:200])
            connection.close()
            time.sleep(PAUSE)
