"""What search knows of the catalogue: workflows and their steps, dependencies and their failure modes, contracts, teams.

Owns those texts. Never reads a run or a payload.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.urls import reverse

from governance.models import Contract, ContractVersion
from governance.search.kinds import Entry, Kind, registry
from orchestration.models import Dependency, Objective, Team, Workflow, WorkflowVersion

#: Fields of a schema deeper than this say little of what a contract is about.
DEEPEST = 6


@registry.register
class Workflows(Kind):
    """A workflow, by its newest version that is in force."""

    name, word, icon, page = "workflow", "Workflow", "flow", "workflow"
    model = Workflow
    follows = {WorkflowVersion: "workflow_id"}

    def rows(self) -> QuerySet[Workflow]:
        """See Kind."""
        versions = WorkflowVersion.objects.order_by("-precedence").only(
            "workflow_id", "version", "state", "canonical", "published_at"
        )
        return Workflow.objects.select_related("owner").prefetch_related(Prefetch("versions", versions))

    def key(self, row: Workflow) -> str:
        """See Kind."""
        return row.name

    def entry(self, row: Workflow) -> Entry:
        """See Kind."""
        versions = list(row.versions.all())
        live = [one for one in versions if one.state == WorkflowVersion.State.ACTIVE]
        newest = next(iter(live or versions), None)
        steps = _mapping(_mapping(_mapping(newest.canonical if newest else None).get("spec")).get("steps"))
        return Entry(
            self.name, row.name, row.name, newest.published_at if newest else row.created_at,
            body=_lines([row.description, *(f"{name}: {_mapping(step).get('intent', '')}" for name, step in steps.items())]),
            headings=list(steps), team=row.owner.name, status=newest.state if newest else "", is_over=bool(versions) and not live,
        )  # fmt: skip


@registry.register
class Dependencies(Kind):
    """A dependency and its failure modes."""

    name, word, icon, page = "dependency", "Dependency", "plug", "dependency"
    model = Dependency

    def rows(self) -> QuerySet[Dependency]:
        """See Kind."""
        return Dependency.objects.select_related("owner")

    def key(self, row: Dependency) -> str:
        """See Kind."""
        return row.name

    def entry(self, row: Dependency) -> Entry:
        """See Kind."""
        modes = row.spec.get("failure_modes")
        found = [_mapping(mode) for mode in modes] if isinstance(modes, list) else []
        texts = [
            " ".join(_sentence(mode.get(part)) for part in ("mode", "effect", "response")).strip() for mode in found
        ]
        return Entry(
            self.name, row.name, row.name, row.applied_at, body=_lines([row.description, *texts]),
            headings=[str(mode.get("mode", "")) for mode in found], team=row.owner.name,
        )  # fmt: skip


@registry.register
class Contracts(Kind):
    """A contract, with the fields of its newest version."""

    name, word, icon, page = "contract", "Contract", "braces", "contract"
    model = Contract
    follows = {ContractVersion: "contract_id"}

    def rows(self) -> QuerySet[Contract]:
        """See Kind."""
        versions = ContractVersion.objects.order_by("-precedence").defer("canonical")
        return Contract.objects.select_related("owner").prefetch_related(Prefetch("versions", versions))

    def key(self, row: Contract) -> str:
        """See Kind."""
        return row.name

    def entry(self, row: Contract) -> Entry:
        """See Kind."""
        versions = list(row.versions.all())
        live = [one for one in versions if one.state == ContractVersion.State.ACTIVE]
        newest = next(iter(live or versions), None)
        fields = list(_fields(newest.schema if newest else None))
        return Entry(
            self.name, row.name, row.name, newest.published_at if newest else row.created_at,
            body=_lines([row.description, *fields]), team=row.owner.name, status=newest.state if newest else "",
            is_over=bool(versions) and not live,
        )  # fmt: skip


@registry.register
class Objectives(Kind):
    """An objective."""

    name, word, icon, page = "objective", "Objective", "target", "objective"
    model = Objective

    def rows(self) -> QuerySet[Objective]:
        """See Kind."""
        return Objective.objects.select_related("owner")

    def key(self, row: Objective) -> str:
        """See Kind."""
        return row.name

    def entry(self, row: Objective) -> Entry:
        """See Kind."""
        about = " ".join(filter(None, (row.workflow, row.step, row.dependency)))
        return Entry(
            self.name, row.name, row.name, row.retired_at or row.since,
            body=_lines([row.description, f"{row.indicator} of {about}", row.runbook]), team=row.owner.name,
            status="retired" if row.retired_at else "active", is_over=row.retired_at is not None,
        )  # fmt: skip


@registry.register
class Teams(Kind):
    """A team. Its page is home, narrowed to it."""

    name, word, icon, page = "team", "Team", "team", "home"
    model = Team

    def key(self, row: Team) -> str:
        """See Kind."""
        return row.name

    def entry(self, row: Team) -> Entry:
        """See Kind."""
        return Entry(self.name, row.name, row.name, row.created_at, body=row.description, team=row.name)

    def url(self, key: str) -> str:
        """See Kind."""
        return f"{reverse('home')}?team={key}"


def _mapping(found: Any) -> Mapping[str, Any]:
    """What is no mapping in a manifest of an older release is an empty one."""
    return found if isinstance(found, dict) else {}


def _sentence(text: Any) -> str:
    """With a full stop, as an excerpt shows it among others."""
    said = str(text or "").strip()
    return said if not said or said.endswith((".", "!", "?")) else f"{said}."


def _lines(texts: Iterable[str]) -> str:
    return "\n".join(text for text in texts if text)


def _fields(schema: Any, depth: int = 0) -> Iterable[str]:
    """Names and descriptions of a schema's fields. Examples and constants may be payloads, so they stay out."""
    about = _mapping(schema)
    if depth > DEEPEST or not about:
        return
    if isinstance(about.get("description"), str):
        yield about["description"]
    for name, field in _mapping(about.get("properties")).items():
        yield str(name)
        yield from _fields(field, depth + 1)
    yield from _fields(about.get("items"), depth + 1)
    yield from _avro_fields(about, depth)


def _avro_fields(about: Mapping[str, Any], depth: int) -> Iterable[str]:
    """Of a record its name, and its fields with their words; of an array, a map and a union what is within."""
    if isinstance(about.get("doc"), str):
        yield about["doc"]
    fields = about.get("fields")
    for field in fields if isinstance(fields, list) else ():
        one = _mapping(field)
        yield str(one.get("name", ""))
        within = one.get("type")
        for part in within if isinstance(within, list) else [within]:
            yield from _fields(part, depth + 1)
    yield from _fields(about.get("values"), depth + 1)
