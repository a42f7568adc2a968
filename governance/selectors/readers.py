"""Who reads a field of a contract: the exact expressions of live workflow versions. Never writes.

Read from the versions' stored manifests each time; nothing is kept that could differ from them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from governance.contracts.removals import ANY, Place
from governance.contracts.workflows import written
from orchestration.manifest import PortKey, reads, write_path
from orchestration.models import Port, WorkflowVersion


@dataclass(frozen=True, slots=True)
class Reader:
    """One expression. `whole`: it reads an object that the field is in, so whether it needs the field can't be told."""

    workflow: str
    version: str
    team: str
    step: str
    place: str
    expression: str
    field: str
    whole: bool


def readers(ports: Iterable[Port], paths: Collection[Place]) -> list[Reader]:
    """Expressions that read one of these paths, or what is under it or around it, out of these ports' payloads.

    By port, in the order of the manifest. Expressions read what comes into a workflow and what its steps give; what goes
    into a step is read by others. A key that is computed may be any: then the object around it is what is read.
    """
    if not paths:
        return []
    by_version: dict[int, list[Port]] = {}
    for port in ports:
        by_version.setdefault(port.version_id, []).append(port)
    stored = WorkflowVersion.objects.filter(pk__in=list(by_version)).values_list("pk", "canonical")
    found: dict[int, list[Reader]] = {}
    for pk, canonical in stored.iterator(chunk_size=100):
        found[pk] = _readers_in(canonical, by_version[pk], paths)
    return [reader for pk in by_version for reader in found.get(pk, ())]


def _readers_in(canonical: dict[str, object], ports: list[Port], paths: Collection[Place]) -> list[Reader]:
    version = ports[0].version
    payloads: set[PortKey] = {(port.step, port.direction) for port in ports}
    found: dict[Reader, None] = {}
    for read in reads(canonical):
        if read.port not in payloads:
            continue
        field = tuple(ANY if isinstance(part, int) else part for part in read.field)
        meets = [len(path) <= len(field) for path in paths if _meet(field, path)]
        if meets:
            reader = Reader(
                version.workflow.name, version.version, version.workflow.owner.name, read.step, write_path(read.place),
                read.expression, written(read.field), not any(meets),
            )  # fmt: skip
            found[reader] = None
    return list(found)


def _meet(field: Place, path: Place) -> bool:
    """Whether one lies in the other."""
    return all(ANY in (one, other) or one == other for one, other in zip(field, path, strict=False))
