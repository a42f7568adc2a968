"""Contracts, the gate, documents, the audit log, and the webhooks that tell of them."""

from governance.models.action_item import ActionItem
from governance.models.audit import AuditEntry, AuditHead, AuditVerification
from governance.models.change import Change, Comment, Review, ReviewRequest
from governance.models.contract import Contract, ContractVersion
from governance.models.decision import Decision, DecisionLink
from governance.models.dependency_review import DependencyReview
from governance.models.gate import BrokenGlass, Delegation, GatePolicy, Waiver
from governance.models.pattern import Pattern
from governance.models.postmortem import Postmortem, PostmortemLink, TimelineMark
from governance.models.runbook import Runbook, RunbookLink
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
    "Change",
    "Comment",
    "Contract",
    "ContractVersion",
    "Decision",
    "DecisionLink",
    "Delegation",
    "DependencyReview",
    "Document",
    "GatePolicy",
    "GoneReceiver",
    "Pattern",
    "Postmortem",
    "PostmortemLink",
    "Review",
    "ReviewRequest",
    "Runbook",
    "RunbookLink",
    "ScoreWaiver",
    "TimelineMark",
    "UpkeepItem",
    "VerificationResult",
    "Waiver",
    "WebhookDelivery",
]
