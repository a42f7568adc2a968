"""What one can do to a run beyond retrying and stopping it, in words: pause, resume, rerun, edit its input, undo further.

Owns those words and when each is offered. Never decides who may: the view says whether the reader may operate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestration.engine.compensation import why_not_resume as why_not_undo
from orchestration.engine.pause import PAUSABLE
from orchestration.services.input_edits import why_step_not_editable
from orchestration.services.reruns import why_not_rerun
from orchestration.states import Compensation, RunStatus, StepStatus

if TYPE_CHECKING:
    from orchestration.selectors.runs import RunDetail


@dataclass(frozen=True, slots=True)
class Action:
    """Something one can do. `effect` says what it will do, or why it can't be done; `asks` wants a reason."""

    name: str
    label: str
    icon: str
    effect: str
    possible: bool
    asks: str = ""
    danger: bool = False
    #: A page of its own asks for more than a reason.
    is_page: bool = False


def actions(detail: RunDetail, refusal: str, no_retry: str | None) -> list[Action]:
    """Those that suit the state of the run, each with what it will do. `refusal`: why the reader may do none of them."""
    run, found = detail.run, list[Action]()
    if run.status in PAUSABLE and not run.ending:
        found.append(_pause(detail))
    elif run.status == RunStatus.PAUSED and not run.ending:
        found.append(_resume(detail))
    if no_retry is None and why_step_not_editable(run) is None:
        found.append(_edit(detail))
    if why_not_undo(run) is None:
        found += _undo_on(detail)
    if why_not_rerun(run) is None:
        found.append(_rerun())
    if refusal:
        return [Action(one.name, one.label, one.icon, refusal, possible=False) for one in found]
    return found


def _pause(detail: RunDetail) -> Action:
    running = [name for name, step in detail.steps.items() if step.status == StepStatus.RUNNING]
    effect = f"{', '.join(running)} may end. " if running else ""
    effect += "Nothing new begins until it is resumed; timers and deadlines go on."
    return Action("pause", "Pause", "parked", effect, possible=True, asks="Why is it paused?")


def _resume(detail: RunDetail) -> Action:
    ready = [name for name, step in detail.steps.items() if step.status == StepStatus.READY]
    effect = f"Begins {', '.join(ready)} at once." if ready else "Lets it go on when what it waits for is there."
    return Action("resume", "Resume", "running", effect, possible=True, asks="Why is it resumed?")


def _edit(detail: RunDetail) -> Action:
    effect = f"A retry in which {detail.run.failed_step} is given what you write. It shows the input before anything happens."
    return Action("edit-and-retry", "Edit and retry", "edit", effect, possible=True, is_page=True)


def _rerun() -> Action:
    effect = (
        "A new run that does a step and all after it again, writes included. It shows which before anything happens."
    )
    return Action("rerun", "Rerun from step", "rerun", effect, possible=True, is_page=True)


def _undo_on(detail: RunDetail) -> list[Action]:
    failed = [name for name, step in detail.steps.items() if step.compensation == Compensation.FAILED]
    what = failed[0] if failed else "what is left"
    again = f"Tries to undo {what} again with fresh attempts, then the rest in order. The run's result stays."
    found = [
        Action("resume-compensation", "Resume compensation", "undo", again, possible=True, asks="Why may it work now?")
    ]
    if failed:
        skip = f"Takes {what} for undone, since somebody did it by hand, then undoes the rest in order."
        found.append(
            Action(
                "skip-compensation",
                "Skip this compensation",
                "hand",
                skip,
                possible=True,
                asks="How was it undone by hand?",
            )
        )
    return found
