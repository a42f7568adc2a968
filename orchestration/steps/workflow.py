"""The workflow step: a child run of the highest active version in a range. Never starts it: the engine does, with the record.

The version is chosen when the step begins, not when its workflow was published: a mended child is what a parent wants next
time. What was chosen stands in the child run.
"""

from __future__ import annotations

from typing import Any

from orchestration.hooks import hooks
from orchestration.limits import MAX_GENERATIONS
from orchestration.manifest import parse_reference
from orchestration.models import Run, WorkflowVersion
from orchestration.patience import outlast
from orchestration.selectors.fitting import fitting_version, input_port
from orchestration.steps.outcome import Call, Failed, Outcome, StartChild


def run(call: Call) -> Outcome:
    """Find the version and check the input that the child will have."""
    return outlast(lambda: _child_of(call))


def _child_of(call: Call) -> Outcome:
    reference = parse_reference(call.body["workflow"])
    version = fitting_version(reference.name, reference.range)
    if version is None:
        text = f"no active version of workflow {reference.name} fits {reference.range}; publish one, then retry"
        return Failed("child.unknown", text, retryable=False)
    if _generation(call) >= MAX_GENERATIONS:
        text = f"{MAX_GENERATIONS} runs started one another in a row; does {reference.name} start itself?"
        return Failed("child.too_deep", text, retryable=False)
    given: Any = call.body.get("with") or {}
    return _refused(version, given) or StartChild(version.pk, given)


def _refused(version: WorkflowVersion, given: Any) -> Failed | None:
    port = input_port(version)
    violations = hooks.contracts.validate(*port, given, masked=True) if port is not None else ()
    if not violations:
        return None
    first = violations[0]
    text = f"the input of {version} breaks its contract at {first.pointer or '/'}: {first.message}"
    return Failed("contract.violation", text, retryable=False)


def _generation(call: Call) -> int:
    """How many runs stand above the child that would be."""
    generation, run = 1, Run.objects.select_related("parent_step__run").get(pk=call.run_id)
    while run.parent_step is not None and generation < MAX_GENERATIONS:
        generation, run = generation + 1, run.parent_step.run
    return generation
