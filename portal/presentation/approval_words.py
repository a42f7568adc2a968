"""An approval as people read it: its look, what happens on each answer, and what follows.

Owns those words. Never decides who may answer, and never reads the database.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal.presentation.runs import listed
from portal.presentation.words import Look

if TYPE_CHECKING:
    from orchestration.models import Approval
    from orchestration.selectors.approvals import Question

LOOK = {
    "": Look("warn", "user", "Open"),
    "approved": Look("ok", "ok", "Approved"),
    "rejected": Look("fail", "stop", "Rejected"),
    "withdrawn": Look("unk", "undo", "Withdrawn"),
}


def title(approval: Approval) -> str:
    """What is asked, in a few words."""
    return f"{approval.step.name} of {approval.run.workflow.name}"


def on_yes(question: Question) -> str:
    """What an approval does."""
    if not question.after:
        return "The step ends well, and nothing follows from it."
    return f"The run goes on with {listed(question.after)}."


def on_no(question: Question) -> str:
    """What a rejection does."""
    if question.planned.fallback is not None:
        return "The step falls back as its manifest says, and the run goes on degraded."
    match question.undone:
        case []:
            undone = "Nothing has to be undone."
        case [name]:
            undone = f"{name} is undone."
        case names:
            undone = f"{listed(names)} are undone, in this order."
    return f"The run fails, and nothing of it goes on. {undone}"


def on_timeout(approval: Approval) -> str:
    """What happens when nobody decides."""
    if approval.due_at is None:
        return "It waits until somebody decides."
    word = "approved" if approval.on_timeout == "approve" else "rejected"
    return f"It is {word} by itself."


def who(approval: Approval) -> str:
    """Who decided."""
    return approval.decided_by.get_username() if approval.decided_by else "time"
