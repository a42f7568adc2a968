"""The words of contracts and changes: states, verdicts, and the sentence that says what a change means. Decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.urls import reverse

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
    "approved": Look("ok", "ok", "Approved"),
    "scheduled": Look("unk", "wait", "Scheduled"),
    "applied": Look("ok", "ok", "Done"),
    "rejected": Look("fail", "stop", "Rejected"),
    "withdrawn": Look("unk", "undo", "Withdrawn"),
    "expired": Look("unk", "none", "Expired"),
}
KIND = {
    "contract.publish": "Publish a contract version",
    "contract.deprecate": "Deprecate a contract version",
    "contract.retire": "Retire a contract version",
    "workflow.release": "Release a workflow version",
    "workflow.deprecate": "Deprecate a workflow version",
    "workflow.retire": "Retire a workflow version",
    "breaker.force": "Force a breaker",
    "decision.accept": "Accept a decision",
    "glass.review": "Review after broken glass",
}
WAIVED = Look("ok", "ok", "Waived")
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


def sentence(change: Change, old: str, new: str) -> str:
    """What it means to people, in one sentence."""
    noun, _, verb = change.kind.partition(".")
    if verb in _TOLD:
        return _TOLD[verb](change)
    if not old and (below := change.report.get("apart_from")):
        return (
            "It was compared with none: clients of the registry have set that versions are compared within groups, and it is "
            f"the first of its group. {below}, just below it, is of another."
        )
    if not old:
        return "It is the first version: nobody relies on it yet."
    if noun == "workflow":
        return _release(change, old, new)
    return meaning(change.report, change.verdict, old, new)


def _deprecation(change: Change) -> str:
    moved = "Its sunset moves closer than was promised. " if change.verdict == "breaking" else ""
    return f"{moved}Sunset {change.proposal['sunset_at'][:10]}; users move to {change.proposal['successor']}."


def _acceptance(change: Change) -> str:
    concerned, old = change.report.get("workflows", []), change.report.get("supersedes", [])
    told = f"It concerns {', '.join(concerned)}." if concerned else "It concerns no workflow by name."
    return f"{told} It supersedes {', '.join(map(str, old))}." if old else told


#: What the verb of a kind says by itself; the others compare two versions.
_TOLD: Mapping[str, Callable[[Change], str]] = {
    "review": lambda _: "It was done without its reviews, because it could not wait: say now whether it may stay.",
    "retire": lambda _: "Nothing live uses it any more.",
    "force": lambda change: f"Its breaker is to be {change.number.replace('_', ' ')}, whatever it measures.",
    "deprecate": _deprecation,
    "accept": _acceptance,
}


def _release(change: Change, old: str, new: str) -> str:
    if change.verdict == "safe":
        return "Whoever starts it, and whoever reads what it gives, may go on as before."
    if change.verdict == "breaking" and change.report.get("port") == "output":
        return f"Readers of what {old} gives do not understand all that {new} may give."
    return meaning(change.report, change.verdict, old, new)


def link(change: Change) -> tuple[str, str, str]:
    """The page of what it is about: label, address, icon."""
    if change.kind == "decision.accept":
        return "Decision", reverse("decision", args=[int(change.number)]), "book"
    if change.kind == "breaker.force":
        return "Dependency", reverse("dependency", args=[change.name]), "plug"
    if change.kind.startswith("workflow.") or change.version_id is None:  # and so the review after broken glass of one
        return "Workflow", reverse("workflow", args=[change.name]), "flow"
    return "Contract", reverse("contract", args=[change.name]), "braces"
