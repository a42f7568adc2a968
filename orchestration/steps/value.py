"""The value step: what its expressions came to. Never calls anything."""

from __future__ import annotations

from orchestration.steps.outcome import Call, Completed, Outcome


def run(call: Call) -> Outcome:
    """The evaluated body is the output."""
    return Completed(call.body.get("value"))
