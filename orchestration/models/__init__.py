"""The engine's tables."""

from orchestration.models.alert import Alert, AlertEvent, Silence
from orchestration.models.breaker import Breaker, BreakerTransition, BulkheadSlot, LastGood, Parking, RateState
from orchestration.models.control import BulkRetry, BulkRetryItem, InputEdit
from orchestration.models.dependency import Dependency, DependencyEnd, RetryPolicy
from orchestration.models.event import Event, EventReceipt
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
from orchestration.models.schedule import Backfill, Schedule, ScheduleCursor, ScheduleTick
from orchestration.models.team import Membership, Role, Team
from orchestration.models.trigger import Trigger, TriggerFiring
from orchestration.models.waiting import Approval, Loop, Subscription
from orchestration.models.worker import EngineMark, WorkerProcess
from orchestration.models.workflow import Port, Workflow, WorkflowVersion

__all__ = [
    "Alert",
    "AlertEvent",
    "Approval",
    "Attempt",
    "Backfill",
    "Breaker",
    "BreakerTransition",
    "BulkRetry",
    "BulkRetryItem",
    "BulkheadSlot",
    "Dependency",
    "DependencyEnd",
    "EngineMark",
    "Event",
    "EventReceipt",
    "Flag",
    "InputEdit",
    "LastGood",
    "Loop",
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
    "Schedule",
    "ScheduleCursor",
    "ScheduleTick",
    "Series",
    "Silence",
    "StepRun",
    "Subscription",
    "Team",
    "Trigger",
    "TriggerFiring",
    "WorkerProcess",
    "Workflow",
    "WorkflowVersion",
]
