"""The database connections of a worker process: a pool that its threads share, where PostgreSQL is the database.

A connection costs PostgreSQL a process, and of those it allows a hundred unless told otherwise. A worker has a thread for
each run in hand; threads that each kept what they once used would fill the server with eight workers, most of it idle. So a
thread borrows, and gives back before it waits for somebody else. The pool grows to what is in use at one moment, never
to less than the threads need: a heartbeat must not wait for a slow task that holds a connection.

Owns the pool's size, the giving back and the look at what is borrowed. Never used by the web process, which closes a
connection by its age.
"""

from __future__ import annotations

import time
from typing import Any
from weakref import WeakKeyDictionary

from django.conf import settings
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

#: Threads beside those of runs in hand that use the database: heartbeat, relief, refill, Celery's own, and one that records.
BESIDE = 5
#: Seconds after which connections that nobody needed are closed, and for which a thread waits for one.
IDLE, PATIENCE = 5.0, 20.0
#: Seconds after a thread gave it back for which a connection is borrowed unseen (docs/decisions/0048).
TRUSTED = 1.0

#: When each connection of the pool was given back last, in monotonic seconds.
_given_back: WeakKeyDictionary[Any, float] = WeakKeyDictionary()


def share_connections() -> None:
    """From now on the threads of this process share its connections. To be said before the first of them is used."""
    if connection.vendor == "postgresql" and connection.connection is None:
        most = settings.PLUMBLINE.worker_threads + BESIDE
        told = connection.settings_dict  # one for the connections of all threads
        told["CONN_MAX_AGE"] = 0
        told["CONN_HEALTH_CHECKS"] = False  # Django's pool would look at each loan, a round trip for every job
        connection_created.connect(_look, dispatch_uid="orchestration.pooled")
        told["OPTIONS"]["pool"] = {
            "min_size": 1, "max_size": most, "max_idle": IDLE, "timeout": PATIENCE, "num_workers": 1,
        }  # fmt: skip


def give_back() -> None:
    """This thread needs no connection for now. Nothing without a pool, and nothing inside a transaction."""
    raw = connection.connection
    if raw is not None and connection.settings_dict["OPTIONS"].get("pool") and not connection.in_atomic_block:
        _given_back[raw] = time.monotonic()
        connection.close()


def _look(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """See that what was borrowed works, unless somebody had it a moment ago; another in its place if it does not.

    After a restart of the server every connection of the pool is dead; the pool throws away what comes back dead.
    """
    given_back = _given_back.get(connection.connection)
    if given_back is not None and time.monotonic() - given_back < TRUSTED:
        return
    if not connection.is_usable():
        connection.close()
        connection.connect()
