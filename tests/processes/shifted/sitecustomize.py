"""Python imports this at its start where the folder is on its path: its clock then differs by CLOCK_SHIFT seconds.

Owns that lie, for test processes only. The monotonic clock, as on a real machine, knows nothing of it.
"""

from __future__ import annotations

import datetime as module
import os
import time
from typing import Any

SECONDS = float(os.environ["CLOCK_SHIFT"])
real_datetime, real_time = module.datetime, time.time


class _Kind(type):
    """Real moments are instances of the shifted class too."""

    def __instancecheck__(cls, found: Any) -> bool:
        return isinstance(found, real_datetime)

    def __subclasscheck__(cls, found: Any) -> bool:
        return issubclass(found, real_datetime)


class Shifted(real_datetime, metaclass=_Kind):
    @classmethod
    def now(cls, tz: Any = None) -> Any:
        return real_datetime.now(tz) + module.timedelta(seconds=SECONDS)

    @classmethod
    def utcnow(cls) -> Any:
        return real_datetime.utcnow() + module.timedelta(seconds=SECONDS)


time.time = lambda: real_time() + SECONDS
module.datetime = Shifted
