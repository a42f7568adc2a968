"""What a kind of playbook action is: whose thing it touches, what it would do, and doing it.

Every effect carries the action's key or is written in one transaction with its outcome, so that a killed process does it once.
Owns the protocol. Never decides who may: portal does, by `need`; nor whether others are asked: the gate does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from governance.models import ExerciseAction
from orchestration.models import Team
from orchestration.selectors.workflows import find_dependency, find_workflow

Parameters = Mapping[str, str]
Need = Literal["operate", "switch", "maintain"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it. `links`: words and a path of this portal."""

    text: str
    links: Sequence[tuple[str, str]] = ()
    is_good: bool = True


@dataclass(frozen=True, slots=True)
class Preview:
    """What it would do, in words, and what it has chosen: kept with the action, so that it does just that."""

    text: str
    chosen: list[str] = field(default_factory=list)


class Play(Protocol):
    """One kind."""

    need: Need
    #: Its effect and its outcome are one transaction; otherwise each effect has a key of its own.
    is_one_write: bool

    def team(self, parameters: Parameters) -> Team | None:
        """Whose thing it touches; None of what only admins may. Raises NotFound."""
        ...

    def preview(self, parameters: Parameters, now: datetime) -> Preview:
        """What it would do now. Raises NotFound, InvalidInput, Conflict."""
        ...

    def run(self, action: ExerciseAction) -> Outcome:
        """Do it. Raises PlumblineError."""
        ...


class OfWorkflow:
    """A kind whose parameter `workflow` names what it touches."""

    def team(self, parameters: Parameters) -> Team:
        """See Play."""
        return find_workflow(parameters["workflow"]).owner


class OfDependency:
    """A kind whose parameter `dependency` names what it touches."""

    def team(self, parameters: Parameters) -> Team:
        """See Play."""
        return find_dependency(parameters["dependency"]).owner


def reason_of(action: ExerciseAction) -> str:
    """Why a governed object changed, for its history."""
    return f"step {action.position} of exercise {action.exercise_id}, runbook {action.exercise.runbook.slug}"
