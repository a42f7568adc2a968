"""A process that looks at schedules, as the control worker does, on a clock that goes through a night: `python -m … FROM TO [die N]`.

`die N`: it is killed at its Nth tick, after the run is started and before the tick is written down.
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
from datetime import datetime, timedelta
from typing import Any

import django


def main(begin: datetime, end: datetime, die_at: int) -> None:
    from orchestration import clock
    from orchestration.engine import publish, schedules

    publish.send = len
    note, ticks = schedules._note, itertools.count(1)

    def noted(*given: Any, **named: Any) -> bool:
        if next(ticks) == die_at:
            os.kill(os.getpid(), signal.SIGKILL)
        return note(*given, **named)

    schedules._note = noted
    moment = begin
    while moment <= end:
        clock.advance(moment - clock.now())
        schedules.look(clock.now())
        moment += timedelta(minutes=10)


if __name__ == "__main__":
    django.setup()
    main(
        datetime.fromisoformat(sys.argv[1]),
        datetime.fromisoformat(sys.argv[2]),
        int(sys.argv[4]) if "die" in sys.argv else 0,
    )
