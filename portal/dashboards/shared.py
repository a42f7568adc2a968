"""Figures that are the same for all readers, computed once for those who ask within a moment of each other.

Owns how long they are shared. Never shares what depends on the reader; what is given must be picklable and small.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar, cast

from django.conf import settings
from django.core.cache import cache

T = TypeVar("T")
_computing = threading.Lock()


def shared(key: str, compute: Callable[[], T]) -> T:
    """What `compute` gives, at most PLUMBLINE_SHARED_SECONDS old; one thread computes, those who come meanwhile wait."""
    seconds = float(settings.PLUMBLINE_SHARED_SECONDS)
    if seconds <= 0:
        return compute()
    name = f"dashboards:{key}"
    found: Any = cache.get(name)
    if found is not None:
        return cast(T, found[0])
    with _computing:
        found = cache.get(name)
        if found is None:
            found = (compute(),)
            cache.set(name, found, seconds)
    return cast(T, found[0])
