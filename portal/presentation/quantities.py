"""Durations, numbers, shares, sizes and times, written the same everywhere.

Owns the formats. Never guesses: what is not known is a dash, and a share that is nearly but not quite nothing or
everything never reads 0 % or 100 %.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta

MISSING = "–"
MINUTE, HOUR, DAY = 60, 3600, 86_400


def _known(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def duration(seconds: float | timedelta | None) -> str:
    """Like "41 ms", "0.34 s", "10.0 s", "41 s" (a whole number is not measured), "1 m 29 s", "3 h 12 m", "7.8 d"."""
    if isinstance(seconds, timedelta):
        seconds = seconds.total_seconds()
    if seconds is None or not _known(seconds):
        return MISSING
    if seconds < 0:
        return "−" + duration(-seconds)
    if seconds < 60:
        text = _below_a_minute(seconds)
        return text if text != "60.0 s" else "1 m"
    if round(seconds) < HOUR:
        return _two(round(seconds), MINUTE, "m", "s")
    if round(seconds / MINUTE) < 24 * 60:
        return _two(round(seconds / MINUTE), 60, "h", "m")
    return f"{_plain(seconds / DAY, 1)} d"


def _below_a_minute(seconds: float) -> str:
    if float(seconds).is_integer():
        return f"{seconds:.0f} s"
    if seconds < 0.0995:
        return f"{max(1, round(seconds * 1000))} ms"
    return f"{seconds:.2f} s" if seconds < 0.995 else f"{seconds:.1f} s"


def _two(amount: int, per: int, large: str, small: str) -> str:
    whole, rest = divmod(amount, per)
    return f"{whole} {large} {rest:02d} {small}" if rest else f"{whole} {large}"


def _plain(value: float, digits: int) -> str:
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def number(value: float | None) -> str:
    """Like "48,120" below a million, "1.32 M" and "2.10 bn" above; fractions with at most two digits."""
    if value is None or not _known(value):
        return MISSING
    for size, word in ((1e9, "bn"), (1e6, "M")):
        if abs(value) >= size:
            return f"{value / size:.2f} {word}"
    if float(value).is_integer():
        return f"{int(value):,}"
    whole, _, rest = _plain(value, 2).partition(".")
    return f"{int(whole):,}.{rest}" if rest and whole not in {"-0", "0"} else _plain(value, 2)


def percent(share: float | None, digits: int | None = None) -> str:
    """A share of 1 as "0.84 %", "38 %", "99.5 %". Without digits: two below 10 %, otherwise at most one."""
    if share is None or not _known(share):
        return MISSING
    value = share * 100
    if digits is None:
        digits = 2 if abs(value) < 9.995 else 1
        text = f"{value:.2f}" if digits == 2 else _plain(value, 1)
    else:
        text = f"{value:.{digits}f}"
    step = 10**-digits
    if value > 0 and float(text) == 0:
        return f"<{_plain(step, digits)} %"
    if value < 100 and float(text) == 100:
        return f">{100 - step:.{digits}f} %"
    return f"{text} %"


def byte_size(count: float | None) -> str:
    """Like "512 B", "1.2 kB", "3.4 MB": thousands, as people count."""
    if count is None or not _known(count):
        return MISSING
    amount = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if abs(amount) < 999.5:
            return f"{amount:.0f} {unit}" if unit == "B" or abs(amount) >= 99.95 else f"{_plain(amount, 1)} {unit}"
        amount /= 1000
    return f"{_plain(amount, 1)} TB"


def relative(then: datetime | None, now: datetime) -> str:
    """Like "just now", "3 min ago", "in 21 h", "94 days ago": one unit, rounded down: never due too early."""
    if then is None:
        return MISSING
    seconds = (now - then).total_seconds()
    gap = abs(seconds)
    if gap < MINUTE:
        return "just now" if seconds >= 0 else "in less than a minute"
    if gap < HOUR:
        text = f"{int(gap // MINUTE)} min"
    elif gap < 2 * DAY:
        text = f"{int(gap // HOUR)} h"
    else:
        text = f"{int(gap // DAY)} days"
    return f"{text} ago" if seconds > 0 else f"in {text}"
