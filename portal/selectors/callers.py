"""Which steps call which dependency, by the newest active version of each workflow. One query; plans are kept in memory."""

from __future__ import annotations

from orchestration.engine.plans import plan_of
from orchestration.models import WorkflowVersion

#: dependency → workflow → steps
Callers = dict[str, dict[str, list[str]]]


def callers() -> Callers:
    """Declared callers, also those that never called."""
    found: Callers = {}
    for workflow, version_id in sorted(newest_versions().items()):
        for step in plan_of(version_id).steps.values():
            for action in (step, step.compensate):
                if action is not None and action.dependency:
                    steps = found.setdefault(action.dependency, {}).setdefault(workflow, [])
                    if step.name not in steps:
                        steps.append(step.name)
    return found


def newest_versions() -> dict[str, int]:
    """Workflow → id of its highest active version."""
    active = WorkflowVersion.objects.filter(state=WorkflowVersion.State.ACTIVE).order_by("precedence")
    return dict(active.values_list("workflow__name", "pk"))
