"""Action items of postmortems, each with the evidence that must be there before it can be closed.

Owns columns. Never judges evidence: governance/selectors/evidence.py does, and its verdict is kept here at closing.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from simple_history.models import HistoricalRecords

from governance.models.postmortem import Postmortem
from orchestration.models import Team
from orchestration.models.governed import GovernedManager


class ActionItem(models.Model):
    """Something to be done, by whom, by when, and how one will see that it is."""

    class State(models.TextChoices):
        OPEN = "open"
        DONE = "done"
        DROPPED = "dropped"

    class Check(models.TextChoices):
        WORKFLOW_PUBLISHED = "workflow_published", "a workflow version is published"
        RUNBOOK_EDITED = "runbook_edited", "a runbook is revised"
        OBJECTIVE_MET = "objective_met", "an objective is met"
        DECISION_ACCEPTED = "decision_accepted", "a decision is accepted"
        CONTRACT_VERSION = "contract_version", "a contract version exists"
        CONFIRMED = "confirmed", "a person confirms it with a link"

    postmortem = models.ForeignKey(Postmortem, on_delete=models.PROTECT, related_name="actions")
    text = models.CharField(max_length=500)
    owner = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="action_items")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="action_items"
    )
    due = models.DateField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    check_kind = models.CharField(max_length=20, choices=Check.choices, default=Check.CONFIRMED)
    #: Name of the workflow, runbook, objective or decision's number; `name@version` of a contract.
    target = models.CharField(max_length=200, blank=True, default="")
    days = models.PositiveSmallIntegerField(null=True, blank=True, help_text="for how long an objective must be met")
    since = models.DateTimeField(help_text="only what happened from then on counts as evidence")
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    evidence = models.TextField(blank=True, default="", help_text="the verdict in words, as of closing")
    link = models.CharField(max_length=500, blank=True, default="")
    objects = GovernedManager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["due", "id"]
        indexes = [models.Index(fields=["owner", "state", "due"], name="action_item_owner")]

    def __str__(self) -> str:
        return f"action {self.pk} of {self.postmortem}"
