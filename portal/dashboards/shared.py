"""Figures that are the same for all readers, computed once for those who ask within a moment of each other.

Owns how long they are shared. Never shares what depends on the reader; what is given must be picklable and small.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar, cast

from django.conf import settings
from django.core.cache import cache

T = TypeVar("T")
#: While a newer one is computed, a figure may be so many times as old.
STALE = 5
#: A few locks for any number of keys: two keys of one lock wait for each other, which harms nobody.
_computing = tuple(threading.Lock() for _ in range(16))


def shared(key: str, compute: Callable[[], T]) -> T:
    """What `compute` gives, at most PLUMBLINE_SHARED_SECONDS old.

    One thread computes it anew; those who come meanwhile get the last one, or wait where there is none.
    """
    seconds = float(settings.PLUMBLINE_SHARED_SECONDS)
    if seconds <= 0:
        return compute()
    name, lock = f"dashboards:{key}", _computing[hash(key) % len(_computing)]
    found: Any = cache.get(name)
    if _is_fresh(found, seconds):
        return cast(T, found[0])
    if not lock.acquire(blocking=found is None):
        return cast(T, found[0])
    try:
        found = cache.get(name)
        if not _is_fresh(found, seconds):
            found = (compute(), time.monotonic())
            cache.set(name, found, STALE * seconds)
    finally:
        lock.release()
    return cast(T, found[0])


def _is_fresh(found: Any, seconds: float) -> bool:
    return found is not None and time.monotonic() - found[1] < seconds
