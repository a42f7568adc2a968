"""Runs, their steps, attempts, events and large payloads: the durable truth of the engine.

Owns columns, constraints and indexes. Never changes a status: engine/transition.py is the only writer.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models

from orchestration.ids import new_id, short
from orchestration.models.team import Team
from orchestration.models.workflow import Workflow, WorkflowVersion
from orchestration.states import Compensation, Effect, RunResult, RunStatus, StepStatus, WaitingKind

#: Steps that no worker holds and that are not over. Not `IN`: SQLite would not see that an index has this condition.
IDLE = models.Q(status="ready") | models.Q(status="retrying") | models.Q(status="waiting")


def _words(states: type) -> list[tuple[str, str]]:
    return [(state.value, state.value) for state in states]  # type: ignore[attr-defined]


class Run(models.Model):
    """One execution of one workflow version. Ids are UUIDv7, so newest first is `-id`."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    # Foreign keys without an index of their own: one below begins with the column, or holds its few values alone.
    workflow = models.ForeignKey(Workflow, on_delete=models.PROTECT, related_name="runs", db_index=False)
    version = models.ForeignKey(WorkflowVersion, on_delete=models.PROTECT, related_name="runs", db_index=False)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="runs", db_index=False)
    status = models.CharField(max_length=16, choices=_words(RunStatus))
    ending = models.CharField(max_length=16, blank=True, default="", help_text="the result it is heading for")
    result = models.CharField(max_length=16, blank=True, default="", choices=_words(RunResult))
    compensation = models.CharField(max_length=8, default=Compensation.NONE, choices=_words(Compensation))
    idempotency_key = models.CharField(max_length=200, null=True, blank=True)  # noqa: DJ001 - NULL is "no key", and is never unique
    input = models.TextField(help_text="JSON, or ref:<payload id>")
    input_hash = models.CharField(max_length=64)
    output = models.TextField(blank=True, default="")
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    deadline_at = models.DateTimeField(null=True)
    retry_of = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="retries", db_index=False)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    #: Of a child run the step that waits for it.
    parent_step = models.ForeignKey(
        "StepRun", null=True, on_delete=models.SET_NULL, related_name="children", db_index=False
    )
    rerun_of = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="reruns", db_index=False)
    # With defaults of the database: workers of the release before insert rows without them.
    origin = models.CharField(
        max_length=127, blank=True, default="", db_default="", help_text="what started it, such as schedule:nightly"
    )
    priority = models.SmallIntegerField(default=0, db_default=0, help_text="higher ones are admitted first")
    concurrency_key = models.CharField(max_length=200, blank=True, default="", db_default="")
    limited = models.BooleanField(default=False, db_default=False, help_text="counts for its workflow's concurrency")
    queued_for = models.CharField(
        max_length=8, blank=True, default="", db_default="", help_text="what it was last found to wait for while queued"
    )
    trace_id = models.CharField(max_length=32)
    failed_step = models.CharField(max_length=63, blank=True, default="")
    error_type = models.CharField(max_length=127, blank=True, default="")
    error_message = models.TextField(blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workflow", "idempotency_key"], name="one_run_per_key"),
        ]
        # One index per filter of the list page, each ending in the id that pages by keyset.
        indexes = [
            models.Index(fields=["workflow", "-id"], name="run_workflow"),
            models.Index(fields=["workflow", "result", "-id"], name="run_workflow_result"),
            models.Index(fields=["version", "-id"], name="run_version"),
            models.Index(fields=["team", "-id"], name="run_team"),
            models.Index(fields=["result", "-id"], name="run_result"),
            models.Index(fields=["status", "-id"], name="run_status"),
            # Covers what a dashboard counts of ended runs, so that it never reads the rows.
            models.Index(fields=["finished_at", "workflow", "result", "team"], name="run_ended"),
            models.Index(fields=["retry_of"], name="run_retry_of", condition=models.Q(retry_of__isnull=False)),
            models.Index(fields=["rerun_of"], name="run_rerun_of", condition=models.Q(rerun_of__isnull=False)),
            models.Index(fields=["parent_step"], name="run_parent", condition=models.Q(parent_step__isnull=False)),
            models.Index(fields=["origin", "-id"], name="run_origin", condition=~models.Q(origin="")),
            models.Index(fields=["started_by"], name="run_started_by", condition=models.Q(started_by__isnull=False)),
            models.Index(fields=["-id"], name="run_not_undone", condition=models.Q(compensation="failed")),
            # What waits in the queue, in the order in which it is admitted; and what counts for a workflow's concurrency.
            models.Index(
                fields=["team", "-priority", "id"],
                name="run_queued_share",
                condition=models.Q(status="queued") & models.Q(queued_for="share"),
            ),
            models.Index(
                fields=["workflow", "-priority", "id"],
                name="run_queued_limit",
                condition=models.Q(status="queued") & ~models.Q(queued_for="share"),
            ),
            models.Index(
                fields=["workflow", "status", "concurrency_key"],
                name="run_limited",
                condition=models.Q(limited=True) & ~models.Q(status=RunStatus.FINISHED),
            ),
            models.Index(
                fields=["deadline_at"],
                name="run_deadline",
                condition=models.Q(deadline_at__isnull=False) & ~models.Q(status=RunStatus.FINISHED),
            ),
        ]

    def __str__(self) -> str:
        return f"run {self.short_id}"

    @property
    def short_id(self) -> str:
        """As pages name it: `7f3c-91a2`."""
        return short(self.id)


