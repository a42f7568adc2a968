"""Figures that are the same for all readers, computed once for those who ask within a moment of each other.

A figure that is a little too old is handed out all the same, while a thread in the background computes a newer one: of many
readers none waits for it. One that is older is computed by whoever asks, and those who come meanwhile wait. Owns how long
figures are shared. Never shares what depends on the reader; what is given must be picklable and small.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar, cast

import structlog
from django.conf import settings
from django.core.cache import cache
from django.db import close_old_connections

log = structlog.get_logger(__name__)

T = TypeVar("T")
#: A figure may be so many times as old while a newer one is computed.
STALE = 2
#: A few locks for any number of keys: two keys of one lock wait for each other, which harms nobody.
_computing = tuple(threading.Lock() for _ in range(16))
#: Whether this thread is computing a figure.
_inside = threading.local()
#: One, so that readers share the interpreter with no more than that.
_background = ThreadPoolExecutor(max_workers=1, thread_name_prefix="figures")


def shared(key: str, compute: Callable[[], T]) -> T:
    """What `compute` gives, at most PLUMBLINE_SHARED_SECONDS old, or twice that while a newer one is on its way."""
    seconds = float(settings.PLUMBLINE_SHARED_SECONDS)
    if seconds <= 0:
        return compute()
    name, lock = f"dashboards:{key}", _computing[hash(key) % len(_computing)]
    found: Any = cache.get(name)
    if _age(found) < seconds:
        return cast(T, found[0])
    if getattr(_inside, "computing", False):
        # A figure that is made of another one waits for no lock: it may hold that very lock, or whoever does may wait for it.
        return cast(T, (found if _age(found) < STALE * seconds else _compute(name, compute))[0])
    if _age(found) < STALE * seconds:
        if lock.acquire(blocking=False):
            _background.submit(_renew, name, compute, lock)
        return cast(T, found[0])
    with lock:
        found = cache.get(name)
        if _age(found) >= seconds:
            found = _compute(name, compute)
    return cast(T, found[0])


def _renew(name: str, compute: Callable[[], Any], lock: threading.Lock) -> None:
    """In the background, holding the lock. A fault is met again, and told, by the reader who comes next."""
    try:
        close_old_connections()
        _compute(name, compute)
    except Exception:
        log.exception("figures.not_renewed", figure=name)
    finally:
        lock.release()


def _compute(name: str, compute: Callable[[], Any]) -> tuple[Any, float]:
    before, _inside.computing = getattr(_inside, "computing", False), True
    try:
        found = (compute(), time.monotonic())
    finally:
        _inside.computing = before
    cache.set(name, found, STALE * float(settings.PLUMBLINE_SHARED_SECONDS))
    return found


def _age(found: Any) -> float:
    return time.monotonic() - found[1] if found is not None else float("inf")
