"""A process that makes rounds of alerts, as the control worker does: `python -m … ROUNDS [die]`.

`die`: it is killed in the transaction of the first alert, after it is written and before anybody is told.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

import django


def main(rounds: int, *, die: bool) -> None:
    from orchestration import clock
    from orchestration.services import alerts
    from orchestration.telemetry import alerting

    if die:

        def killed(*_: Any) -> None:
            os.kill(os.getpid(), signal.SIGKILL)

        alerts._tell = killed
    for _ in range(rounds):
        alerting.evaluate(clock.now())


if __name__ == "__main__":
    django.setup()
    main(int(sys.argv[1]), die="die" in sys.argv)
