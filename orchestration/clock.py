"""What time it is for leases and timers: the database's time, never this machine's.

Two workers whose clocks differ by minutes must still agree on who holds a lease. Asking the database for each step would
cost a round trip, so the offset to a monotonic clock is kept for a few seconds. Never used for durations shown to people.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from django.db import connection

#: How long a measured offset is trusted. Drift of a monotonic clock in 10 s is far below a lease.
TRUSTED_FOR = 10.0

#: The database's time and the monotonic second at which it was that; one value, so that no thread sees half a change.
_measured: tuple[datetime, float] | None = None
_skew = timedelta(0)


def now() -> datetime:
    """The database's time, UTC, good to a few milliseconds."""
    global _measured  # noqa: PLW0603 - one clock for the process
    measured = _measured
    if measured is None or time.monotonic() - measured[1] > TRUSTED_FOR:
        measured = _measured = (_ask(), time.monotonic())
    return _since(measured)


def lately() -> datetime:
    """The same without asking the database, by the last measurement, however old: for what must not fail with it."""
    measured = _measured
    return now() if measured is None else _since(measured)


def forget() -> None:
    """Measure again at the next call: after a fork or a new database."""
    global _measured  # noqa: PLW0603
    _measured = None


def advance(delta: timedelta) -> None:
    """Move this process's clock forward: for tests that play days in a second."""
    global _skew  # noqa: PLW0603
    _skew += delta


def reset() -> None:
    """Take back every `advance`."""
    global _skew  # noqa: PLW0603
    _skew = timedelta(0)


def _since(measured: tuple[datetime, float]) -> datetime:
    return measured[0] + timedelta(seconds=time.monotonic() - measured[1]) + _skew


def _ask() -> datetime:
    if connection.vendor != "postgresql":
        return datetime.now(UTC)  # an embedded database lives on this machine: its clock is this one
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        row = cursor.fetchone()
    assert row is not None
    moment: datetime = row[0]
    return moment.astimezone(UTC)
