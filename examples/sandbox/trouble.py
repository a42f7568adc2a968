"""When the sandbox misbehaves: pure functions of the time of day, so that trouble is a script and not luck.

Owns the schedule. Never reads a clock, never sleeps: callers pass the time in.

The periods are short on purpose: whatever minute a newcomer starts in, 21 of the next 60 seconds are inside
an inventory burst, so retried steps are there to look at within the first minute.
"""

from hashlib import sha256

PAYMENTS_PERIOD, PAYMENTS_SLOW_FROM, PAYMENTS_SLOW_UNTIL = 600, 360, 480  # two minutes in ten
PAYMENTS_SLOW_LOW, PAYMENTS_SLOW_HIGH = 3.0, 6.0  # seconds; longer than the 2 s that a charge is given
INVENTORY_PERIOD, INVENTORY_BURST = 20, 7  # seconds
STUCK_SHARE = 6  # one key in six stays slow however often it is tried


def payments_slow(now: float) -> bool:
    """Whether the payments provider is slow at this moment."""
    return PAYMENTS_SLOW_FROM <= now % PAYMENTS_PERIOD < PAYMENTS_SLOW_UNTIL


def payments_stuck(now: float, key: str) -> bool:
    """Whether even a repeated charge gets no fast answer: these are the runs that time out and are compensated."""
    return payments_slow(now) and sha256(key.encode()).digest()[0] % STUCK_SHARE == 0


def slow_answer(share: float) -> float:
    """Seconds that a slow payments answer takes, for a share between 0 and 1."""
    return PAYMENTS_SLOW_LOW + (PAYMENTS_SLOW_HIGH - PAYMENTS_SLOW_LOW) * share


def inventory_bursting(now: float) -> bool:
    """Whether inventory is inside one of its bursts of 503."""
    return now % INVENTORY_PERIOD < INVENTORY_BURST


def inventory_refuses(now: float, served: int) -> bool:
    """Whether inventory answers its n-th request with 503: every third one inside a burst."""
    return inventory_bursting(now) and served % 3 == 0
