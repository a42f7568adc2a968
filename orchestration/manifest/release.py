"""What is accepted and recorded, but not enforced by this release. Owns that list; shrinks as the engine grows."""

from .loading import Resource
from .problems import Problem, write_path


def notices(resource: Resource) -> list[Problem]:
    """What the resource says in vain, each at its place."""
    if resource.kind != "Dependency":
        return []
    timeouts = resource.canonical.get("spec", {}).get("timeout", {})
    found = [("spec", "timeout", field) for field in timeouts if field != "start_to_close"]
    problems = [
        resource.problem_at(write_path(path), f"'{path[-1]}' is recorded, not enforced by this release")
        for path in found
    ]
    return sorted(problems, key=lambda problem: (problem.line, problem.column))
