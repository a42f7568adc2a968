"""Accepting a decision, through the gate: at once unless a GatePolicy wants decision.accept reviewed.

Asked are the owner, the teams whose workflows, dependencies or contracts it concerns and those whose decisions it supersedes.
While it waits it is a proposal, and each edit asks anew. Owns that subject and the way a person's edit takes. Loading files goes
past the gate: what a file says was decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.db import transaction

from governance.gate.opening import WAITING, asks, propose
from governance.gate.settling import end, locked, withdraw
from governance.gate.subjects import Judgement, Object, each_once
from governance.models import Change, Contract, Decision
from governance.selectors.decisions import dependencies_of, workflows_of
from governance.selectors.documents import contracts_of
from governance.services import accepting
from orchestration.errors import Conflict
from orchestration.models import Dependency, Team, Workflow
from orchestration.services.applying import Signature
from orchestration.services.governed import hold

ACCEPT = "decision.accept"
OWNS = "owns the decision"
Status = Decision.Status
#: Writes the record with that status and the numbers that it supersedes.
Write = Callable[[str, Sequence[int]], Decision]


class AcceptDecision:
    """Kind decision.accept. `proposal`: {"supersedes": numbers that are superseded with it}."""

    kind = ACCEPT
    done = "accepted"

    def judge(self, change: Change) -> Judgement:
        """See subjects.Subject."""
        decision = _found(change)
        if decision.status == Status.ACCEPTED:
            raise Conflict(f"decision {decision.number} is {decision.status} already")
        if decision.status not in (Status.DRAFT, Status.PROPOSED):
            raise Conflict(f"decision {decision.number} is {decision.status} by now; propose it anew on its own page")
        supersedes: list[int] = change.proposal.get("supersedes", [])
        concerned, things = workflows_of(decision), [*dependencies_of(decision), *contracts_of(decision)]
        report = {"findings": [], "workflows": concerned, "supersedes": supersedes, "status": decision.status}
        content = [
            change.kind, decision.slug, decision.title, decision.body, decision.date.isoformat(), concerned, supersedes,
            *([things] if things else []),
        ]  # fmt: skip
        return Judgement("safe", report, _hits(decision, concerned, supersedes), content, owners=(decision.owner,))

    def do(self, change: Change, actor: Any, reason: str) -> None:
        """See subjects.Subject."""
        accepted, overtaken = accepting.accept(
            decision=_found(change), supersedes=change.proposal.get("supersedes", []), actor=actor,
            reason=reason or change.reason,
        )  # fmt: skip
        withdraw_overtaken(overtaken, accepted, actor)

    def refuse(self, change: Change, actor: Any, reason: str) -> None:
        """A reviewer's no is the decision's; one that was withdrawn or ran out stays a proposal."""
        if change.state == Change.State.REJECTED:
            accepting.reject(decision=_found(change), actor=actor, reason=reason)

    def undo(self, change: Change, reason: str) -> None:
        """See subjects.Subject."""
        accepting.take_back(decision=_found(change), reason=reason)


def submit(
    write: Write, *, status: str, supersedes: Sequence[int], signature: Signature, before: Decision | None = None
) -> tuple[Decision, Change | None]:
    """Write what a person sent; one that is to become accepted is put to the gate. The change, if one waits now.

    Raises what `write` raises. All or nothing.
    """
    with transaction.atomic():
        hold()
        waits = waiting(before) if before is not None else None
        becomes = status == Status.ACCEPTED and (before is None or before.status != Status.ACCEPTED)
        if becomes:
            try:
                with transaction.atomic():
                    return _proposed(write, supersedes, signature, before)
            except _NobodyIsAsked:
                return write(status, supersedes), None
        if waits is None:
            return write(status, supersedes), None
        if status == Status.PROPOSED:
            # What it is to supersede was agreed to be done with its acceptance, so it stays with the change.
            return _proposed(write, supersedes or waits.proposal.get("supersedes", []), signature, before)
        withdraw(change=waits, person=signature.actor, reason=signature.reason)
        return write(status, supersedes), None


def waiting(decision: Decision) -> Change | None:
    """The change that is to accept it, while it waits."""
    return Change.objects.filter(
        kind=ACCEPT, name=decision.slug, number=str(decision.number), state__in=WAITING
    ).first()


def withdraw_overtaken(overtaken: Iterable[Decision], successor: Decision, actor: Any) -> None:
    """What is superseded waits for no acceptance any more: given later, that would undo the superseding."""
    for old in overtaken:
        waits = waiting(old)
        change = locked(waits) if waits is not None else None
        if change is not None and change.state in WAITING:  # else its time was over just now
            end(change, Change.State.WITHDRAWN, actor, f"decision {successor.number} supersedes it")


class _NobodyIsAsked(Exception):
    """It may be accepted at once: takes back what was written to find that out."""


def _proposed(
    write: Write, supersedes: Sequence[int], signature: Signature, before: Decision | None
) -> tuple[Decision, Change]:  # fmt: skip
    decision = write(Status.PROPOSED, ())
    asked = {"supersedes": sorted(set(supersedes))}
    thing = Object(ACCEPT, decision.slug, str(decision.number), decision.owner, None, asked)
    waits = waiting(decision)
    # Who sent what is there already has edited nothing: the reviews that were given stay.
    is_same = waits is not None and waits.proposal == asked
    is_same = is_same and before is not None and decision.revision == before.revision
    draft = waits or Change(kind=ACCEPT, name=thing.name, number=thing.number)
    draft.proposal = asked
    if not asks(ACCEPT, thing.name, thing.number, thing.owner, AcceptDecision().judge(draft)):
        raise _NobodyIsAsked
    if waits is not None and is_same:
        return decision, waits
    return decision, propose(thing, signature)


def _found(change: Change) -> Decision:
    decision = Decision.objects.select_related("owner").prefetch_related("links__workflow").filter(slug=change.name)
    found = decision.first()
    if found is None:
        raise Conflict(f"there is no decision {change.name!r} any more")
    return found


def _things(decision: Decision) -> list[Dependency | Contract]:
    links = decision.links.select_related("dependency__owner", "contract__owner").order_by("pk")
    return [thing for link in links for thing in (link.dependency, link.contract) if thing is not None]


def _hits(decision: Decision, concerned: Sequence[str], supersedes: Sequence[int]) -> tuple[tuple[Team, str], ...]:
    workflows = Workflow.objects.filter(name__in=concerned).select_related("owner").order_by("name")
    old = Decision.objects.filter(number__in=supersedes).select_related("owner").order_by("number")
    return each_once([
        (decision.owner, OWNS),
        *((workflow.owner, f"it concerns {workflow.name}") for workflow in workflows),
        *((thing.owner, f"it concerns {thing.name}") for thing in _things(decision)),
        *((row.owner, f"it supersedes decision {row.number}") for row in old),
    ])  # fmt: skip
