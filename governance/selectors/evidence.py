"""Whether the evidence that an action item asks for is there now, in words that name what was found or what is missing.

Owns one judge for each kind of check. Only what happened after the item was written counts. Never writes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from governance.models import ActionItem, ContractVersion, Decision, Runbook
from orchestration.models import Objective, WorkflowVersion
from orchestration.policies import burn
from orchestration.selectors.budgets import burns

_OUT = (WorkflowVersion.State.ACTIVE, WorkflowVersion.State.DEPRECATED, WorkflowVersion.State.RETIRED)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the item can be closed, and why."""

    is_met: bool
    said: str


def verdict_of(item: ActionItem, now: datetime) -> Verdict:
    """As things stand now. Two queries at most, and those of a budget."""
    return _JUDGES[ActionItem.Check(item.check_kind)](item, now)


def _workflow_published(item: ActionItem, now: datetime) -> Verdict:
    rows = WorkflowVersion.objects.filter(workflow__name=item.target, published_at__gte=item.since, state__in=_OUT)
    found = rows.defer("canonical", "text").order_by("published_at").first()
    if found is None:
        return Verdict(False, f"no version of {item.target} has gone live since {_day(item.since)}")
    return Verdict(True, f"{item.target} {found.version} was published on {_day(found.published_at)}")


def _runbook_edited(item: ActionItem, now: datetime) -> Verdict:
    runbook = Runbook.objects.defer("body", "front_matter").filter(slug=item.target).first()
    if runbook is None:
        return Verdict(False, f"there is no runbook {item.target} yet")
    rows = runbook.history.filter(history_date__gte=item.since).exclude(history_type="-")
    row = rows.defer("body", "front_matter").order_by("history_date").first()
    if row is None:
        return Verdict(False, f"{item.target} has no revision since {_day(item.since)}")
    return Verdict(True, f"{item.target} has revision {row.revision} of {_day(row.history_date)}")


def _objective_met(item: ActionItem, now: datetime) -> Verdict:
    objective = Objective.objects.filter(name=item.target, retired_at__isnull=True).first()
    if objective is None:
        return Verdict(False, f"there is no objective {item.target} that is counted")
    days = timedelta(days=item.days or objective.window_days)
    if now - days < item.since:
        return Verdict(False, f"{days.days} days since {_day(item.since)} are over on {_day(item.since + days)}")
    counts = burns([objective], [days], now)[objective.pk][days]
    if not counts.total:
        return Verdict(False, f"nothing was counted for {item.target} in the last {days.days} days")
    told = f"{counts.bad:,} of {counts.total:,} events of the last {days.days} days were bad"
    return Verdict(burn.remaining(objective.target, counts) >= 0, f"{item.target}: {told}")


def _decision_accepted(item: ActionItem, now: datetime) -> Verdict:
    number = int(item.target) if item.target.isascii() and item.target.isdigit() else 0
    found = Decision.objects.defer("body", "front_matter").filter(number=number).first()
    if found is None:
        return Verdict(False, f"there is no decision {item.target}")
    if found.status != Decision.Status.ACCEPTED:
        return Verdict(False, f"decision {found.number} is {found.status}")
    first = found.history.filter(status=Decision.Status.ACCEPTED).order_by("history_id").first()
    if first is not None and first.history_date < item.since:
        return Verdict(
            False, f"decision {found.number} was accepted on {_day(first.history_date)}, before this was asked for"
        )
    return Verdict(True, f"decision {found.number} is accepted")


def _contract_version(item: ActionItem, now: datetime) -> Verdict:
    name, _, version = item.target.partition("@")
    found = ContractVersion.objects.filter(contract__name=name, version=version).defer("schema", "canonical").first()
    if found is None:
        return Verdict(False, f"there is no contract version {item.target}")
    is_out = found.state in (ContractVersion.State.ACTIVE, ContractVersion.State.DEPRECATED)
    return Verdict(is_out, f"{item.target} is {found.state}")


def _confirmed(item: ActionItem, now: datetime) -> Verdict:
    """Met with the link alone, which is given at closing."""
    return Verdict(bool(item.link), item.link or "somebody must confirm it, with a link to what shows it")


def _day(moment: datetime) -> str:
    return f"{moment:%-d %b %Y}"


_JUDGES: Mapping[ActionItem.Check, Callable[[ActionItem, datetime], Verdict]] = {
    ActionItem.Check.WORKFLOW_PUBLISHED: _workflow_published,
    ActionItem.Check.RUNBOOK_EDITED: _runbook_edited,
    ActionItem.Check.OBJECTIVE_MET: _objective_met,
    ActionItem.Check.DECISION_ACCEPTED: _decision_accepted,
    ActionItem.Check.CONTRACT_VERSION: _contract_version,
    ActionItem.Check.CONFIRMED: _confirmed,
}
