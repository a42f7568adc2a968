"""Who may decide an approval: asked alike by pages, API and inbox.

A person who reviews for the team that is asked; never a token, and never who started the run, or one above it: four eyes.
Owns that question. Never writes.
"""

from __future__ import annotations

from orchestration.errors import Forbidden
from orchestration.models import Approval, Run
from portal.permissions import Actor, Verb

#: A child run of a child run and so on; the engine has a limit far below.
DEEPEST = 50


def starters_of(run: Run) -> set[int]:
    """Who started the run, and those above it, by user id."""
    found: set[int] = set()
    for _ in range(DEEPEST):
        if run.started_by_id is not None:
            found.add(run.started_by_id)
        above = (
            Run.objects.filter(steps=run.parent_step_id).only("started_by", "parent_step").first()
            if run.parent_step_id
            else None
        )
        if above is None:
            break
        run = above
    return found


def why_not(actor: Actor, approval: Approval) -> str:
    """Why they may not decide it, as a sentence; empty when they may."""
    if actor.token is not None:
        return "a token can't decide; a person does, on the page of the approval"
    if not actor.may(Verb.REVIEW, approval.team_id):
        return f"deciding needs the role approver in {approval.team.name}; an admin can grant it"
    if actor.user.pk in starters_of(approval.run):
        return f"you started the run, so somebody else of {approval.team.name} decides: four eyes see more than two"
    return ""


def require_decide(actor: Actor, approval: Approval) -> None:
    """Raise Forbidden, which says why, unless they may."""
    if refusal := why_not(actor, approval):
        raise Forbidden(refusal)
