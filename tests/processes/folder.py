"""`python -m tests.processes.folder`: folds without pause, beside the control worker, until it is killed."""

from __future__ import annotations

import os
import time

import django


def main() -> None:
    """For ever."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    from django.db import DatabaseError

    from orchestration.telemetry.fold import fold, sum_dirty

    while True:
        try:
            if not fold(most=7).batches and not sum_dirty(most=5):
                time.sleep(0.02)
        except DatabaseError:
            time.sleep(0.1)


if __name__ == "__main__":
    main()
