"""The periods that a reader can choose, and how finely each is drawn. Pure; never queries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from orchestration.selectors.series import Grain

HOUR, DAY = timedelta(hours=1), timedelta(hours=24)
BY = {Grain.MINUTE: "by the minute", Grain.HOUR: "by the hour", Grain.DAY: "by the day"}
#: Minutes are drawn up to here, hours up to there, days beyond.
MOST_MINUTES, MOST_HOURS = 6 * HOUR, 7 * DAY


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of time that ends now, and how it is cut."""

    key: str
    label: str
    words: str
    length: timedelta

    @property
    def grain(self) -> Grain:
        """Minutes, hours or days."""
        return grain_for(self.length)

    @property
    def by(self) -> str:
        """As the page says it."""
        return BY[self.grain]

    def since(self, now: datetime) -> datetime:
        """Its beginning, on the edge of an interval."""
        return self.grain.floor(now - self.length)


PERIODS: Mapping[str, Period] = {
    period.key: period
    for period in (
        Period("1h", "1 h", "last hour", HOUR),
        Period("6h", "6 h", "last 6 h", 6 * HOUR),
        Period("24h", "24 h", "last 24 h", DAY),
        Period("7d", "7 d", "last 7 days", 7 * DAY),
        Period("28d", "28 d", "last 28 days", 28 * DAY),
    )
}
DEFAULT = PERIODS["24h"]


def grain_for(length: timedelta) -> Grain:
    """Which intervals a period of this length is drawn in."""
    if length <= MOST_MINUTES:
        return Grain.MINUTE
    return Grain.HOUR if length <= MOST_HOURS else Grain.DAY
