"""What a queued run waits for, as a sentence. Owns the words. Never queries."""

from __future__ import annotations

from orchestration.engine.bounds import KEY, LIMIT, PAUSED
from orchestration.selectors.queue import Waiting


def why(one: Waiting, *, full: bool) -> str:
    """`full`: the reader may see payloads, and so the value of the key, which comes from the input."""
    run = one.run
    match one.waits_for:
        case x if x == LIMIT:
            return f"workflow {run.workflow.name} has {one.held} of {one.bound} runs open"
        case x if x == KEY:
            key = run.concurrency_key if full else "its key"
            return f"{key} has {one.held} of {one.bound} runs of {run.workflow.name} open"
        case x if x == PAUSED:
            return f"workflow {run.workflow.name} is paused"
        case _:
            return f"team {run.team.name} has {one.held} of {one.bound} places, weight {one.weight:g}"
