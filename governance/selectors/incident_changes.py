"""What people published and asked for in a window, about some workflows and dependencies, as lines of a timeline.

Each is one bounded query by an index. What befell the system is incident_events.py's, which joins both.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models import Q

from governance.gate.subjects import FOLLOW_UP
from governance.models import Change, ContractVersion, Review
from governance.postmortems.lines import MOST, Line, spaced
from orchestration.models import Dependency, Port, WorkflowVersion


def versions(began: datetime, ended: datetime, workflows: Collection[str]) -> list[Line]:
    rows = WorkflowVersion.objects.filter(
        workflow__name__in=workflows, published_at__gte=began, published_at__lte=ended
    )
    rows = rows.select_related("workflow", "published_by").defer("canonical", "text").order_by("published_at")
    return [
        Line(
            f"version:{row.pk}", row.published_at, "version",
            f"{row.published_by or 'The system'} published {row.workflow.name} {row.version}: {row.reason}",
            noun="workflow", name=row.workflow.name,
        )
        for row in rows[: MOST + 1]
    ]  # fmt: skip


def contracts(began: datetime, ended: datetime, workflows: Collection[str]) -> list[Line]:
    used = Port.objects.filter(version__workflow__name__in=workflows).values("contract")
    rows = ContractVersion.objects.filter(contract__name__in=used, published_at__gte=began, published_at__lte=ended)
    rows = rows.select_related("contract", "published_by").defer("schema", "canonical").order_by("published_at")
    return [
        Line(
            f"contract:{row.pk}", row.published_at, "version",
            f"{row.published_by or 'The system'} published the contract {row}: {row.reason}",
            noun="contract", name=row.contract.name,
        )
        for row in rows[: MOST + 1]
    ]  # fmt: skip


def manifests(began: datetime, ended: datetime, dependencies: Collection[str]) -> list[Line]:
    """Each time that a dependency's manifest was applied."""
    rows = Dependency.history.filter(name__in=dependencies, history_date__gte=began, history_date__lte=ended)
    return [
        Line(
            f"manifest:{row.history_id}", row.history_date, "version",
            f"{row.history_user or 'The system'} applied {row.name}: {row.history_change_reason or 'no reason given'}",
            noun="dependency", name=row.name,
        )
        for row in rows.select_related("history_user").order_by("history_date")[: MOST + 1]
    ]  # fmt: skip


def _asked(workflows: Collection[str], dependencies: Collection[str], prefix: str = "") -> Q:
    """Changes about these: a contract, a workflow and a dependency may share a name, so their kind tells them apart."""
    objects = {"workflow.": workflows, "breaker.": dependencies, FOLLOW_UP: {*workflows, *dependencies}}
    found = Q()
    for kind, names in objects.items():
        found |= Q(**{f"{prefix}kind__startswith": kind, f"{prefix}name__in": names})
    return found


def changes(began: datetime, ended: datetime, workflows: Collection[str], dependencies: Collection[str]) -> list[Line]:
    """What was asked at the gate, and what was decided."""
    within = {"gte": began, "lte": ended}
    opened, decided = (
        Q(**{f"{field}__{how}": at for how, at in within.items()}) for field in ("opened_at", "decided_at")
    )
    asked = _asked(workflows, dependencies)
    rows = Change.objects.filter(opened | decided, asked).select_related("base", "author").order_by("opened_at")
    found = []
    for row in rows.defer("report", "proposal")[: MOST + 1]:
        if began <= row.opened_at <= ended:
            text = f"{row.author or 'The system'} asked for {row.object}: {row.reason}"
            found.append(
                Line(f"change:{row.pk}:opened", row.opened_at, "change", text, noun="change", name=str(row.pk))
            )
        if row.decided_at is not None and began <= row.decided_at <= ended:
            text = f"Change {row.pk}, {row.object}: {row.get_state_display()}"
            found.append(
                Line(f"change:{row.pk}:decided", row.decided_at, "change", text, noun="change", name=str(row.pk))
            )
    return found


def reviews(began: datetime, ended: datetime, workflows: Collection[str], dependencies: Collection[str]) -> list[Line]:
    rows = Review.objects.filter(_asked(workflows, dependencies, "change__"), at__gte=began, at__lte=ended)
    return [
        Line(
            f"review:{row.pk}", row.at, "approval",
            f"{row.person} for {row.team}: {spaced(row.vote)} on {row.change.object}", noun="change",
            name=str(row.change_id),
        )
        for row in rows.select_related("person", "team", "change").defer("change__report").order_by("at")[: MOST + 1]
    ]  # fmt: skip
