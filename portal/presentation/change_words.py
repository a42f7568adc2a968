"""The words of contracts and changes: states, verdicts, and the sentence that says what a change means. Decides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from governance.models import Change
from portal.presentation.words import Look

VERDICT = {
    "safe": Look("ok", "ok", "Safe"),
    "breaking": Look("fail", "fail", "Breaking"),
    "undecided": Look("warn", "warn", "Undecided"),
}
CHANGE = {
    "open": Look("unk", "wait", "Waits for reviews"),
    "changes_requested": Look("warn", "edit", "Changes requested"),
    "applied": Look("ok", "ok", "Published"),
    "rejected": Look("fail", "stop", "Rejected"),
    "withdrawn": Look("unk", "undo", "Withdrawn"),
    "expired": Look("unk", "none", "Expired"),
}
VERSION = {
    "draft": Look("unk", "edit", "Draft"),
    "proposed": Look("unk", "wait", "Proposed"),
    "active": Look("ok", "ok", "Active"),
    "deprecated": Look("warn", "warn", "Deprecated"),
    "retired": Look("unk", "none", "Retired"),
    "rejected": Look("unk", "stop", "Rejected"),
}
VOTE = {
    "approve": Look("ok", "ok", "Approved"),
    "request_changes": Look("warn", "edit", "Changes requested"),
    "reject": Look("fail", "stop", "Rejected"),
}


def meaning(report: Mapping[str, Any], verdict: str, old: str, new: str) -> str:
    """What the verdict means to people, in one sentence."""
    if verdict == "safe":
        other = report.get("other_rules")
        return f"Nothing breaks, but it asks for {other}." if other else f"All that fits {old} fits {new} as well."
    if verdict == "undecided":
        return f"Whether {new} breaks users of {old} could not be proved: a person must look."
    if report.get("broken") == "FORWARD":
        return f"Users of {old} refuse what {new} allows to be sent."
    return f"{new} refuses what {old} accepts."


def refused_by(report: Mapping[str, Any], old: str, new: str) -> tuple[str, str]:
    """Which version accepts the witness, and which refuses it."""
    return (new, old) if report.get("broken") == "FORWARD" else (old, new)


def tone_of(finding: Mapping[str, Any]) -> Look:
    """How a finding is shown."""
    return VERDICT["breaking"] if finding.get("direction") else VERDICT["safe"]


def title(change: Change) -> str:
    """`order.placed 1.2.0 to 2.0.0`."""
    name = change.version.contract.name
    return (
        f"{name} {change.base.version} to {change.version.version}"
        if change.base
        else f"{name} {change.version.version}"
    )
