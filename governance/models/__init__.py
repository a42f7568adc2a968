"""Contracts, changes to them, documents, and the audit log."""

from governance.models.audit import AuditEntry, AuditHead, AuditVerification
from governance.models.change import Change, Review
from governance.models.contract import Contract, ContractVersion
from governance.models.decision import Decision, DecisionLink
from governance.models.runbook import Runbook, RunbookLink

__all__ = [
    "AuditEntry",
    "AuditHead",
    "AuditVerification",
    "Change",
    "Contract",
    "ContractVersion",
    "Decision",
    "DecisionLink",
    "Review",
    "Runbook",
    "RunbookLink",
]
