"""`python -m tests.bench.arriving`: outcomes of runs, 500 a second, noted as the engine notes them, until it is killed."""

from __future__ import annotations

import os
import random
import time
from datetime import timedelta

RATE, TOGETHER = 500, 25


def main() -> None:
    """For ever; says how many it has written once a second."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    import django

    django.setup()
    from orchestration import clock
    from orchestration.models import WorkflowVersion
    from orchestration.telemetry.outcomes import Row, note, run_row, stamp

    versions = list(WorkflowVersion.objects.filter(version="1.1.0").values_list("pk", flat=True))
    began, written, rng = time.monotonic(), 0, random.Random(1)
    while True:
        rows: list[Row] = []
        now = clock.now()
        version = rng.choice(versions)
        for position in range(1, TOGETHER):
            took, waited = int(rng.lognormvariate(-2.5, 0.7) * 1e6), int(rng.lognormvariate(-5.5, 0.8) * 1e6)
            rows.append(["s", version, f"s{position % 5 + 1}", "succeeded", stamp(now), took, waited, 0, took])
        rows.append(run_row(version, "succeeded", began=now - timedelta(seconds=0.5), at=now))
        note(rows)
        written += len(rows)
        ahead = began + written / RATE - time.monotonic()
        if ahead > 0:
            time.sleep(ahead)
        if written % RATE == 0:
            print(written, flush=True)


if __name__ == "__main__":
    main()
