"""Which version of a workflow fits a range, and the contract of its input. Never writes."""

from __future__ import annotations

from semantic_version import NpmSpec

from orchestration.engine.plans import ports_of
from orchestration.models import WorkflowVersion
from orchestration.versions import highest


def fitting_version(name: str, range_: NpmSpec) -> WorkflowVersion | None:
    """The highest active version of the workflow in the range, or None."""
    active = WorkflowVersion.objects.filter(workflow__name=name, state=WorkflowVersion.State.ACTIVE)
    version = highest(active.values_list("version", flat=True), str(range_))
    if version is None:
        return None
    return active.select_related("workflow").defer("canonical", "text").get(version=version)


def input_port(version: WorkflowVersion) -> tuple[str, str] | None:
    """Contract and version of the workflow's input; None where it names none."""
    return ports_of(version.pk).get(("", "input"))
