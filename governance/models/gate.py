"""What bends or tightens the gate: policies, delegations, waivers and broken glass. Each ends by a date and is kept.

Owns columns and constraints. Never decides anything: governance/gate does.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from simple_history.models import HistoricalRecords

from governance.models.change import Change
from governance.models.contract import Contract
from orchestration.models import Team
from orchestration.models.governed import GovernedManager


class GatePolicy(models.Model):
    """What an installation asks of changes beyond the rules that always hold; as last applied."""

    name = models.SlugField(max_length=63, unique=True)
    document = models.JSONField(default=dict)
    content_hash = models.CharField(max_length=64)
    source = models.JSONField(default=dict, blank=True)
    applied_at = models.DateTimeField(auto_now=True)
    objects = GovernedManager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "gate policies"

    def __str__(self) -> str:
        return self.name


class Delegation(models.Model):
    """An approver lets somebody vote in their place for a team, for a time: a holiday keeps no gate waiting."""

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="delegations")
    giver = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="delegations_given")
    taker = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="delegations_held")
    reason = models.TextField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    objects = GovernedManager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=~models.Q(giver=models.F("taker")), name="delegation_to_another"),
        ]

    def __str__(self) -> str:
        return f"{self.giver} to {self.taker} for {self.team}"


class Waiver(models.Model):
    """A team accepts one finding of a contract, by fingerprint, until a date: it need not be asked about that again."""

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="waivers")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="waivers")
    fingerprint = models.CharField(max_length=16)
    text = models.TextField(help_text="the finding in words, as it was accepted")
    change = models.ForeignKey(Change, on_delete=models.PROTECT, related_name="waivers")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField()
    given_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    objects = GovernedManager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["contract", "fingerprint"], name="waiver_finding")]

    def __str__(self) -> str:
        return f"waiver of {self.fingerprint} for {self.team}"


class BrokenGlass(models.Model):
    """A change applied without its reviews, by two people, until a date; the review is made up for afterwards."""

    class State(models.TextChoices):
        ASKED = "asked"
        BROKEN = "broken"
        REVIEWED = "reviewed"
        LAPSED = "lapsed"

    change = models.OneToOneField(Change, on_delete=models.PROTECT, related_name="glass")
    state = models.CharField(max_length=12, choices=State.choices, default=State.ASKED)
    first = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField()
    content_hash = models.CharField(max_length=64)
    asked_at = models.DateTimeField()
    second = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    second_reason = models.TextField(blank=True, default="")
    broken_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(help_text="what it let through is taken back when nobody reviewed it by then")
    follow_up = models.OneToOneField(Change, null=True, on_delete=models.PROTECT, related_name="makes_up_for")
    objects = GovernedManager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=~models.Q(first=models.F("second")), name="glass_takes_two"),
        ]

    def __str__(self) -> str:
        return f"broken glass of {self.change}"
