"""Who calls an API: the http steps of workflows that can be started, whose dependency says that it offers it.

Derived from the manifests each time, so that it is never older than they are. Never writes, and never judges a call.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from governance.contracts import InvalidSchema
from governance.contracts.formats import OPENAPI, format_of
from governance.contracts.openapi.calling import Api
from governance.models import ContractVersion
from governance.selectors.contracts import LIVE, live_ports
from orchestration.hooks import Agreed
from orchestration.manifest import Call, calls
from orchestration.models import Dependency, Port, WorkflowVersion


@dataclass(frozen=True, slots=True)
class ApiUse:
    """One call of a live workflow version, as a port of what it asks for. `direction`: call, or undo of a compensation."""

    version: WorkflowVersion
    call: Call

    @property
    def step(self) -> str:
        return self.call.port[0]

    @property
    def direction(self) -> str:
        return self.call.port[1]


#: Of contracts of any format.
Use = Port | ApiUse


def api_uses(name: str) -> list[ApiUse]:
    """Calls of whatever offers that API, by workflow, newest version first, and step."""
    offering = set(dependencies_offering(name))
    if not offering:
        return []
    rows = WorkflowVersion.objects.filter(state__in=LIVE).select_related("workflow__owner").defer("text")
    return [
        ApiUse(version, call)
        for version in rows.order_by("workflow__name", "-precedence").iterator(chunk_size=200)
        for call in calls(version.canonical)
        if call.dependency in offering
    ]


def uses_of(name: str) -> Sequence[Use]:
    """All of a contract's: ports of workflows, and calls of what it describes."""
    return [*live_ports(name), *api_uses(name)]


def newest_live(workflows: Iterable[int]) -> dict[int, int]:
    """Of each of these workflows the highest version that can be started."""
    rows = WorkflowVersion.objects.filter(workflow__in=list(workflows), state__in=LIVE)
    return dict(rows.order_by("precedence").values_list("workflow_id", "pk"))


def dependencies_offering(name: str) -> list[str]:
    """The dependencies that say they offer that API."""
    rows = Dependency.objects.order_by("name").values_list("name", "document__spec__api")
    return [dependency for dependency, api in rows if api is not None and str(api).partition("@")[0] == name]


def api_of(agreed: Agreed) -> Api | None:
    """The API at a dependency. None for one that can't be read, which is said of the contract itself."""
    if agreed.spec is not None:
        return _made(agreed.spec["schema"], agreed.name, agreed.version)
    found = ContractVersion.objects.filter(contract__name=agreed.name, version=agreed.version)
    known = found.values_list("pk", "content_hash").first()
    return _stored(*known) if known is not None else None


def api_of_version(version: ContractVersion) -> Api | None:
    """What a version offers; None for one that is no API."""
    return _stored(version.pk, version.content_hash) if format_of(version.canonical["spec"]) == OPENAPI else None


@functools.lru_cache(maxsize=8)
def _stored(pk: int, content_hash: str) -> Api | None:
    """Kept, for a large document takes a while to read; one that waits for reviews may be written anew under its number."""
    version = ContractVersion.objects.select_related("contract").get(pk=pk)
    return _made(version.schema, version.contract.name, version.version)


def _made(document: object, name: str, version: str) -> Api | None:
    try:
        return Api(document, f"{name}@{version}")
    except (InvalidSchema, RecursionError):
        return None
