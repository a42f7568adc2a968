"""The steps of a workflow: one optional field per kind, and what every kind shares.

Owns the shape of a step. That exactly one kind is given, and fits the other fields, is checked in `step_checks`.
"""

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from orchestration.manifest.scalars import (
    DottedName,
    Name,
    Percent,
    PositiveDuration,
    StepName,
    TaskName,
    VersionedName,
)

from .base import ComputedValue, Part
from .policies import Objectives, Retry, TimeoutSpec

KINDS = ("http", "python", "celery", "workflow", "approval", "wait", "event", "emit", "value")
COMPENSATION_KINDS = ("http", "python", "value", "none")

Text = Annotated[str, Field(min_length=1)]
Count = Annotated[int, Field(ge=1)]


class HttpRequest(Part):
    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] = "GET"
    path: Text
    query: dict[str, JsonValue] | None = None
    headers: dict[str, str] | None = None
    json_: JsonValue = Field(default=None, alias="json")


class CeleryTask(Part):
    task: TaskName
    queue: Text | None = None


class Approval(Part):
    team: Name
    timeout: PositiveDuration | None = None
    on_timeout: Literal["approve", "reject"] | None = None


class Wait(Part):
    for_: Text | None = Field(default=None, alias="for")
    until: Text | None = None


class Event(Part):
    type: DottedName
    correlation: JsonValue = None
    timeout: PositiveDuration | None = None


class Emit(Part):
    type: DottedName
    subject: Text | None = None
    data: JsonValue = None


class ForEach(Part):
    in_: JsonValue = Field(alias="in")
    as_: StepName = Field(alias="as")
    max_parallel: Count | None = None
    tolerate_failures: Percent | None = None


class FlagUse(Part):
    key: Name
    when_off: Literal["skip", "fallback"] = "skip"


class Fallback(Part):
    value: ComputedValue = None
    last_good: bool | None = None
    step: StepName | None = None
    skip: bool | None = None


class StepContract(Part):
    input: VersionedName | None = None
    output: VersionedName | None = None


class Compensation(Part):
    http: HttpRequest | None = None
    python: TaskName | None = None
    value: ComputedValue = None
    none: Annotated[str, Field(min_length=1, description="Why nothing needs to be undone.")] | None = None
    with_: dict[str, JsonValue] | None = Field(default=None, alias="with")
    dependency: Name | None = None
    retry: Retry | None = None
    timeout: TimeoutSpec | None = None


class Step(Part):
    intent: str | None = None
    http: HttpRequest | None = None
    python: TaskName | None = None
    celery: CeleryTask | None = None
    workflow: VersionedName | None = None
    approval: Approval | None = None
    wait: Wait | None = None
    event: Event | None = None
    emit: Emit | None = None
    value: ComputedValue = None
    with_: dict[str, JsonValue] | None = Field(default=None, alias="with")
    dependency: Name | None = None
    effect: Literal["none", "read", "write"] | None = None
    contract: StepContract | None = None
    retry: Retry | None = None
    timeout: TimeoutSpec | None = None
    objectives: Objectives | None = None
    expect: list[Text] = []
    compensate: Compensation | None = None
    compensate_on_unknown: bool = True
    when: Text | None = None
    needs: list[str] = []
    join: Literal["all", "any"] = "all"
    for_each: ForEach | None = None
    flag: FlagUse | None = None
    fallback: Fallback | None = None
    no_fallback: Annotated[str, Field(min_length=1, description="Why nothing can stand in for it.")] | None = None
    runbook: Name | None = None
