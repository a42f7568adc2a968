"""Live checks in a decision's text: what must stay true if the decision was right, written so that it can be measured.

A check stands between backticks, begins with `check:` and says one of

    check: objective orders-in-time is met
    check: policy notice-of-sunsets is applied
    check: p95 of workflow order-fulfilment over 7d <= 20s
    check: error rate of step order-fulfilment/charge over 28d < 3%
    check: count of dependency payments over 1d > 100

so it travels with the text: into a file, through its history, past a review. Owns that language. Pure: never measures.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from orchestration.manifest import parse_duration

#: Checks of one decision that are looked at; a text with more gets a problem instead of a slow page.
MOST = 10
#: Rollups are kept for so long.
LONGEST = timedelta(days=88)
MEASURES = ("p50", "p95", "p99", "error rate", "count", "retries")
_TIMES = frozenset({"p50", "p95", "p99"})
COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "<=": operator.le, ">=": operator.ge, "<": operator.lt, ">": operator.gt,
}  # fmt: skip
_SPAN = re.compile(r"(?<!`)`{1,2}[ \t]*check:([^`\n]{0,300})`")
_FENCE = re.compile(r" {0,3}(```+|~~~+)")
_MET = re.compile(r"objective ([^\s/]+) is met")
_APPLIED = re.compile(r"policy ([^\s/]+) is applied")
_LIMIT = re.compile(
    rf"({'|'.join(MEASURES)}) of (workflow|step|dependency) ([^\s/]+)(?:/([^\s/]+))? over (\w+) (<=|>=|<|>) (\S+)"
)
_FORMS = "write `objective NAME is met`, `policy NAME is applied`, or `p95 of workflow NAME over 7d <= 20s`"


@dataclass(frozen=True, slots=True)
class ObjectiveMet:
    """The objective's budget is not spent."""

    name: str


@dataclass(frozen=True, slots=True)
class PolicyApplied:
    """There is a GatePolicy of that name."""

    name: str


@dataclass(frozen=True, slots=True)
class Limit:
    """A measured value stays on one side of a limit: seconds for quantiles, a share of 1 for rates, else a number."""

    measure: str
    kind: str
    name: str
    step: str
    over: timedelta
    comparison: str
    limit: float

    def holds(self, value: float) -> bool:
        """Whether the value is on the right side."""
        return COMPARISONS[self.comparison](value, self.limit)


@dataclass(frozen=True, slots=True)
class Check:
    """A check as it is written, on which line; `what` is None where it can't be read, and `problem` says why."""

    line: int
    text: str
    what: ObjectiveMet | PolicyApplied | Limit | None
    problem: str = ""


def checks(body: str) -> list[Check]:
    """All checks of a text, those in code blocks apart, at most MOST and one that says that there are more."""
    found: list[Check] = []
    fence = ""
    for number, line in enumerate(body.split("\n"), 1):
        mark = _FENCE.match(line)
        if mark is not None and (not fence or mark[1].startswith(fence)):
            fence = "" if fence else mark[1]
        for match in [] if fence else _SPAN.finditer(line):
            if len(found) == MOST:
                return [*found, Check(number, "…", None, f"a decision has at most {MOST} checks; take some away")]
            found.append(_read(number, " ".join(match[1].split())))
    return found


def _read(line: int, text: str) -> Check:
    if met := _MET.fullmatch(text):
        return Check(line, text, ObjectiveMet(met[1]))
    if applied := _APPLIED.fullmatch(text):
        return Check(line, text, PolicyApplied(applied[1]))
    limit = _LIMIT.fullmatch(text)
    if limit is None:
        return Check(line, text, None, _FORMS)
    try:
        return Check(line, text, _limit(limit))
    except ValueError as error:
        return Check(line, text, None, str(error))


def _limit(match: re.Match[str]) -> Limit:
    measure, kind, name, step, over, comparison, value = match.groups()
    if (kind == "step") != bool(step):
        raise ValueError("a step is written as workflow/step, and nothing else has a slash")
    period = timedelta(seconds=parse_duration(over))
    if not timedelta(minutes=5) <= period <= LONGEST:
        raise ValueError(f"over {over}: measured is between 5m and {LONGEST.days}d")
    return Limit(measure, kind, name, step or "", period, comparison, _value(measure, value))


def _value(measure: str, text: str) -> float:
    if measure in _TIMES:
        return parse_duration(text)
    number = text.removesuffix("%")
    if (measure == "error rate") != text.endswith("%"):
        raise ValueError("an error rate is compared with a percentage such as 2%, and nothing else is")
    if not re.fullmatch(r"\d{1,12}(\.\d{1,6})?", number):
        raise ValueError(f"{text[:20]!r} is no number such as 100 or 2.5")
    return float(number) / 100 if measure == "error rate" else float(number)
