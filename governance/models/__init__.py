"""Contracts, changes to them, and documents."""

from governance.models.change import Change, Review
from governance.models.contract import Contract, ContractVersion
from governance.models.decision import Decision, DecisionLink
from governance.models.runbook import Runbook, RunbookLink

__all__ = ["Change", "Contract", "ContractVersion", "Decision", "DecisionLink", "Review", "Runbook", "RunbookLink"]
