"""Whole manifests: apiVersion, kind, metadata and spec, one class per kind.

Owns which metadata each kind has: versions for Workflow and Contract alone, owners where someone must answer for it.
"""

from typing import Annotated, Any, Literal

from pydantic import Field

from orchestration.manifest.scalars import DottedName, Name, Version

from .base import Part
from .policies import RetryPolicySpec
from .specs import (
    ContractSpec,
    DependencySpec,
    FlagSpec,
    GatePolicySpec,
    ScheduleSpec,
    TeamSpec,
    TriggerSpec,
    WorkflowSpec,
)

API_VERSION = "plumbline/v1"


class Metadata(Part):
    name: Name
    description: str | None = None


class OptionallyOwned(Metadata):
    owner: Name | None = None


class Owned(Metadata):
    owner: Name


class ContractMetadata(Part):
    name: DottedName
    version: Version
    owner: Name
    description: str | None = None


class WorkflowMetadata(Owned):
    version: Version
    runbook: Name | None = None
    decisions: list[Name] = []
    tier: Annotated[int, Field(ge=0, le=9)] | None = None


class Document(Part):
    api_version: Literal["plumbline/v1"] = Field(alias="apiVersion")
    kind: str
    metadata: Any
    spec: Any


class Team(Document):
    kind: Literal["Team"]
    metadata: Metadata
    spec: TeamSpec = TeamSpec()


class Dependency(Document):
    kind: Literal["Dependency"]
    metadata: Owned
    spec: DependencySpec


class Contract(Document):
    kind: Literal["Contract"]
    metadata: ContractMetadata
    spec: ContractSpec


class Workflow(Document):
    kind: Literal["Workflow"]
    metadata: WorkflowMetadata
    spec: WorkflowSpec


class Schedule(Document):
    kind: Literal["Schedule"]
    metadata: Owned
    spec: ScheduleSpec


class Trigger(Document):
    kind: Literal["Trigger"]
    metadata: Owned
    spec: TriggerSpec


class Flag(Document):
    kind: Literal["Flag"]
    metadata: OptionallyOwned
    spec: FlagSpec


class RetryPolicy(Document):
    kind: Literal["RetryPolicy"]
    metadata: OptionallyOwned
    spec: RetryPolicySpec


class GatePolicy(Document):
    kind: Literal["GatePolicy"]
    metadata: Metadata
    spec: GatePolicySpec


DOCUMENTS: dict[str, type[Document]] = {
    "Team": Team,
    "Dependency": Dependency,
    "Contract": Contract,
    "Workflow": Workflow,
    "Schedule": Schedule,
    "Trigger": Trigger,
    "Flag": Flag,
    "RetryPolicy": RetryPolicy,
    "GatePolicy": GatePolicy,
}
