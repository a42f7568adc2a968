"""Error budgets and how fast they burn: what is left, when it will be spent, and when that is worth an alert. Pure.

All exact, in whole counts and fractions: burn = (bad/total)/B with B = 1 − target. An alert needs a long and a short window
at or over a factor, and a few bad events. Owns the rules and why one is refused. Never counts: selectors/budgets.py does. The
comparisons take arrays of counts too, so that what is simulated (tests/bench/alerts.py) is what is decided.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any

#: Of fewer bad events in the long window no rule makes an alert: simulated, 3 gives up to 0.6 false pages a month.
GUARD = 5


class Severity(StrEnum):
    """Whether somebody is woken, or finds it in the morning."""

    PAGE = "page"
    TICKET = "ticket"


@dataclass(frozen=True, slots=True)
class Counts:
    """Events of a window."""

    total: int = 0
    bad: int = 0


@dataclass(frozen=True, slots=True)
class Pair:
    """A long window, which says that it matters, and a short one, which says that it goes on."""

    long: timedelta
    short: timedelta
    factor: Fraction

    @property
    def windows(self) -> tuple[timedelta, ...]:
        """What has to be counted."""
        return self.long, self.short

    def fires(self, target: Decimal, counts: Mapping[timedelta, Any]) -> Any:
        """Whether both windows are at or over the factor; of arrays of counts, an array."""
        limit = self.factor * allowed(target)
        long, short = counts[self.long], counts[self.short]
        return (long.bad >= GUARD) & reached(long, limit) & reached(short, limit)

    def is_clean(self, target: Decimal, counts: Mapping[timedelta, Any]) -> Any:
        """Whether the short window is under the factor again."""
        return under(counts[self.short], self.factor * allowed(target))

    def is_reachable(self, target: Decimal) -> bool:
        """Whether anything could make it fire: everything being bad burns at 1/B."""
        return self.factor * allowed(target) <= 1

    def __str__(self) -> str:
        return f"{_short(self.long)} and {_short(self.short)} at {float(self.factor):g}×"


@dataclass(frozen=True, slots=True)
class Failures:
    """So many bad events within a window: where the target is too low for any burn rate to be reached."""

    count: int
    within: timedelta

    @property
    def windows(self) -> tuple[timedelta, ...]:
        """What has to be counted."""
        return (self.within,)

    def fires(self, target: Decimal, counts: Mapping[timedelta, Any]) -> Any:
        """Whether there are as many."""
        return counts[self.within].bad >= self.count

    def is_clean(self, target: Decimal, counts: Mapping[timedelta, Any]) -> Any:
        """Whether there are fewer again."""
        return counts[self.within].bad < self.count

    def is_reachable(self, target: Decimal) -> bool:
        """Always."""
        return True

    def __str__(self) -> str:
        return f"{self.count} failures in {_short(self.within)}"


Rule = Pair | Failures

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
#: As they stand for windows of 28 to 30 days (Google's SRE workbook, chapter 5).
PAIRS: Mapping[Severity, tuple[Pair, ...]] = {
    Severity.PAGE: (
        Pair(_HOUR, timedelta(minutes=5), Fraction("14.4")),
        Pair(6 * _HOUR, timedelta(minutes=30), Fraction(6)),
    ),
    Severity.TICKET: (
        Pair(_DAY, 2 * _HOUR, Fraction(3)),
        Pair(3 * _DAY, 6 * _HOUR, Fraction(1)),
    ),
}
#: What is offered where the pairs of a severity can't fire.
OFFERED: Mapping[Severity, Failures] = {
    Severity.PAGE: Failures(GUARD, _HOUR),
    Severity.TICKET: Failures(GUARD, _DAY),
}


def allowed(target: Decimal) -> Fraction:
    """B: the share of events that may be bad."""
    return 1 - Fraction(target)


def reached(counts: Any, limit: Fraction) -> Any:
    """Whether bad/total ≥ limit, of something; in whole numbers, so that nothing is rounded."""
    return (counts.total > 0) & (counts.bad * limit.denominator >= limit.numerator * counts.total)


def under(counts: Any, limit: Fraction) -> Any:
    """Whether bad/total < limit, or nothing happened; the opposite of `reached`, and of arrays too."""
    return (counts.total == 0) | (counts.bad * limit.denominator < limit.numerator * counts.total)


def burn(target: Decimal, counts: Counts) -> Fraction | None:
    """How many times as fast as allowed the budget is spent; None of nothing."""
    return Fraction(counts.bad, counts.total) / allowed(target) if counts.total else None


def remaining(target: Decimal, counts: Counts) -> Fraction:
    """The share of the window's budget that is left; below zero, when more was bad than allowed."""
    return 1 - (burn(target, counts) or Fraction(0))


def exhausts_in(window: timedelta, left: Fraction, rate: Fraction | None) -> timedelta | None:
    """When nothing is left, should it go on at that rate. None where it never is: what is allowed is never too much."""
    if left <= 0:
        return timedelta(0)
    if rate is None or rate <= 1:
        return None
    # Below the window itself, since left ≤ 1 < rate; as a float, since the terms of the fraction are too large for a timedelta.
    return timedelta(seconds=float(left / rate) * window.total_seconds())


def unreachable(target: Decimal, severity: Severity) -> list[Pair]:
    """The pairs of the severity that can never fire at this target."""
    return [pair for pair in PAIRS[severity] if not pair.is_reachable(target)]


def refusal(target: Decimal, severity: Severity) -> str:
    """Why the severity's pairs can't be had at this target, and what can; empty where they can."""
    found = unreachable(target, severity)
    if not found:
        return ""
    most = float(1 / allowed(target))
    return (
        f"at a target of {float(target) * 100:g} % everything failing burns only {most:.3g} times as fast as allowed, so "
        f"{' and '.join(f'a {severity} by {pair}' for pair in found)} can never fire; have it at {OFFERED[severity]} "
        f"instead, or set a target of at least {float(1 - 1 / max(pair.factor for pair in found)) * 100:.4g} %"
    )


def firing(rules: Sequence[Rule], target: Decimal, counts: Mapping[timedelta, Counts]) -> Rule | None:
    """The first rule that makes an alert now."""
    return next((rule for rule in rules if rule.fires(target, counts)), None)


def is_over(rules: Sequence[Rule], target: Decimal, counts: Mapping[timedelta, Counts]) -> bool:
    """Whether an alert that any of the rules opened can be resolved: the short window of each is clean.

    Of each, since little traffic leaves minutes without any event in the middle of an outage, and an alert that closes and
    opens would tell people again and again.
    """
    return all(bool(rule.is_clean(target, counts)) for rule in rules)


def _short(span: timedelta) -> str:
    minutes = int(span.total_seconds()) // 60
    for size, unit in ((1440, "d"), (60, "h")):
        if minutes % size == 0:
            return f"{minutes // size} {unit}"
    return f"{minutes} min"
