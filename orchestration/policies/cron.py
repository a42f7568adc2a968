"""Cron: when a schedule is due, in a zone whose clocks change twice a year. Pure.

Reading five fields is cronsim's; what a change of clocks does is here, since its answer is for whole hours only. Never knows what
is started.

A schedule at given times (neither its minute nor its hour begins with `*`) is due once for each time of day: one that the clocks
skip, at the moment after the gap; one that they show twice, the first time. One that goes by `*` is due by real time: at
every moment whose time of day fits, so never in a gap, and in both hours of an hour that comes twice. So Debian's cron has it.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError

MACROS = {
    "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
}  # fmt: skip
LONGEST = 120
FIELDS = ("minute", "hour", "day-of-month", "month", "day-of-week")
_ALLOWED = ("0 to 59", "0 to 23", "1 to 31", "1 to 12 or JAN to DEC", "0 to 7 or SUN to SAT")
#: A term of a list: a star, a value or a range of two, with a step where it isn't a value.
_TERM = re.compile(r"(\*|[0-9]{1,2}|[A-Z]{3})(-([0-9]{1,2}|[A-Z]{3}))?(/[0-9]{1,2})?")
_SECOND, _DAY = timedelta(seconds=1), timedelta(days=1)


class BadCron(ValueError):
    """The text is no cron expression, or of a time that never comes. Says which field, and what it may hold."""


@dataclass(frozen=True, slots=True)
class Cron:
    """A cron expression in a zone. `read` makes one."""

    fields: str
    zone: ZoneInfo
    by_real_time: bool

    def after(self, moment: datetime) -> datetime:
        """The first tick after the moment, in UTC. Raises BadCron where none comes within fifty years."""
        find = self._fitting if self.by_real_time else self._once
        return find(moment.astimezone(UTC).replace(microsecond=0))

    def between(self, after: datetime, until: datetime) -> Iterator[datetime]:
        """The ticks after the one moment and not after the other, oldest first."""
        tick = self.after(after)
        while tick <= until:
            yield tick
            tick = self.after(tick)

    def newest(self, first: datetime, until: datetime) -> datetime:
        """The last tick up to then, of those from `first`, which is one, on. Halves the time that is left: it may be years."""
        newest, high = first, until
        while high - newest > _SECOND:
            middle = newest + (high - newest) / 2
            tick = self.after(middle)
            if tick <= until:
                newest = tick
            else:
                high = middle
        return newest

    def _once(self, moment: datetime) -> datetime:
        """The first time of day whose one moment is later."""
        for wall in _walls(self.fields, moment.astimezone(self.zone).replace(tzinfo=None, fold=0)):
            tick = self._moment_of(wall)
            if tick > moment:
                return tick
        raise _never(self.fields)

    def _moment_of(self, wall: datetime) -> datetime:
        """When the clocks show it, for the first time; the end of the gap where they never do."""
        there = wall.replace(tzinfo=self.zone).astimezone(UTC)
        if there.astimezone(self.zone).replace(tzinfo=None, fold=0) == wall:
            return there
        # A gap: by the offset before it the moment lies behind the change, by no more than the gap is long.
        change = self._change(there - _DAY, there)
        assert change is not None
        return change

    def _fitting(self, moment: datetime) -> datetime:
        """The first later moment that shows a fitting time of day: looked for from one change of the clocks to the next."""
        begin = moment
        while True:
            offset = self._offset(begin)
            wall = next(_walls(self.fields, (moment + offset).replace(tzinfo=None)), None)
            if wall is None:
                raise _never(self.fields)
            tick = wall.replace(tzinfo=UTC) - offset
            change = self._change(begin, tick)
            if change is None:
                return tick
            begin, moment = change, change - _SECOND  # the change itself may be one

    def _change(self, begin: datetime, end: datetime) -> datetime | None:
        """The first moment, to the second, at which the clocks are set otherwise than at `begin`; None up to `end`."""
        offset, low, high = self._offset(begin), begin, begin
        while high < end:
            low, high = high, min(high + _DAY, end)
            if self._offset(high) != offset:
                break
        else:
            return None
        while high - low > _SECOND:
            middle = low + (high - low) // 2
            low, high = (middle, high) if self._offset(middle) == offset else (low, middle)
        return high.replace(microsecond=0)

    def _offset(self, moment: datetime) -> timedelta:
        offset = moment.astimezone(self.zone).utcoffset()
        assert offset is not None
        return offset


@functools.lru_cache(maxsize=1024)
def read(text: str, zone: str) -> Cron:
    """The expression in the zone. Raises BadCron."""
    fields = _five(text)
    if zone not in zones():
        raise BadCron(f"no time zone {zone[:64]!r}")
    try:
        CronSim(fields, datetime(2000, 1, 1))
    except CronSimError as error:
        raise _bad_field(fields, str(error)) from None
    minute, hour = fields.split()[:2]
    cron = Cron(fields, ZoneInfo(zone), minute.startswith("*") or hour.startswith("*"))
    cron.after(datetime(2000, 1, 1, tzinfo=UTC))
    return cron


@functools.cache
def zones() -> frozenset[str]:
    """The names of all zones."""
    return frozenset(available_timezones())


def _five(text: str) -> str:
    """Five fields in capitals, macros written out."""
    if len(text) > LONGEST:
        raise BadCron(f"a cron expression has at most {LONGEST} characters; this one has {len(text):,}")
    if text.strip().startswith("@"):
        found = MACROS.get(text.strip().lower())
        if found is None:
            raise BadCron(f"no macro {text.strip()!r}; there are {', '.join(MACROS)}")
        return found
    fields = text.upper().split()
    if len(fields) != len(FIELDS):
        raise BadCron(f"wanted five fields ({', '.join(FIELDS)}); got {len(fields)}")
    for place, field in enumerate(fields):
        terms = (_TERM.fullmatch(term) for term in field.split(","))
        if any(term is None or (term[1] == "*" and term[2]) or (term[4] and term[1] != "*" and not term[2])
               for term in terms):  # fmt: skip
            raise _bad(fields, place)
    return " ".join(fields)


def _bad_field(fields: str, said: str) -> BadCron:
    """cronsim says which field, and no more."""
    place = next((place for place, name in enumerate(FIELDS) if name in said), 0)
    return _bad(fields.split(), place)


def _bad(fields: list[str], place: int) -> BadCron:
    return BadCron(
        f"{FIELDS[place]} {fields[place]!r} can't be read, or never comes; wanted {_ALLOWED[place]}, as a value, a range"
        " such as 1-5, a step such as */15 or a list of these"
    )


def _never(fields: str) -> BadCron:
    return BadCron(f"{fields!r} never comes within fifty years; choose days that the months have")


def _walls(fields: str, after: datetime) -> Iterator[datetime]:
    """Times of day that fit, on a calendar whose clocks never change."""
    try:
        yield from CronSim(fields, after)
    except (ValueError, OverflowError):  # the calendar ends with the year 9999
        return
