"""Contracts, changes to them, documents, and the webhooks that tell of them."""

from governance.models.change import Change, Review
from governance.models.contract import Contract, ContractVersion
from governance.models.decision import Decision, DecisionLink
from governance.models.runbook import Runbook, RunbookLink
from governance.models.webhook import GoneReceiver, WebhookDelivery

__all__ = [
    "Change",
    "Contract",
    "ContractVersion",
    "Decision",
    "DecisionLink",
    "GoneReceiver",
    "Review",
    "Runbook",
    "RunbookLink",
    "WebhookDelivery",
]
