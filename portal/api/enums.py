"""The enumerations that the OpenAPI document calls by name: plain lists of words, as serializers list them.

Owns nothing: the words come from the states and models. settings.SPECTACULAR_SETTINGS refers to these lists.
"""

from __future__ import annotations

from governance.models import (
    ActionItem,
    Change,
    ContractVersion,
    Decision,
    Exercise,
    ExerciseAction,
    ExerciseEntry,
    Postmortem,
    Runbook,
    TimelineMark,
    VerificationResult,
    WebhookDelivery,
)
from governance.postmortems.lines import KINDS
from governance.services.bulk import OUTCOMES as BULK
from governance.services.bulk_nouns import NOUNS, OWNER, REVIEW_BY, STATUS
from governance.services.exercises import TICKS
from governance.services.importing import OUTCOMES
from governance.services.relations import REMOVED
from orchestration.models import Alert, AlertEvent, Backfill, Objective, ScheduleTick
from orchestration.policies.breaker import FORCED, State
from orchestration.policies.burn import Severity
from orchestration.policies.health import Word
from orchestration.selectors.approvals import STATES as APPROVALS
from orchestration.selectors.budgets import BudgetState
from orchestration.services.flags import POSITIONS
from orchestration.services.reruns import Which
from orchestration.states import Compensation, RunResult, RunStatus, StepStatus

FLAG_POSITIONS = list(POSITIONS)
FLAG_DEFAULTS = ["on", "off"]
#: What becomes of a step while its flag is off.
FLAG_WHEN_OFF = ["skip", "fallback"]
RUN_STATUSES = [str(state) for state in RunStatus]
RUN_RESULTS = [str(state) for state in RunResult]
COMPENSATIONS = [str(state) for state in Compensation]
#: A step without a row is pending.
STEP_STATUSES = ["pending", *(str(state) for state in StepStatus)]
DECISION_STATUSES = [str(state) for state in Decision.Status.values]
CHANGE_STATES = [str(state) for state in Change.State.values]
VERSION_STATES = [str(state) for state in ContractVersion.State.values]
VERIFICATION_ROLES = [str(side) for side in VerificationResult.Side.values]
POSTMORTEM_STATUSES = [str(state) for state in Postmortem.Status.values]
POSTMORTEM_SEVERITIES = [str(severity) for severity in Postmortem.Severity.values]
ACTION_STATES = [str(state) for state in ActionItem.State.values]
ACTION_CHECKS = [str(check) for check in ActionItem.Check.values]
LINE_KINDS = list(KINDS)
LINES_SHOWN = [str(shown) for shown in TimelineMark.Shown.values]
RUNBOOK_STATUSES = [str(state) for state in Runbook.Status.values]
EXERCISE_STATES = [str(state) for state in Exercise.State.values]
EXERCISE_ENDS = [state for state in EXERCISE_STATES if state != Exercise.State.RUNNING]
EXERCISE_TICKS = [str(what) for what in TICKS]
EXERCISE_ENTRIES = [str(what) for what in ExerciseEntry.What.values]
EXERCISE_ACTION_STATES = [str(state) for state in ExerciseAction.State.values]
DELIVERY_STATES = [str(state) for state in WebhookDelivery.State.values]
TICK_OUTCOMES = [str(outcome) for outcome in ScheduleTick.Outcome.values]
#: Of a backfill and of a bulk retry alike.
JOB_STATES = [str(state) for state in Backfill.State.values]
BACKFILL_ORDERS = [str(order) for order in Backfill.Order.values]
BREAKER_STATES = [str(state) for state in State]
#: A forced state, or closed to let it go.
FORCED_STATES = [*sorted(str(state) for state in FORCED), str(State.CLOSED)]
DEPENDENCY_HEALTH = [str(word) for word in Word]
APPROVAL_STATES = list(APPROVALS)
APPROVAL_WORDS = ["approve", "reject"]
ALERT_STATES = [str(state) for state in Alert.State.values]
ALERT_KINDS = [str(kind) for kind in Alert.Kind.values]
ALERT_EVENTS = [str(what) for what in AlertEvent.What.values]
SEVERITIES = [severity.value for severity in Severity]
INDICATORS = [str(indicator) for indicator in Objective.Indicator.values]
OBJECTIVE_SOURCES = [str(source) for source in Objective.Source.values]
BUDGET_STATES = [state.value for state in BudgetState]
#: Of which version a rerun is.
RERUN_VERSIONS = [str(which) for which in Which]
RELATION_KINDS = ["amends", "amended_by", "relates"]
#: As people name one; what the other end says can be taken away only.
RELATIONS_NAMED = list(REMOVED)
#: What becomes of a decision's file.
IMPORT_OUTCOMES = list(OUTCOMES)
IMPORT_ACTIONS = ["create", "change", "unchanged", "nothing", "refused"]
BULK_KINDS = list(NOUNS)
BULK_FIELDS = [OWNER, STATUS, REVIEW_BY]
#: Pending: a bulk change was broken off before that document.
BULK_OUTCOMES = [*BULK, "pending"]
#: What becomes of a file of a folder that is imported.
FILE_ACTIONS = ["create", "change", "unchanged", "conflict", "skipped", "refused"]
#: What a revision of a governed object did to it.
REVISION_ACTIONS = ["created", "changed", "deleted"]