class StepRun(models.Model):
    """One step of one run. `fence` grows with every claim and rescue; a result with an older one is refused."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="steps", db_index=False)
    name = models.CharField(max_length=63)
    item = models.IntegerField(default=0, help_text="from 1 within a for_each; the step itself is 0")
    status = models.CharField(max_length=16, choices=_words(StepStatus))
    waiting_kind = models.CharField(max_length=8, blank=True, default="", choices=_words(WaitingKind))
    attempt = models.IntegerField(default=0, help_text="tries begun that count against maximum_attempts")
    losses = models.IntegerField(default=0, help_text="times a worker died with it; does not use an attempt")
    fence = models.IntegerField(default=0)
    worker_id = models.CharField(max_length=36, blank=True, default="")
    lease_until = models.DateTimeField(null=True)
    not_before = models.DateTimeField(null=True)
    ready_at = models.DateTimeField(null=True)
    wake_due_at = models.DateTimeField(null=True, help_text="when a lost wake-up message is sent again")
    started_at = models.DateTimeField(null=True)
    claimed_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    start_deadline = models.DateTimeField(null=True, help_text="schedule_to_start")
    attempt_deadline = models.DateTimeField(null=True, help_text="start_to_close")
    heartbeat_deadline = models.DateTimeField(null=True)
    close_deadline = models.DateTimeField(null=True, help_text="schedule_to_close")
    idempotency_key = models.CharField(max_length=200)
    input = models.TextField(blank=True, default="", help_text="JSON with secrets masked, or ref:<payload id>")
    output = models.TextField(blank=True, default="")
    error_type = models.CharField(max_length=127, blank=True, default="")
    error_message = models.TextField(blank=True, default="")
    effect = models.CharField(max_length=8, default=Effect.NONE, choices=_words(Effect))
    compensation = models.CharField(max_length=8, default=Compensation.NONE, choices=_words(Compensation))
    compensation_attempt = models.IntegerField(default=0)
    compensation_error = models.TextField(blank=True, default="")
    compensated_at = models.DateTimeField(null=True)
    reused_from = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "name", "item"], name="one_step_once")]
        # Partial: the sweeper reads the few open rows, never the millions that are finished. One for each of its looks,
        # since SQLite uses a partial index only where the query repeats its condition. None holds running steps but
        # step_leased: whatever a step goes through on the hot path is written once for each index that has it.
        indexes = [
            models.Index(fields=["wake_due_at"], name="step_ready", condition=models.Q(status="ready")),
            models.Index(fields=["not_before"], name="step_retrying", condition=models.Q(status="retrying")),
            models.Index(fields=["not_before"], name="step_waiting", condition=models.Q(status="waiting")),
            models.Index(
                fields=["start_deadline"],
                name="step_start_due",
                condition=models.Q(start_deadline__isnull=False) & models.Q(status="ready"),
            ),
            models.Index(
                fields=["close_deadline"],
                name="step_close_due",
                condition=models.Q(close_deadline__isnull=False) & IDLE,
            ),
            models.Index(fields=["reused_from"], name="step_reused", condition=models.Q(reused_from__isnull=False)),
            models.Index(fields=["lease_until"], name="step_leased", condition=models.Q(lease_until__isnull=False)),
            models.Index(
                fields=["compensation", "not_before"],
                name="step_compensating",
                condition=models.Q(compensation="running"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} of run {short(self.run_id)}"


class Attempt(models.Model):
    """One try of a step or of its compensation, as it ended.

    A step that succeeded at its first claim has none: its own row says all of it (selectors/runs.py adds it).
    """

    step = models.ForeignKey(StepRun, on_delete=models.CASCADE, related_name="attempts", db_index=False)
    phase = models.CharField(max_length=12, choices=[("forward", "forward"), ("compensation", "compensation")])
    number = models.IntegerField()
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()
    outcome = models.CharField(max_length=10)
    error_type = models.CharField(max_length=127, blank=True, default="")
    message = models.TextField(blank=True, default="")
    next_at = models.DateTimeField(null=True)
    worker_id = models.CharField(max_length=36, blank=True, default="")
    fence = models.IntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["step", "phase", "fence"], name="one_outcome_per_fence")]

    def __str__(self) -> str:
        return f"{self.phase} {self.number}: {self.outcome}"


class RunEvent(models.Model):
    """What a person or the engine did to a run as a whole: started, cancelled, retried, compensation begun."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField()
    kind = models.CharField(max_length=32)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    detail = models.TextField(blank=True, default="")

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.kind} at {self.at:%H:%M:%S}"


class Payload(models.Model):
    """A payload over 64 KB, zlib-compressed JSON, read only when asked for."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="payloads")
    data = models.BinaryField()
    size = models.IntegerField(help_text="bytes before compression")

    def __str__(self) -> str:
        return f"payload {self.pk} of {self.size} bytes"
