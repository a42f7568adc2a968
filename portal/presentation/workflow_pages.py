"""Workflows as their pages tell them: state, the sentence of the head, facts from the manifest, the diagram's title.

Owns the words. Never queries, and never decides a state: portal/selectors/home.py does, for all pages alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orchestration.manifest import Plan, parse_duration
from portal.presentation.quantities import duration, number
from portal.presentation.runs import listed
from portal.presentation.words import RUN_STATUS, Look, Tone, workflow_look

if TYPE_CHECKING:
    from orchestration.models import WorkflowVersion
    from orchestration.selectors.workflows import WorkflowHealth
    from portal.selectors.home import Health

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
    """One line of the list: what was started, and what is measured of what ended."""

    item: WorkflowHealth
    health: Health
    look: Look
    quiet: bool


@dataclass(frozen=True, slots=True)
class Fact:
    """A label and its value; `dim` follows in grey."""

    label: str
    value: str
    dim: str = ""
    code: bool = False


def look_of(health: Health) -> Look:
    """The state of a workflow, as Home shows it; one whose first runs are open is running."""
    return RUN_STATUS["running"] if health.state == "running" else workflow_look(health.state)


def row(item: WorkflowHealth, health: Health) -> Row:
    """How a workflow stands in the list."""
    look = look_of(health)
    return Row(item, health, look, look.tone in {"ok", "unk"})


def catalogue_sentence(rows: Sequence[Row]) -> str:
    """The conclusion of the list."""
    for state in ("failing", "degraded", "late"):
        found = [row.health.name for row in rows if row.health.state == state]
        if found:
            return f"{listed(found)} {'is' if len(found) == 1 else 'are'} {state}."
    return "Nothing is wrong with the runs of the last 24 h." if rows else ""


def health_sentence(health: Health) -> str:
    """What the last 24 hours came to, for the head of a workflow."""
    going = f" {number(health.open)} {'run is' if health.open == 1 else 'runs are'} open." if health.open else ""
    if not health.finished:
        return f"No run ended in the last 24 h.{going}"
    if not health.bad:
        ended = f"All {number(health.finished)} runs" if health.finished > 1 else "The one run"
        return f"{ended} of the last 24 h ended well.{going}"
    return f"{number(health.bad)} of {number(health.finished)} runs failed in the last 24 h.{going}"


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
