"""How many retries a dependency is sent, and how quickly what was parked comes back. Pure arithmetic.

Owns the retry budget and the ramp. Never looks at the breaker's state: engine/admission.py and engine/parked.py do.
"""

from __future__ import annotations

import sys

from orchestration.policies.breaker import Counts

#: Of all calls of the window so many may be retries,
RETRY_SHARE = 0.2
#: and so many of each slice in any case: a quiet dependency is retried as its policy says.
RETRY_FLOOR = 3
#: What is left while there is nothing to protect.
NO_BOUND = sys.maxsize
#: Steps released in the first second after a breaker closed; each second after that twice as many.
RAMP_FIRST = 3
RAMP_MOST = 200


def retries_left(window: Counts, latest: Counts) -> int:
    """Retries that may begin now, given the calls of the window and of its latest slice.

    No bound while the dependency answers most calls: the budget keeps retries from burying a service that is failing, and
    after an outage every step that it caught comes back as a retry, a few at a time (`ramp`).
    """
    if window.bad <= window.calls * RETRY_SHARE:
        return NO_BOUND
    by_share = int(window.calls * RETRY_SHARE) - window.retries
    by_floor = RETRY_FLOOR - latest.retries
    return max(by_share, by_floor, 0)


def ramp(before: int) -> int:
    """How many to release in this second when it was `before` in the last one."""
    return min(before * 2, RAMP_MOST) if before else RAMP_FIRST
