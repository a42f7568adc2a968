"""Child runs: a step of kind `workflow` starts one and waits for its end.

The child is locked after its parent, never before it: so what the child came to is told to the parent in a transaction of
its own. Owns starting a child and asking it to stop. Never decides what its end means for the parent: child_ends.py does.
"""

from __future__ import annotations

from datetime import timedelta

from orchestration.engine.claim import Claim
from orchestration.engine.payloads import digest, encode
from orchestration.engine.start import Request, create
from orchestration.models import Run, WorkflowVersion
from orchestration.steps.outcome import StartChild

#: After so long a parent looks itself whether its child has ended, in case nobody told it.
LOOK_AGAIN = timedelta(seconds=5)


def begin(run: Run, claim: Claim, outcome: StartChild) -> None:
    """Start the child, in the transaction that records that its parent waits."""
    version = WorkflowVersion.objects.select_related("workflow").get(pk=outcome.version_id)
    text = encode(outcome.input, "the child's input")
    create([
        Request(
            version, text, digest(outcome.input), actor_id=run.started_by_id, trace_id=claim.run.trace_id,
            parent_step_id=claim.step.pk, origin=f"run:{claim.run.workflow}", priority=run.priority,
            within=claim.planned.timeout.start_to_close, detail=f"child of {run.short_id}, step {claim.step.name}",
        )
    ])  # fmt: skip
