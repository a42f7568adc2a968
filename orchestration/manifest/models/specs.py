"""The `spec` of every kind.

Owns their fields and defaults. A default that a manifest writes out is no different from one it leaves out.
"""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, JsonValue, ValidationInfo, WithJsonSchema

from orchestration.manifest.scalars import (
    DottedName,
    Name,
    Percent,
    PolicyName,
    PositiveDuration,
    Rate,
    StepName,
    VersionedName,
    refuse,
)
from orchestration.manifest.values import described

from .base import ComputedValue, Part
from .channels import Channel
from .policies import ErrorBudgetRule, EscalationStep, Objectives, Retry, RetryPolicySpec, TimeoutSpec
from .steps import Count, Step, Text


def _schema(value: Any, info: ValidationInfo) -> Any:
    """Of the format that is said before it: JSON Schema unless told. What is in it the registry checks."""
    if info.data.get("format") == "avro":
        if not isinstance(value, dict | list | str):
            refuse(f"wanted an Avro schema: a mapping, a list of them or the name of a type; got {described(value)}")
    elif not isinstance(value, dict | bool):
        refuse(f"wanted a JSON Schema: a mapping, true or false; got {described(value)}")
    return value


Schema = Annotated[Any, BeforeValidator(_schema), WithJsonSchema({"type": ["object", "boolean", "array", "string"]})]


class TeamSpec(Part):
    stand_in: Name | None = None
    weight: Annotated[float, Field(gt=0, le=1000)] = 1.0
    channels: list[Channel] = []
    escalation: list[EscalationStep] = []
    error_budget: list[ErrorBudgetRule] = []


class Authorization(Part):
    secret: Text


class Probe(Part):
    path: Text
    every: PositiveDuration
    timeout: PositiveDuration | None = None


class Breaker(Part):
    failure_rate: Percent | None = None
    slow_rate: Percent | None = None
    slow_after: PositiveDuration | None = None
    minimum_calls: Count | None = None
    open_for: PositiveDuration | None = None
    half_open_calls: Count | None = None
    on_open: Literal["park", "fail"] = "park"


class Bulkhead(Part):
    limit: Annotated[int, Field(ge=1, le=10_000)]


class FailureMode(Part):
    mode: Text
    effect: Text
    response: Text
    runbook: Name | None = None


class PeriodicReview(Part):
    every: PositiveDuration
    areas: list[Text] = []


class DependencySpec(Part):
    base_url: Text | None = None
    api: VersionedName | None = None
    authorization: Authorization | None = None
    probe: Probe | None = None
    objectives: Objectives | None = None
    timeout: TimeoutSpec | None = None
    retry: Retry | None = None
    breaker: Breaker | None = None
    bulkhead: Bulkhead | None = None
    rate_limit: Rate | None = None
    failure_modes: list[FailureMode] = []
    review: PeriodicReview | None = None


class ContractSpec(Part):
    format: Literal["jsonschema", "avro", "odcs", "openapi"] = "jsonschema"
    schema_: Schema = Field(alias="schema")
    policy: Literal["strict", "tolerant"] = "tolerant"
    compatibility: (
        Literal[
            "NONE",
            "BACKWARD",
            "BACKWARD_TRANSITIVE",
            "FORWARD",
            "FORWARD_TRANSITIVE",
            "FULL",
            "FULL_TRANSITIVE",
        ]
        | None
    ) = None


class WorkflowInput(Part):
    contract: VersionedName


class WorkflowOutput(Part):
    contract: VersionedName | None = None
    value: ComputedValue = None


class Concurrency(Part):
    limit: Count | None = None
    key: Text | None = None
    per_key: Count | None = None
    on_limit: Literal["queue", "reject"] = "queue"


class WorkflowSpec(Part):
    input: WorkflowInput | None = None
    output: WorkflowOutput | None = None
    timeout: PositiveDuration | None = None
    objectives: Objectives | None = None
    escalation: Name | None = None
    concurrency: Concurrency | None = None
    retry_policies: dict[PolicyName, RetryPolicySpec] = {}
    steps: Annotated[dict[StepName, Step], Field(min_length=1)]


class ScheduleSpec(Part):
    workflow: VersionedName
    cron: Text
    timezone: Text = "UTC"
    catch_up: Literal["none", "latest", "all"] = "latest"
    input: JsonValue = None


class TriggerSpec(Part):
    event: DottedName
    when: Text | None = None
    workflow: VersionedName
    input: JsonValue = None


class Verification(Part):
    role: Literal["provider", "consumer"]
    participant: Text


class DependencyRules(Part):
    most: Annotated[int, Field(ge=0, le=1000)] | None = None
    require: list[Literal["timeout", "retry", "fallback"]] = []
    enforce: Literal["refuse", "tell"] = "refuse"


class GatePolicySpec(Part):
    changes: list[Text] = []
    names: list[Text] = []
    owners: list[Name] = []
    review: Literal["breaking", "always"] = "breaking"
    approvals: Annotated[int, Field(ge=1, le=10)] = 1
    teams: list[Name] = []
    expires: PositiveDuration | None = None
    notice: PositiveDuration | None = None
    remind: PositiveDuration | None = None
    verifications: list[Verification] = []
    dependencies: DependencyRules | None = None


class Rollout(Part):
    percent: Annotated[float, Field(ge=0, le=100)]
    key: Text | None = None


class FlagSpec(Part):
    default: Literal["on", "off"]
    rollout: Rollout | None = None
