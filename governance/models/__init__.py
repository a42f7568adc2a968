"""Contracts, the gate, documents, the audit log, the webhooks that tell of them, and what search knows of it all."""

from governance.models.action_item import ActionItem
from governance.models.audit import AuditEntry, AuditHead, AuditVerification
from governance.models.bulk import BulkChange
from governance.models.change import Change, Comment, Review, ReviewRequest
from governance.models.contract import Contract, ContractVersion
from governance.models.decision import Decision, DecisionLink, DecisionRelation, DecisionSource
from governance.models.dependency_review import DependencyReview
from governance.models.exercise import Exercise, ExerciseAction, ExerciseEntry
from governance.models.gate import BrokenGlass, Delegation, GatePolicy, Waiver
from governance.models.pattern import Pattern
from governance.models.postmortem import Postmortem, PostmortemLink, TimelineMark
from governance.models.registry import RegisteredSchema, RegistryRule, SchemaReference, Subject, SubjectVersion
from governance.models.runbook import Runbook, RunbookLink, RunbookOrigin
from governance.models.search import SearchDocument, SearchName, SearchText
from governance.models.upkeep import ScoreWaiver, UpkeepItem
from governance.models.verification import VerificationResult
from governance.models.webhook import GoneReceiver, WebhookDelivery

#: What is edited as a document: with revisions, a diff, a merge page, restore.
Document = Decision | Runbook | Postmortem | Pattern

__all__ = [
    "ActionItem",
    "AuditEntry",
    "AuditHead",
    "AuditVerification",
    "BrokenGlass",
    "BulkChange",
    "Change",
    "Comment",
    "Contract",
    "ContractVersion",
    "Decision",
    "DecisionLink",
    "DecisionRelation",
    "DecisionSource",
    "Delegation",
    "DependencyReview",
    "Document",
    "Exercise",
    "ExerciseAction",
    "ExerciseEntry",
    "GatePolicy",
    "GoneReceiver",
    "Pattern",
    "Postmortem",
    "PostmortemLink",
    "RegisteredSchema",
    "RegistryRule",
    "Review",
    "ReviewRequest",
    "Runbook",
    "RunbookLink",
    "RunbookOrigin",
    "SchemaReference",
    "ScoreWaiver",
    "SearchDocument",
    "SearchName",
    "SearchText",
    "Subject",
    "SubjectVersion",
    "TimelineMark",
    "UpkeepItem",
    "VerificationResult",
    "Waiver",
    "WebhookDelivery",
]
