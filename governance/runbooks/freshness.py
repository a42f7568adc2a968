"""Whether a runbook can still be trusted, by its review date. Pure: the caller says what day it is."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum

#: A review that falls due within so many days is announced.
SOON = timedelta(days=14)


class Freshness(StrEnum):
    """How a runbook stands to its review date."""

    FRESH = "fresh"
    DUE = "due"
    STALE = "stale"
    NO_REVIEW_DATE = "no_review_date"


def freshness(review_by: date | None, today: date) -> Freshness:
    """Stale from the day after the review date; on the day itself there is still time."""
    if review_by is None:
        return Freshness.NO_REVIEW_DATE
    if review_by < today:
        return Freshness.STALE
    return Freshness.DUE if review_by - today <= SOON else Freshness.FRESH
