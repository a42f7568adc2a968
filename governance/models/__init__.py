"""Contracts and documents."""

from governance.models.contract import Contract, ContractVersion
from governance.models.decision import Decision, DecisionLink
from governance.models.runbook import Runbook, RunbookLink

__all__ = ["Contract", "ContractVersion", "Decision", "DecisionLink", "Runbook", "RunbookLink"]
