"""The health of a dependency in one word, and why. Pure: facts in, the first rule that matches out.

isolated → down → degraded → unknown → healthy (5-observability.md). The word decides; the score only sorts within one.
A probe speaks where calls are few: one that failed means degraded, three in a row mean down.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from orchestration.policies.breaker import State

#: Fewer calls than this say nothing.
FEW = 5
BAD_SHARE = 0.5
SLOW_SHARE = 0.5
#: A budget that burns this much faster than it may: the factor of the slower page.
FAST_BURN = 6.0
#: Share of fallbacks that counts, and of how many calls at least.
FALLBACK_SHARE, FALLBACK_CALLS = 0.05, 20
#: Probes that failed one after the other.
PROBES_DOWN = 3


class Word(StrEnum):
    """Worst first."""

    ISOLATED = "isolated"
    DOWN = "down"
    DEGRADED = "degraded"
    UNKNOWN = "unknown"
    HEALTHY = "healthy"


@dataclass(frozen=True, slots=True)
class Facts:
    """Counts of the last 5 and 15 minutes; `burn` of its worst objective, None without one."""

    state: State = State.CLOSED
    calls_5m: int = 0
    bad_5m: int = 0
    slow_5m: int = 0
    fallbacks_5m: int = 0
    calls_15m: int = 0
    burn: float | None = None
    #: Whether it is probed at all, and how many probes in a row failed.
    probed: bool = False
    probes_failed: int = 0


@dataclass(frozen=True, slots=True)
class Health:
    """The word, a sentence, and a number that is greater the worse it is."""

    word: Word
    why: str
    score: float


def health(facts: Facts) -> Health:
    """The first rule that matches."""
    for word, why in (_isolated(facts), _down(facts), _degraded(facts), _unknown(facts)):
        if why:
            return Health(word, why, _score(word, facts))
    return Health(Word.HEALTHY, _well(facts), _score(Word.HEALTHY, facts))


def _isolated(facts: Facts) -> tuple[Word, str]:
    return Word.ISOLATED, "the breaker is forced open" if facts.state == State.FORCED_OPEN else ""


def _down(facts: Facts) -> tuple[Word, str]:
    if facts.state == State.OPEN:
        return Word.DOWN, "the breaker is open"
    if facts.calls_5m >= FEW and facts.bad_5m >= BAD_SHARE * facts.calls_5m:
        return Word.DOWN, f"{facts.bad_5m} of {facts.calls_5m} calls failed in 5 minutes"
    if facts.probes_failed >= PROBES_DOWN and facts.calls_5m < FEW:
        return Word.DOWN, f"{facts.probes_failed} probes in a row failed"
    return Word.DOWN, ""


def _degraded(facts: Facts) -> tuple[Word, str]:
    why = ""
    if facts.state == State.HALF_OPEN:
        why = "the breaker is half-open"
    elif facts.calls_5m >= FEW and facts.slow_5m >= SLOW_SHARE * facts.calls_5m:
        why = f"{facts.slow_5m} of {facts.calls_5m} calls were slow in 5 minutes"
    elif facts.burn is not None and facts.burn >= FAST_BURN:
        why = f"its error budget burns {facts.burn:.3g} times as fast as it may"
    elif facts.calls_5m >= FALLBACK_CALLS and facts.fallbacks_5m >= FALLBACK_SHARE * facts.calls_5m:
        why = f"{facts.fallbacks_5m} of {facts.calls_5m} calls ended in a fallback in 5 minutes"
    elif facts.probes_failed and facts.calls_5m < FEW:
        why = "its probe failed"
    return Word.DEGRADED, why


def _unknown(facts: Facts) -> tuple[Word, str]:
    if facts.calls_15m >= FEW or facts.probed:
        return Word.UNKNOWN, ""
    calls = "call" if facts.calls_15m == 1 else "calls"
    return Word.UNKNOWN, f"{facts.calls_15m or 'no'} {calls} in 15 minutes, and no probe"


def _well(facts: Facts) -> str:
    if facts.calls_15m < FEW:
        return "its probe is answered"
    return (
        f"{facts.bad_5m or 'none'} of {facts.calls_5m} calls failed in 5 minutes"
        if facts.calls_5m
        else "no call failed"
    )


def _score(word: Word, facts: Facts) -> float:
    """Worse words first, then the share of bad calls, then of slow ones."""
    calls = max(facts.calls_5m, 1)
    shares = facts.bad_5m / calls + 0.1 * facts.slow_5m / calls
    return (len(Word) - list(Word).index(word)) * 10 + min(shares, 2.0) + 0.01 * min(facts.burn or 0.0, 100.0)
