"""Payloads that passed the ports of workflow versions, the newest runs first, as they are stored: secrets masked.

Owns finding them in little time, however many runs there are. Never decides who may see them, and never shows one.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orchestration.engine.payloads import REFERENCE
from orchestration.ids import floor
from orchestration.manifest.step_checks import kinds_of
from orchestration.models import Payload, Port, Run, StepRun, WorkflowVersion
from orchestration.states import RunResult, StepStatus

#: For each payload that is wanted, so many runs are looked at: in some the step was skipped, or it failed. At most twice all.
LOOKED_AT = 4
_GOOD = (RunResult.SUCCEEDED, RunResult.DEGRADED)
#: A run's id, when, and what is stored; what has ended has its time.
_Row = tuple[uuid.UUID, Any, str]


@dataclass(frozen=True, slots=True)
class Passed:
    """One payload: at which port, in which run, and what its column holds. `size`: bytes, of one stored apart."""

    port: Port
    run_id: uuid.UUID
    at: datetime
    stored: str
    kind: str = ""
    size: int = 0


def passed(ports: Sequence[Port], *, most: int) -> list[Passed]:
    """An equal share for each port, `most` in all. Of steps that succeeded; inputs of runs also of those that failed later."""
    ports = ports[:most]
    if not ports:
        return []
    share = most // len(ports)
    runs = _newest_runs(ports, min(share * LOOKED_AT, most * 2))
    kinds = _kinds(ports)
    found = []
    for port in ports:
        ids = runs.get(port.version_id, [])
        rows = _of_step(port, ids, share) if port.step else _of_run(port, ids, share)
        kind = kinds.get((port.version_id, port.step), "")
        found += [Passed(port, run_id, at, stored, kind) for run_id, at, stored in rows if stored]
    return _with_sizes(found)


def payload_in(kind: str, value: Any) -> Any:
    """Of a step's stored input, what its contract was asked about: see engine/execute.py. An output is whole."""
    if kind in ("http", "value"):
        return value.get("json" if kind == "http" else "value") if isinstance(value, dict) else None
    return value


def _newest_runs(ports: Sequence[Port], many: int) -> dict[int, list[uuid.UUID]]:
    """Of each version, its runs among the workflow's newest; of one that had none there, among those before it was followed.

    No index has the runs of one version in order, and the newest of a version that had none for long are rows apart.
    """
    found: dict[int, list[uuid.UUID]] = {}
    versions = {port.version_id: port.version for port in ports}
    for workflow_id in dict.fromkeys(version.workflow_id for version in versions.values()):
        _add(found, Run.objects.filter(workflow_id=workflow_id), many)
    for version in versions.values():
        later = WorkflowVersion.objects.filter(workflow=version.workflow_id, published_at__gt=version.published_at)
        if version.pk in found:
            continue
        followed = later.order_by("published_at").values_list("published_at", flat=True).first()
        if followed is not None:
            _add(found, Run.objects.filter(workflow_id=version.workflow_id, pk__lt=floor(followed)), many)
    return found


def _add(found: dict[int, list[uuid.UUID]], runs: Any, many: int) -> None:
    for pk, version_id in runs.order_by("-pk").values_list("pk", "version_id")[:many]:
        found.setdefault(version_id, []).append(pk)


def _of_run(port: Port, ids: list[uuid.UUID], share: int) -> Iterable[_Row]:
    if port.direction == "input":
        return Run.objects.filter(pk__in=ids[:share]).order_by("-pk").values_list("pk", "created_at", "input")
    ended = Run.objects.filter(pk__in=ids, result__in=_GOOD).order_by("-pk")
    return ended.values_list("pk", "finished_at", "output")[:share]


def _of_step(port: Port, ids: list[uuid.UUID], share: int) -> Iterable[_Row]:
    steps = StepRun.objects.filter(run_id__in=ids, name=port.step, status=StepStatus.SUCCEEDED)
    return steps.order_by("-run_id", "item").values_list("run_id", "finished_at", port.direction)[:share]


def _kinds(ports: Sequence[Port]) -> dict[tuple[int, str], str]:
    """The kind of each step whose input is asked for."""
    wanted = {(port.version_id, port.step) for port in ports if port.step and port.direction == "input"}
    stored = WorkflowVersion.objects.filter(pk__in={pk for pk, _ in wanted}).values_list("pk", "canonical")
    steps = {pk: canonical["spec"]["steps"] for pk, canonical in stored}
    return {(pk, step): kinds_of(steps[pk][step])[0] for pk, step in wanted}


def _with_sizes(found: list[Passed]) -> list[Passed]:
    apart = {one.stored: int(one.stored[len(REFERENCE) :]) for one in found if one.stored.startswith(REFERENCE)}
    sizes = dict(Payload.objects.filter(pk__in=apart.values()).values_list("pk", "size")) if apart else {}
    return [
        Passed(one.port, one.run_id, one.at, one.stored, one.kind, sizes.get(apart[one.stored], 0))
        if one.stored in apart
        else one
        for one in found
    ]
