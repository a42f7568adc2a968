"""The collector of garbage stands still while a large comparison is at work. Owns nothing else of it."""

from __future__ import annotations

import gc
from threading import Lock


class Uncollected:
    """`with` it, millions of objects are made of which nearly all live to the end: to look through them for garbage meanwhile
    takes a fifth of the time. What may gather is bounded by what bounds the work. The last one out turns the collector on again.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._inside, self._was_on = 0, False

    def __enter__(self) -> None:
        with self._lock:
            if not self._inside:
                self._was_on = gc.isenabled()
                gc.disable()
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside and self._was_on:
                gc.enable()


#: One for the process, whichever of its threads compare.
UNCOLLECTED = Uncollected()
