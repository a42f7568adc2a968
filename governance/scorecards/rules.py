"""The checks of a scorecard and the levels made of them: bronze can be trusted with data, silver is run, gold is proven.

Bronze: owner, undo. Silver: bronze and runbook, budgets, contracts. Gold: silver and reviews, retries. A level is reached when
none of its checks, and none below, fails; a check that does not apply, or is waived until a date, does not fail. Pure: the caller
says what day it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

#: How long an exercise of a runbook, and a retry that really happened, say that it still works.
RECENT = timedelta(days=90)


class Level(StrEnum):
    """How far a workflow has come."""

    NONE = "none"
    BRONZE = "bronze"
    SILVER = "silver"
    GOLD = "gold"


class Outcome(StrEnum):
    """What came of a check."""

    PASSED = "passed"
    FAILED = "failed"
    WAIVED = "waived"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a workflow. `unasked`: dependencies whose manifest asks for no review; `ended`: contract versions."""

    team: str
    maintainers: int = 0
    runbook: str = ""
    exercised_at: datetime | None = None
    writes: int = 0
    for_good: tuple[str, ...] = ()
    objectives: int = 0
    spent: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    unasked: tuple[str, ...] = ()
    overdue: tuple[str, ...] = ()
    contracts: int = 0
    ended: tuple[str, ...] = ()
    retried: int = 0


@dataclass(frozen=True, slots=True)
class Judged:
    """One check as it came out, why, and what would put it right; `until`: when its waiver ends."""

    key: str
    title: str
    level: Level
    outcome: Outcome
    why: str
    remedy: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """A workflow's checks and the level that they make."""

    workflow: str
    team: str
    level: Level
    checks: list[Judged] = field(default_factory=list)

    @property
    def good(self) -> int:
        """How many checks do not fail."""
        return sum(one.outcome != Outcome.FAILED for one in self.checks)

    @property
    def failed(self) -> list[Judged]:
        """Those that do."""
        return [one for one in self.checks if one.outcome == Outcome.FAILED]


Found = tuple[Outcome, str, str]
_PASSED, _FAILED, _NONE = Outcome.PASSED, Outcome.FAILED, Outcome.NOT_APPLICABLE


def score(workflow: str, facts: Facts, waived: Mapping[str, datetime], now: datetime) -> Score:
    """Every check; `waived`: key → until when."""
    checks = []
    for key, title, level, judge in CHECKS:
        outcome, why, remedy = judge(facts, now)
        until = waived.get(key)
        if outcome == _FAILED and until is not None and until > now:
            outcome = Outcome.WAIVED
        checks.append(Judged(key, title, level, outcome, why, remedy, until if outcome == Outcome.WAIVED else None))
    return Score(workflow, facts.team, level_of(checks), checks)


def level_of(checks: Iterable[Judged]) -> Level:
    """The highest level of which no check, and none of a lower one, fails."""
    failing = {one.level for one in checks if one.outcome == Outcome.FAILED}
    reached = Level.NONE
    for level in (Level.BRONZE, Level.SILVER, Level.GOLD):
        if level in failing:
            break
        reached = level
    return reached


def _owner(facts: Facts, now: datetime) -> Found:
    if facts.maintainers:
        people = "1 maintainer" if facts.maintainers == 1 else f"{facts.maintainers} maintainers"
        return _PASSED, f"{facts.team}, with {people}", ""
    return _FAILED, f"{facts.team} has nobody who may maintain it", "Let an admin give somebody the role maintainer."


def _undo(facts: Facts, now: datetime) -> Found:
    if not facts.writes:
        return _NONE, "no step writes", ""
    if not facts.for_good:
        return _PASSED, f"{facts.writes} of {facts.writes} writes can be undone, or say why not", ""
    return (
        _FAILED, f"no way back from {_listed(facts.for_good)}",
        "Give the step compensate, or say under compensate.none why nothing needs to be undone.",
    )  # fmt: skip


def _runbook(facts: Facts, now: datetime) -> Found:
    if not facts.runbook:
        return _FAILED, "no runbook is about it", "Write one, and name it under metadata.runbook."
    if facts.exercised_at is None:
        return (
            _FAILED,
            f"{facts.runbook} was never gone through",
            "Go through it step by step, and put right what fails.",
        )
    when = f"{facts.exercised_at:%-d %b %Y}"
    if now - facts.exercised_at <= RECENT:
        return _PASSED, f"{facts.runbook}, {when}", ""
    return _FAILED, f"{facts.runbook} was last gone through on {when}", "Go through it again: 90 days are over."


def _budgets(facts: Facts, now: datetime) -> Found:
    if not facts.objectives:
        return _FAILED, "it has no objective", "Say under spec.objectives what good enough means."
    if not facts.spent:
        return _PASSED, f"{facts.objectives} {'budget' if facts.objectives == 1 else 'budgets'}, none spent", ""
    return _FAILED, f"spent: {_listed(facts.spent)}", "Make it better, or agree on an objective that holds."


def _contracts(facts: Facts, now: datetime) -> Found:
    if not facts.contracts:
        return _NONE, "it names no contract", ""
    if not facts.ended:
        return _PASSED, f"{facts.contracts} in use, all active", ""
    return _FAILED, f"deprecated or past its end: {_listed(facts.ended)}", "Publish a version that uses the successor."


def _reviews(facts: Facts, now: datetime) -> Found:
    if not facts.calls:
        return _NONE, "it calls no dependency", ""
    if facts.overdue:
        return _FAILED, f"overdue: {_listed(facts.overdue)}", "Let an approver of the owner sign the review off."
    if facts.unasked:
        return (
            _FAILED,
            f"nobody asks for a review of {_listed(facts.unasked)}",
            "Say under spec.review how often it is due.",
        )
    return _PASSED, f"{_listed(facts.calls)} reviewed", ""


def _retries(facts: Facts, now: datetime) -> Found:
    if not facts.calls:
        return _NONE, "it calls no dependency", ""
    if facts.retried:
        times = "once" if facts.retried == 1 else f"{facts.retried:,} times"
        return _PASSED, f"a try was repeated {times} in 90 days", ""
    return (
        _FAILED,
        "no try was repeated in 90 days",
        "Make a dependency fail in a test environment, and see it retried.",
    )


def _listed(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:4])
    return f"{shown} and {len(names) - 4} more" if len(names) > 4 else shown


Judge = Callable[[Facts, datetime], Found]
#: In the order of the page: key, title, level, judge.
CHECKS: tuple[tuple[str, str, Level, Judge], ...] = (
    ("owner", "Somebody owns it", Level.BRONZE, _owner),
    ("undo", "Every write can be undone, or says why not", Level.BRONZE, _undo),
    ("runbook", "Its runbook was gone through in 90 days", Level.SILVER, _runbook),
    ("budgets", "Its budgets are met", Level.SILVER, _budgets),
    ("contracts", "Its contracts are current", Level.SILVER, _contracts),
    ("reviews", "Its dependencies are reviewed", Level.GOLD, _reviews),
    ("retries", "Its retries have really happened", Level.GOLD, _retries),
)
KEYS = tuple(key for key, *_ in CHECKS)
