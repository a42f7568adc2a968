"""Reads of the contract registry. Never writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from governance.contracts.formats import JSON_SCHEMA, WORDS
from governance.models import Change, Contract, ContractVersion
from orchestration.errors import NotFound
from orchestration.models import Port, Run, WorkflowVersion
from orchestration.versions import highest

#: Workflow versions that can be started.
LIVE = (WorkflowVersion.State.ACTIVE, WorkflowVersion.State.DEPRECATED)


def resolve(name: str, range_: str, format: str = JSON_SCHEMA) -> str | None:
    """The highest active version of the contract that fits the npm range, or None; of those in that format. Payloads of steps
    are JSON, so they can be held against JSON Schema alone.
    """
    active = ContractVersion.objects.filter(contract__name=name, state=ContractVersion.State.ACTIVE)
    rows = active.values_list("version", "canonical__spec__format")
    return highest([version for version, own in rows if (own or JSON_SCHEMA) == format], range_)


def other_format(name: str, format: str) -> str:
    """What its versions of now are in, where that is another format; in words."""
    found = Contract.objects.filter(name=name).exclude(format=format).values_list("format", flat=True).first()
    return WORDS[found] if found else ""


def schema_of(name: str, version: str) -> Any:
    """The schema of a version; None when there is no such version."""
    found = ContractVersion.objects.filter(contract__name=name, version=version)
    return found.values_list("schema", flat=True).first()


def spec_of(name: str, version: str) -> dict[str, Any] | None:
    """The `spec` of its manifest: schema, policy, level; None when there is no such version."""
    found = ContractVersion.objects.filter(contract__name=name, version=version)
    canonical = found.values_list("canonical", flat=True).first()
    return canonical["spec"] if canonical else None


def contracts(*, words: str = "", team: str = "") -> QuerySet[Contract]:
    """Contracts by name."""
    found = Contract.objects.select_related("owner")
    for word in words.split():
        found = found.filter(Q(name__icontains=word) | Q(description__icontains=word))
    if team:
        found = found.filter(owner__name=team)
    return found.order_by("name")


def find_contract(name: str) -> Contract:
    """One by name. Raises NotFound."""
    found = Contract.objects.select_related("owner").filter(name=name).first()
    if found is None:
        raise NotFound(f"no contract {name[:127]!r}")
    return found


def versions_of(contract: Contract) -> list[ContractVersion]:
    """All versions, highest first, without their schemas."""
    rows = contract.versions.select_related("published_by").defer("schema", "canonical")
    return list(rows.order_by("-precedence"))


def changes_of(contract: Contract) -> dict[str, int]:
    """Of each version that came through the gate, the number of its last change."""
    rows = Change.objects.filter(version__contract=contract, kind="contract.publish").order_by("pk")
    return dict(rows.values_list("number", "pk"))


def find_version(contract: Contract, version: str) -> ContractVersion:
    """One version with its schema. Raises NotFound."""
    found = contract.versions.filter(version=version).first()
    if found is None:
        raise NotFound(f"{contract.name} has no version {version[:64]!r}")
    return found


def version_counts(ids: list[int]) -> dict[int, tuple[int, int]]:
    """Of each of these contracts: how many versions it has, and how many of them wait for reviews.

    Of those that a page shows: counted for all, with thousands of contracts, it takes longer than the page.
    """
    waits = Count("pk", filter=Q(state=ContractVersion.State.PROPOSED))
    rows = ContractVersion.objects.filter(contract__in=ids).order_by().values("contract")
    counted = rows.annotate(count=Count("pk"), waiting=waits).values_list("contract", "count", "waiting")
    return {pk: (count, waiting) for pk, count, waiting in counted}


def latest_by_contract(names: list[str]) -> dict[str, str]:
    """Of each contract the highest active version."""
    active = ContractVersion.objects.filter(contract__name__in=names, state=ContractVersion.State.ACTIVE)
    rows = active.order_by("precedence").values_list("contract__name", "version")
    return dict(rows)


def live_ports(name: str) -> QuerySet[Port]:
    """Where workflow versions that can be started use it, by workflow and step: all of them, for a verdict rests on each."""
    found = Port.objects.filter(contract=name, version__state__in=LIVE)
    rows = found.select_related("version__workflow__owner").defer("version__canonical", "version__text")
    return rows.order_by("version__workflow__name", "-version__precedence", "step", "direction")


def ports_of_contract(name: str) -> list[Port]:
    """As many of them as a page shows, each with when its version was run last."""
    newest = Run.objects.filter(version=OuterRef("version")).order_by("-pk")
    return list(live_ports(name).annotate(last_run=Subquery(newest.values("created_at")[:1]))[:500])


@dataclass(frozen=True, slots=True)
class PortVersion:
    """A contract version at a workflow version's ports. `where`: `input`, `charge output`, several with commas."""

    contract: str
    version: str
    where: str
    state: str
    owner: str


def port_versions(version: WorkflowVersion) -> list[PortVersion]:
    """Of a workflow version, its own ports first. Two queries."""
    places: dict[tuple[str, str], list[str]] = {}
    for port in Port.objects.filter(version=version).order_by("step", "direction"):
        places.setdefault((port.contract, port.resolved), []).append(f"{port.step} {port.direction}".strip())
    known = ContractVersion.objects.filter(contract__name__in={name for name, _ in places})
    facts = {
        (name, number): (state, owner)
        for name, number, state, owner in known.values_list(
            "contract__name", "version", "state", "contract__owner__name"
        )
    }
    return [
        PortVersion(name, number, ", ".join(where), *facts.get((name, number), ("", "")))
        for (name, number), where in places.items()
    ]
