"""The maintenance backlog: what should be kept up, of all teams or one, each with when it is due. Never writes.

Owns what counts as upkeep: documents past their review, deprecated contracts in use, waivers that end, overdue actions, coupling
between teams, and what people entered themselves. A fixed number of queries.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from governance.models import ActionItem, ContractVersion, Postmortem, Runbook, ScoreWaiver, UpkeepItem, Waiver
from governance.selectors.coupling import ties
from orchestration.models import Port, WorkflowVersion

#: A waiver that ends within so many days is announced.
SOON = timedelta(days=21)
#: A postmortem is written while people remember.
DRAFT_FOR = timedelta(days=14)
MOST = 500


@dataclass(frozen=True, slots=True)
class Item:
    """Something to keep up. `noun` and `name` say where; `due` None for what has no date."""

    kind: str
    team: str
    text: str
    noun: str
    name: str
    due: date | None = None
    effort: str = ""
    pk: int = 0


#: In the order in which they stand on one day.
KINDS = ("action", "document", "contract", "waiver", "postmortem", "refactoring", "coupling")
_EFFORTS = ("small", "medium", "large", "")


def backlog(now: datetime, team: str = "") -> list[Item]:
    """What is due first comes first; what has no date comes after, the smallest work first."""
    today = now.astimezone(UTC).date()
    found = [
        *_documents(today), *_postmortems(now), *_actions(today), *_contracts(), *_waivers(now), *_entered(), *_ties(),
    ]  # fmt: skip
    mine = [item for item in found if team in ("", item.team)]
    return sorted(
        mine,
        key=lambda item: (
            item.due is None, item.due or today, KINDS.index(item.kind), _EFFORTS.index(item.effort), item.text,
        ),
    )  # fmt: skip


def _documents(today: date) -> Iterator[Item]:
    rows = Runbook.objects.filter(status=Runbook.Status.ACTIVE, review_by__lt=today).select_related("owner")
    for row in rows.defer("body", "front_matter").order_by("review_by")[:MOST]:
        yield Item("document", row.owner.name, f"Review the runbook {row.title}", "runbook", row.slug, row.review_by)


def _postmortems(now: datetime) -> Iterator[Item]:
    rows = Postmortem.objects.exclude(status=Postmortem.Status.PUBLISHED).filter(ended_at__lt=now - DRAFT_FOR)
    for row in rows.select_related("owner").defer("body", "frozen").order_by("ended_at")[:MOST]:
        assert row.ended_at is not None
        due = (row.ended_at + DRAFT_FOR).date()
        yield Item(
            "postmortem", row.owner.name, f"Publish the postmortem {row.title}", "postmortem", str(row.number), due
        )


def _actions(today: date) -> Iterator[Item]:
    rows = ActionItem.objects.filter(state=ActionItem.State.OPEN, due__lt=today).select_related("owner", "postmortem")
    for row in rows.defer("postmortem__body", "postmortem__frozen").order_by("due")[:MOST]:
        yield Item("action", row.owner.name, row.text, "postmortem", str(row.postmortem.number), row.due)


def _contracts() -> Iterator[Item]:
    """Deprecated contract versions at the ports of active workflow versions: it is the workflow's team that moves."""
    ending = {
        (row.contract.name, row.version): row
        for row in ContractVersion.objects.filter(state=ContractVersion.State.DEPRECATED)
        .select_related("contract")
        .defer("schema", "canonical")
    }
    ports = Port.objects.filter(version__state=WorkflowVersion.State.ACTIVE, contract__in={name for name, _ in ending})
    rows = ports.values_list("contract", "resolved", "version__workflow__name", "version__workflow__owner__name")
    for contract, number, workflow, team in sorted(set(rows)):
        version = ending.get((contract, number))
        if version is None:
            continue
        to = f" to {version.successor}" if version.successor else ""
        due = version.sunset_at.astimezone(UTC).date() if version.sunset_at else None
        yield Item("contract", team, f"Move {workflow} from {contract} {number}{to}", "contract", contract, due)


def _waivers(now: datetime) -> Iterator[Item]:
    """Those that end soon: what they let pass fails again, or asks again."""
    within = {"expires_at__gt": now, "expires_at__lte": now + SOON}
    for row in ScoreWaiver.objects.filter(**within).select_related("workflow__owner")[:MOST]:
        text = f"The waiver of {row.check_key} for {row.workflow.name} ends"
        due = row.expires_at.astimezone(UTC).date()
        yield Item("waiver", row.workflow.owner.name, text, "workflow-scorecard", row.workflow.name, due)
    for one in Waiver.objects.filter(**within).select_related("contract", "team")[:MOST]:
        due = one.expires_at.astimezone(UTC).date()
        yield Item("waiver", one.team.name, f"A waiver for {one.contract.name} ends", "change", str(one.change_id), due)


def _entered() -> Iterator[Item]:
    rows = UpkeepItem.objects.filter(state=UpkeepItem.State.OPEN).select_related("team", "workflow")
    for row in rows[:MOST]:
        noun, name = ("workflow", row.workflow.name) if row.workflow else ("", "")
        yield Item("refactoring", row.team.name, row.text, noun, name, None, row.effort, row.pk)


def _ties() -> Iterator[Item]:
    """One item for each pair of teams: they are to talk, not to do fifty things."""
    pairs: dict[tuple[str, str], list[str]] = {}
    for tie in ties():
        pairs.setdefault((tie.team, tie.other), []).append(tie.name)
    for (team, other), names in sorted(pairs.items()):
        listed = sorted(set(names))
        what = f"{listed[0]}" if len(listed) == 1 else f"{len(listed)} things: {', '.join(listed[:4])}"
        yield Item("coupling", team, f"Relies on {other} for {what}", "ownership-of", team)
