"""The engine's tables."""

from orchestration.models.alert import Alert, AlertEvent, Silence
from orchestration.models.breaker import Breaker, BreakerTransition, BulkheadSlot, LastGood, Parking, RateState
from orchestration.models.dependency import Dependency, DependencyEnd, RetryPolicy
from orchestration.models.flag import Flag, RunFlag
from orchestration.models.objective import Objective
from orchestration.models.rollup import (
    OutcomeBatch,
    Rollup,
    RollupDay,
    RollupDirty,
    RollupHour,
    RollupMinute,
    Series,
)
from orchestration.models.run import Attempt, Payload, Run, RunEvent, StepRun
from orchestration.models.team import Membership, Role, Team
from orchestration.models.worker import EngineMark, WorkerProcess
from orchestration.models.workflow import Port, Workflow, WorkflowVersion

__all__ = [
    "Alert",
    "AlertEvent",
    "Attempt",
    "Breaker",
    "BreakerTransition",
    "BulkheadSlot",
    "Dependency",
    "DependencyEnd",
    "EngineMark",
    "Flag",
    "LastGood",
    "Membership",
    "Objective",
    "OutcomeBatch",
    "Parking",
    "Payload",
    "Port",
    "RateState",
    "RetryPolicy",
    "Role",
    "Rollup",
    "RollupDay",
    "RollupDirty",
    "RollupHour",
    "RollupMinute",
    "Run",
    "RunEvent",
    "RunFlag",
    "Series",
    "Silence",
    "StepRun",
    "Team",
    "WorkerProcess",
    "Workflow",
    "WorkflowVersion",
]
