"""Contracts, the gate, and documents."""

from governance.models.change import Change, Comment, Review, ReviewRequest
from governance.models.contract import Contract, ContractVersion
from governance.models.decision import Decision, DecisionLink
from governance.models.gate import BrokenGlass, Delegation, GatePolicy, Waiver
from governance.models.runbook import Runbook, RunbookLink
from governance.models.verification import VerificationResult

__all__ = [
    "BrokenGlass",
    "Change",
    "Comment",
    "Contract",
    "ContractVersion",
    "Decision",
    "DecisionLink",
    "Delegation",
    "GatePolicy",
    "Review",
    "ReviewRequest",
    "Runbook",
    "RunbookLink",
    "VerificationResult",
    "Waiver",
]
