"""What this release can't run yet, and what it records without enforcing it.

Owns both lists, so that a manifest is refused by name instead of being half obeyed. Shrinks as the engine grows.
"""

from collections.abc import Iterable, Iterator

from .loading import Resource
from .problems import Path, Problem, write_path
from .step_checks import kinds_of
from .values import JSON

_KINDS = ("Schedule", "Trigger", "Flag")
_STEP_KINDS = ("celery",)
_STEP_FIELDS = ("flag",)
_PLANNED = "can't run in this release; it is planned."


def refusals(resource: Resource) -> list[Problem]:
    """Why the resource can't be applied in this release, each at its place; empty if it can."""
    return _placed(resource, _refused(resource))


def notices(resource: Resource) -> list[Problem]:
    """What is accepted and recorded, but not enforced by this release."""
    recorded = ((path, f"'{path[-1]}' is recorded, not enforced by this release") for path in _recorded(resource))
    return _placed(resource, recorded)


def _placed(resource: Resource, found: Iterable[tuple[Path, str]]) -> list[Problem]:
    problems = [resource.problem_at(write_path(path), message) for path, message in found]
    return sorted(problems, key=lambda problem: (problem.line, problem.column))


def _refused(resource: Resource) -> Iterator[tuple[Path, str]]:
    if resource.kind in _KINDS:
        yield ("kind",), f"kind '{resource.kind}' {_PLANNED} Remove the manifest or keep it unapplied."
    if resource.kind != "Workflow":
        return
    for name, step in _steps(resource):
        path: Path = ("spec", "steps", name)
        for kind in kinds_of(step):
            if kind in _STEP_KINDS:
                message = f"step kind '{kind}' {_PLANNED} Remove the step or keep the manifest unapplied."
                yield (*path, kind), message
        for field in _STEP_FIELDS:
            if field in step:
                yield (*path, field), f"step field '{field}' {_PLANNED} Remove it or keep the manifest unapplied."


def _recorded(resource: Resource) -> Iterator[Path]:
    spec = resource.canonical.get("spec", {})
    if resource.kind == "Dependency":
        for field in spec.get("timeout", {}):
            if field != "start_to_close":
                yield "spec", "timeout", field


def _steps(resource: Resource) -> Iterator[tuple[str, dict[str, JSON]]]:
    yield from resource.canonical["spec"]["steps"].items()
