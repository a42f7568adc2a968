"""The database connections of a worker process: a pool that its threads share, where PostgreSQL is the database.

A connection costs PostgreSQL a process, and of those it allows a hundred unless told otherwise. A worker has a thread for
each run in hand; threads that each kept what they once used would fill the server with eight workers, most of it idle. So a
thread borrows, and gives back before it waits for somebody else. The pool grows to what is in use at one moment, never
to less than the threads need: a heartbeat must not wait for a slow task that holds a connection.

Owns the pool's size and the giving back. Never used by the web process, which closes a connection by its age.
"""

from __future__ import annotations

from django.conf import settings
from django.db import connection

#: Threads beside those of runs in hand that use the database: the heartbeat, Celery's own, and one that records.
BESIDE = 4
#: Seconds after which connections that nobody needed are closed, and for which a thread waits for one.
IDLE, PATIENCE = 5.0, 20.0


def share_connections() -> None:
    """From now on the threads of this process share its connections. To be said before the first of them is used."""
    if connection.vendor == "postgresql" and connection.connection is None:
        most = settings.PLUMBLINE.worker_threads + BESIDE
        told = connection.settings_dict  # one for the connections of all threads
        told["CONN_MAX_AGE"] = 0
        told["OPTIONS"]["pool"] = {
            "min_size": 1, "max_size": most, "max_idle": IDLE, "timeout": PATIENCE, "num_workers": 1,
        }  # fmt: skip


def give_back() -> None:
    """This thread needs no connection for now. Nothing without a pool, and nothing inside a transaction."""
    if connection.settings_dict["OPTIONS"].get("pool") and not connection.in_atomic_block:
        connection.close()
