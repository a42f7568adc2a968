"""The rate limit of a dependency: GCRA, the generic cell rate algorithm (ITU-T I.371). Pure: time is an argument.

One number is the whole state: the theoretical arrival time, when the bucket would be empty. Owns that arithmetic.
Never waits and never keeps the number: engine/capacity.py does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Granted:
    """Calls that may be made: the first after `wait` seconds, and the new theoretical arrival time."""

    calls: int
    wait: float
    arrival: float


def burst(rate: float) -> int:
    """Calls that may come at once after a pause: those of one second. In any T seconds at most rate·T + burst pass."""
    return max(1, int(rate))


def batch(rate: float) -> int:
    """Calls that one process reserves together, so that a high rate costs ten small writes a second, not one a call."""
    return max(1, int(rate / 10))


def take(arrival: float, rate: float, now: float, *, wanted: int, patience: float) -> Granted | float:
    """Reserve `wanted` calls if they may begin within `patience` seconds, else the moment when one could be made."""
    interval = 1.0 / rate
    tolerance = (burst(rate) - 1) * interval
    start = max(_credible(arrival, rate, now, patience), now)
    calls = max(1, min(wanted, math.floor((now + tolerance - start) / interval) + 1))
    wait = max(start - tolerance - now, 0.0)
    if wait > patience:
        return now + wait
    return Granted(calls, wait, start + calls * interval)


def available(arrival: float, rate: float, now: float, *, patience: float) -> int:
    """How many calls could begin at once."""
    interval = 1.0 / rate
    tolerance = (burst(rate) - 1) * interval
    start = max(_credible(arrival, rate, now, patience), now)
    return max(math.floor((now + tolerance - start) / interval) + 1, 0)


def _credible(arrival: float, rate: float, now: float, patience: float) -> float:
    """The arrival time, unless no call at this rate can have put it there: the rate was lower then, or the clock was ahead.

    Then the bucket counts as just used up: one call may be made, and the next after an interval of the present rate.
    """
    interval = 1.0 / rate
    used_up = now + (burst(rate) - 1) * interval
    furthest = used_up + patience + 2 * interval  # one would do, were it not for rounding
    return arrival if arrival <= furthest else used_up
