"""Workflows as their pages tell them: state, the sentence of the head, facts from the manifest, the diagram's title.

Owns the words and the rule that makes a state of an error rate. Never queries.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orchestration.manifest import Plan, parse_duration
from portal.presentation.quantities import duration, number, percent
from portal.presentation.runs import listed
from portal.presentation.words import Look, Tone, workflow_look

if TYPE_CHECKING:
    from orchestration.models import WorkflowVersion
    from orchestration.selectors.workflows import WorkflowHealth

#: Without an objective of its own, a workflow is degraded and failing from these error rates on.
DEGRADED, FAILING = 0.01, 0.25
VERSION_LOOKS = {
    "draft": Look("unk", "edit", "Draft"),
    "proposed": Look("unk", "wait", "Proposed"),
    "active": Look("ok", "ok", "Active"),
    "deprecated": Look("warn", "warn", "Deprecated"),
    "retired": Look("unk", "none", "Retired"),
    "rejected": Look("unk", "stop", "Rejected"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list."""

    item: WorkflowHealth
    look: Look
    quiet: bool


@dataclass(frozen=True, slots=True)
class Fact:
    """A label and its value; `dim` follows in grey."""

    label: str
    value: str
    dim: str = ""
    code: bool = False


def look_of(item: WorkflowHealth) -> Look:
    """The state of a workflow by the runs of the last 24 hours."""
    rate = item.error_rate
    if rate is None:
        return workflow_look("no_runs")
    return workflow_look("failing" if rate >= FAILING else "degraded" if rate >= DEGRADED else "healthy")


def row(item: WorkflowHealth) -> Row:
    """How a workflow stands in the list."""
    look = look_of(item)
    return Row(item, look, look.tone in {"ok", "unk"})


def catalogue_sentence(items: Sequence[WorkflowHealth]) -> str:
    """The conclusion of the list."""
    failing = [item.workflow.name for item in items if look_of(item).tone == "fail"]
    degraded = [item.workflow.name for item in items if look_of(item).tone == "warn"]
    if failing:
        return f"{listed(failing)} {_is(failing)} failing in the last 24 h."
    if degraded:
        worst = max(items, key=lambda item: item.error_rate or 0.0)
        more = f", and {len(degraded) - 1} more had failures" if len(degraded) > 1 else ""
        return f"{percent(worst.error_rate)} of the runs of {worst.workflow.name} failed in the last 24 h{more}."
    return "Nothing fails in the last 24 h." if items else ""


def health_sentence(item: WorkflowHealth | None) -> str:
    """What the last 24 hours came to, for the head of a workflow."""
    if item is None or not item.started:
        return "No run in the last 24 h."
    bad = f"{number(item.bad)} of {number(item.finished)} runs failed in the last 24 h." if item.finished else ""
    if not item.bad and item.finished:
        bad = (
            f"All {number(item.finished)} runs of the last 24 h ended well."
            if item.finished > 1
            else "The one run of the last 24 h ended well."
        )
    going = f" {number(item.open)} {_is_many(item.open)} open." if item.open else ""
    return f"{bad}{going}".strip()


def facts(canonical: Mapping[str, Any]) -> list[Fact]:
    """What the manifest says about the workflow as a whole."""
    spec = canonical["spec"]
    found = []
    for label in ("input", "output"):
        contract = (spec.get(label) or {}).get("contract")
        if contract:
            name, _, range_ = contract.partition("@")
            found.append(Fact(label.capitalize(), name, range_, code=True))
    if spec.get("objectives"):
        found.append(Fact("Objectives", _objectives(spec["objectives"])))
    if spec.get("timeout"):
        found.append(Fact("Timeout", duration(parse_duration(spec["timeout"]))))
    if spec.get("escalation"):
        found.append(Fact("Escalation", spec["escalation"]))
    return found


def _objectives(declared: Mapping[str, Any]) -> str:
    parts = [f"{declared['success'].rstrip('%')} % success"] if declared.get("success") else []
    latencies = declared.get("latency") or {}
    parts += [f"{quantile} ≤ {duration(parse_duration(limit))}" for quantile, limit in latencies.items()]
    return ", ".join(parts)


def diagram_title(plan: Plan) -> str:
    """What to conclude from the diagram: how much it writes, and whether there is a way back."""
    writes = [step for step in plan.steps.values() if step.effect == "write"]
    for_good = [step.name for step in writes if step.compensate is None]
    count = f"{len(plan.order)} step{'s' if len(plan.order) != 1 else ''}"
    if not writes:
        return f"{count}, none of them writes"
    wrote = f"{len(writes)} {'write' if len(writes) != 1 else 'writes'}"
    if not for_good:
        return (
            f"{count}, {wrote}; each write can be undone" if len(writes) > 1 else f"{count}, {wrote} and can be undone"
        )
    return f"{count}, {wrote}; {listed(for_good)} can't be undone"


def version_look(state: str) -> Look:
    """The state of a version."""
    return VERSION_LOOKS.get(state, Look("unk", "unk", state.capitalize()))


def source_words(version: WorkflowVersion) -> tuple[str, str]:
    """Repository and short commit of where a version came from; a star says that the tree was dirty."""
    source = version.source if isinstance(version.source, dict) else {}
    commit = str(source.get("commit") or "")[:10]
    return str(
        source.get("repository") or source.get("path") or ""
    ), f"{commit}{'*' if commit and source.get('dirty') else ''}"


def difference_look(kind: str) -> tuple[Tone, str, str]:
    """Tone, icon and word of a semantic difference. None is good or bad in itself, so none is coloured."""
    return "unk", {"added": "plus", "removed": "none"}.get(kind, "edit"), kind


def _is(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _is_many(count: int) -> str:
    return "is" if count == 1 else "are"
