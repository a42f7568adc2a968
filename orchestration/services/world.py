"""The names that manifests may refer to: what is applied already, and what the same batch brings.

Owns the lookups and their suggestions. Never writes.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Any

from orchestration.hooks import Agreed, hooks
from orchestration.manifest import Resource
from orchestration.models import Dependency, Flag, RetryPolicy, Team, WorkflowVersion
from orchestration.versions import highest

#: Formats of contracts: what is at a port, where payloads are JSON, and what a service offers.
PAYLOADS, API = "jsonschema", "openapi"


class World:
    """Everything there is, with a batch of resources on top."""

    def __init__(self, batch: Sequence[Resource]) -> None:
        self._batch = batch
        self._found: dict[tuple[str, str, str], Any] = {}
        self._contracts: dict[tuple[str, str], tuple[str, str, str | None]] = {}

    @cached_property
    def teams(self) -> set[str]:
        """Team names."""
        return set(Team.objects.values_list("name", flat=True)) | self._names("Team")

    @cached_property
    def dependencies(self) -> set[str]:
        """Dependency names."""
        return set(Dependency.objects.values_list("name", flat=True)) | self._names("Dependency")

    @cached_property
    def dependency_specs(self) -> dict[str, dict[str, Any]]:
        """Spec of each dependency, as it will be."""
        there: dict[str, Any] = {one.name: one.spec for one in Dependency.objects.all()}
        return there | {item.name: item.canonical["spec"] for item in self._batch if item.kind == "Dependency"}

    @cached_property
    def retry_policies(self) -> set[str]:
        """Names of shared retry policies."""
        return set(RetryPolicy.objects.values_list("name", flat=True)) | self._names("RetryPolicy")

    @cached_property
    def workflows(self) -> dict[str, list[str]]:
        """Workflow name â versions that can be started, those of the batch included."""
        found: dict[str, list[str]] = {}
        active = WorkflowVersion.objects.filter(state=WorkflowVersion.State.ACTIVE)
        for name, version in active.values_list("workflow__name", "version"):
            found.setdefault(name, []).append(version)
        for item in self._batch:
            if item.kind == "Workflow" and item.version:
                found.setdefault(item.name, []).append(item.version)
        return found

    @cached_property
    def flags(self) -> set[str]:
        """Flag names."""
        return set(Flag.objects.values_list("name", flat=True)) | self._names("Flag")

    def contract(self, reference: str, format: str = PAYLOADS) -> tuple[str, str, str | None]:
        """`name@range` → (name, range, resolved version in that format or None), the batch's versions included."""
        key = (reference, format)
        if key not in self._contracts:  # whether a version of the batch is held takes a comparison of schemas
            self._contracts[key] = self._resolved(reference, format)
        return self._contracts[key]

    def api(self, dependency: str) -> Agreed | None:
        """The version of the API that a dependency says it offers, if it says so and there is one."""
        reference = self.dependency_specs.get(dependency, {}).get("api")
        return self.agreed(str(reference), API) if reference else None

    def agreed(self, reference: str, format: str = PAYLOADS) -> Agreed | None:
        """The contract version that the reference resolves to, with its manifest where the batch brings it."""
        name, _, version = self.contract(reference, format)
        if version is None:
            return None
        brought = (item for item in self._batch if (item.kind, item.name, item.version) == ("Contract", name, version))
        return Agreed(name, version, next((item.canonical["spec"] for item in brought), None))

    def brought(self, kind: str, name: str) -> list[Resource]:
        """What the batch brings of that kind and name."""
        return [item for item in self._batch if (item.kind, item.name) == (kind, name)]

    def once(self, resource: Resource, find: Callable[[], Any]) -> Any:
        """What an applier found out about a resource before anything of the batch was written, found out once."""
        key = (resource.kind, resource.name, resource.content_hash)
        if key not in self._found:
            self._found[key] = find()
        return self._found[key]

    def _resolved(self, reference: str, format: str) -> tuple[str, str, str | None]:
        name, _, range_ = reference.partition("@")
        range_ = range_ or "*"
        brought = [item for item in self._batch if item.kind == "Contract" and item.name == name]
        versions = [str(item.version) for item in brought if _is_in(item, format) and not self._is_held(item)]
        applied = hooks.contracts.resolve(name, range_, format)
        return name, range_, highest([*versions, *([applied] if applied else [])], range_)

    def _is_held(self, contract: Resource) -> bool:
        """Whether the batch only proposes it: then nobody can use it yet."""
        applier = hooks.appliers.get("Contract")
        return applier is not None and bool(applier.is_held(contract, self))

    def _names(self, kind: str) -> set[str]:
        return {resource.name for resource in self._batch if resource.kind == kind}


def _is_in(contract: Resource, format: str) -> bool:
    return contract.version is not None and contract.canonical["spec"].get("format", PAYLOADS) == format


def suggestion(name: str, known: Iterable[str]) -> str:
    """`; did you mean 'charge'?`, or what there is, or nothing."""
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
