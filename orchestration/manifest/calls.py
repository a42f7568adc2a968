"""The requests that a workflow makes: each http step, and each http compensation, with the dependency that it calls.

Works on the normal form of a valid manifest. Never knows what a service offers.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from .places import mapping
from .problems import Path
from .values import JSON

CallPort = tuple[str, Literal["call", "undo"]]
"""(step, whether it is the step's own call or that of its compensation)."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request as it is written. `place`: of its `http`."""

    port: CallPort
    dependency: str
    place: Path
    request: dict[str, JSON]

    @property
    def method(self) -> str:
        return str(self.request.get("method") or "GET")


def calls(workflow: dict[str, JSON]) -> Iterator[Call]:
    """All of them, by the names of the steps."""
    for name, step in sorted(workflow["spec"]["steps"].items()):
        place: Path = ("spec", "steps", name)
        undo = mapping(step.get("compensate"))
        if step.get("http") is not None:
            yield Call((name, "call"), str(step.get("dependency")), (*place, "http"), step["http"])
        if undo.get("http") is not None:
            called = str(undo.get("dependency") or step.get("dependency"))
            yield Call((name, "undo"), called, (*place, "compensate", "http"), undo["http"])
