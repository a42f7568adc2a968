"""What the registry's clients know that contracts don't have: subjects, whole numbers, the ids that messages carry.

A subject is a contract, and a version of it a version of the contract: its state and schema are the contract's. Owns those
addresses and the rules that clients set. Never the comparison, nor who may: governance/registry and the portal do.
"""

from __future__ import annotations

from django.db import models
from simple_history.models import HistoricalRecords

from governance.models.contract import Contract, ContractVersion
from orchestration.models.governed import GovernedManager


class RegisteredSchema(models.Model):
    """A schema's text under the number that messages carry. It is never changed or deleted: messages outlive subjects."""

    id = models.PositiveIntegerField(primary_key=True)
    #: AVRO or JSON, as clients call them.
    kind = models.CharField(max_length=8)
    text = models.TextField()
    metadata = models.JSONField(null=True, blank=True)
    #: What clients do to a message of this schema, by themselves; see governance/registry/rule_sets.py.
    rules = models.JSONField(null=True, blank=True)
    fingerprint = models.CharField(
        max_length=64, db_index=True, help_text="sha256 of kind, text, references, metadata, rules"
    )

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"schema {self.pk}"


class SchemaReference(models.Model):
    """A name in a schema that stands for a version of another subject."""

    schema = models.ForeignKey(RegisteredSchema, on_delete=models.CASCADE, related_name="references")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=500)
    subject = models.CharField(max_length=255)
    number = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["schema", "position"], name="one_schema_reference")]
        indexes = [models.Index(fields=["subject", "number"], name="schema_referenced")]
        ordering = ["schema", "position"]

    def __str__(self) -> str:
        return f"{self.name} of {self.schema}"


class Subject(models.Model):
    """The name under which clients know a contract."""

    name = models.CharField(max_length=255, unique=True)
    contract = models.OneToOneField(Contract, on_delete=models.PROTECT, related_name="subject")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class SubjectVersion(models.Model):
    """A version by its whole number. It is there for clients while its contract version is live; retired, it is soft-deleted."""

    subject = models.ForeignKey(Subject, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    schema = models.ForeignKey(RegisteredSchema, on_delete=models.PROTECT, related_name="uses")
    version = models.OneToOneField(ContractVersion, on_delete=models.PROTECT, related_name="registered")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subject", "number"], name="one_subject_version")]
        ordering = ["subject", "number"]

    def __str__(self) -> str:
        return f"{self.subject.name} version {self.number}"


class RegistryRule(models.Model):
    """What clients have set, for one subject or for all. Empty: nothing was."""

    scope = models.CharField(max_length=255, unique=True, blank=True, help_text="a subject; empty for all")
    level = models.CharField(max_length=20, blank=True, default="")
    mode = models.CharField(max_length=20, blank=True, default="")
    settings = models.JSONField(
        blank=True, default=dict, help_text="what else there is, see governance/registry/settings.py"
    )
    objects = GovernedManager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["scope"]

    def __str__(self) -> str:
        return self.scope or "all subjects"
