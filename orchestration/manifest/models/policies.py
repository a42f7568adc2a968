"""Policies that several kinds share: retries, timeouts, objectives.

Owns their fields and defaults. Never applies one.
"""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag, WithJsonSchema

from orchestration.manifest.scalars import Duration, Percent, PolicyName, PositiveDuration, refuse

from .base import HIDDEN, Part

#: At most a hundred percent, with as many decimals as a percentage has.
_CONDITION = re.compile(r"spent|below (?:100|[1-9]?[0-9](?:\.[0-9]{1,6})?)%")
Quantile = Annotated[str, Field(pattern=r"^p[1-9][0-9]?(\.[0-9]{1,2})?$")]


class RetryPolicySpec(Part):
    """Delay: min(maximum_interval, initial_interval · backoff_coefficient^(attempt−1)); the first try counts."""

    initial_interval: PositiveDuration = 1.0
    backoff_coefficient: Annotated[float, Field(ge=1, le=100)] = 2.0
    maximum_interval: PositiveDuration = 60.0
    maximum_attempts: Annotated[int, Field(ge=1, le=10_000)] = 5
    jitter: Literal["full", "none"] = "full"
    non_retryable_errors: list[Annotated[str, Field(min_length=1, max_length=200)]] = []


def _retry_form(value: Any) -> str:
    return HIDDEN + ("policy" if isinstance(value, dict | RetryPolicySpec) else "name")


Retry = Annotated[
    Annotated[PolicyName, Tag(HIDDEN + "name")] | Annotated[RetryPolicySpec, Tag(HIDDEN + "policy")],
    Discriminator(_retry_form),
]


class TimeoutSpec(Part):
    schedule_to_start: PositiveDuration | None = None
    start_to_close: PositiveDuration | None = None
    schedule_to_close: PositiveDuration | None = None
    heartbeat: PositiveDuration | None = None


class Objectives(Part):
    success: Percent | None = None
    latency: dict[Quantile, PositiveDuration] | None = None


def _budget_condition(text: str) -> str:
    if not _CONDITION.fullmatch(text):
        refuse(f"wanted 'spent', or how much is left such as 'below 25%'; got '{text[:40]}'")
    return text


BudgetCondition = Annotated[
    str, AfterValidator(_budget_condition), WithJsonSchema({"type": "string", "pattern": f"^(?:{_CONDITION.pattern})$"})
]
BudgetedChange = Literal["workflow.release", "workflow.deprecate", "workflow.retire"]


class ErrorBudgetRule(Part):
    """What holds for changes of a workflow while one of its budgets is spent, or nearly so."""

    when: BudgetCondition
    then: Literal["review", "freeze"]
    changes: Annotated[list[BudgetedChange], Field(min_length=1)] = ["workflow.release"]


class EscalationStep(Part):
    after: Duration
    notify: Annotated[str, Field(min_length=1)]
