"""Retention of events: what was routed long ago goes, with the receipts of the runs that had it.

Owns which events may go and how many at once. Never touches one that nobody routed yet, or a signal: that goes with its run.
"""

from __future__ import annotations

import time
from datetime import timedelta

from django.db import transaction

from orchestration import clock
from orchestration.models import Event, EventReceipt

#: So many in one transaction: SQLite has one writer, and timers wait behind a long one.
BATCH = 500


def prune_events(*, days: float, seconds: float | None = None) -> int:
    """Delete events that came in more than `days` ago, oldest first, for at most about `seconds`; how many."""
    if days <= 0:
        raise ValueError(f"{days} days would delete every event")
    before, began, deleted = clock.now() - timedelta(days=days), time.monotonic(), 0
    while seconds is None or time.monotonic() - began < seconds:
        old = Event.objects.filter(received_at__lt=before, routed_at__isnull=False, run=None)
        ids = list(old.order_by("received_at").values_list("pk", flat=True)[:BATCH])
        if not ids:
            break
        with transaction.atomic():
            receipts, rows = EventReceipt.objects.filter(event__in=ids), Event.objects.filter(pk__in=ids)
            receipts._raw_delete(receipts.db)
            rows._raw_delete(rows.db)
        deleted += len(ids)
    return deleted
