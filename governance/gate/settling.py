"""What becomes of a change: done, scheduled, kept for a hand, rejected, withdrawn or expired.

The judgement is repeated before anything is done: another outcome, base or circle of teams asks everybody anew. Owns the
transitions of Change.State. Never records votes.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction

from governance.gate import error_budgets, telling
from governance.gate.opening import WAITING, Rollout, ask, asked_of, describe
from governance.gate.refusing import not_now
from governance.gate.subjects import FOLLOW_UP, Judgement, subject_of
from governance.gate.waiving import waived_teams
from governance.models import Change, Review
from governance.selectors.reviews import approvals, counted, owner_now
from orchestration import clock
from orchestration.errors import Conflict
from orchestration.services.governed import hold, require_reason, save

State = Change.State


def locked(change: Change) -> Change:
    """The change as it is, nobody else changing it until the transaction ends; expired, where its time is over."""
    hold()
    current = (
        Change.objects.select_for_update(of=("self",))
        .select_related("version__contract__owner", "owner")
        .get(pk=change.pk)
    )
    if current.state in WAITING:
        current.owner = owner_now(current)
    if current.state in WAITING and current.expires_at <= clock.now():
        end(current, State.EXPIRED, None, "nobody completed its reviews in time")
    return current


def settle(change: Change, actor: Any, reason: str, *, rejected: bool = False) -> None:
    """What the votes so far come to; nothing, while some are missing."""
    if rejected:
        end(change, State.REJECTED, actor, reason)
        return
    if not is_complete(change):
        return
    now = clock.now()
    if change.rollout == Change.Rollout.BY_HAND:
        _become(change, State.APPROVED, actor, reason)
    elif change.apply_at is not None and change.apply_at > now:
        _become(change, State.SCHEDULED, actor, reason)
    else:
        do(change, actor, reason)


def is_complete(change: Change) -> bool:
    """Whether each team that is asked has approved, by as many people as it takes, or waived what hits it."""
    if any(one.vote != Review.Vote.APPROVE for one in counted(change)):
        return False
    waived, given = waived_teams(change), approvals(change)
    return all(one.team_id in waived or given[one.team_id] >= one.needed for one in change.requests.all())


def do(change: Change, actor: Any, reason: str) -> None:
    """Judge once more, with what there is now, and do it; what comes out differently asks anew."""
    subject = subject_of(change.kind)
    judgement = subject.judge(change)
    asked = asked_of(change, judgement)
    if judgement.bound_to([(one.team.pk, one.needed) for one in asked], change.revision) != change.content_hash:
        describe(change, judgement, asked)
        ask(change, asked)
        _reopen(change, "judged again before it was done, it came out differently: reviews begin anew")
    elif frozen := error_budgets.frozen(change.kind, change.name, _owners(change, judgement)):
        _become(change, State.APPROVED, None, f"it waits: {error_budgets.words(frozen)}")
    elif not is_complete(change):
        _reopen(change, "a waiver that it rested on has ended: the team is asked again")
    else:
        _done(change, actor, reason)
        subject.do(change, actor, reason)
        telling.tell(change, "change.applied", actor, reason)


def force(change: Change, actor: Any, reason: str) -> None:
    """Do it without its reviews: glass.py has asked the two people. Whom it asks by now makes up for it."""
    subject = subject_of(change.kind)
    judgement = subject.judge(change)
    change.verdict, change.report, change.base = judgement.verdict, judgement.report, judgement.base
    ask(change, asked_of(change, judgement))
    _done(change, actor, reason)
    subject.do(change, actor, reason)


def apply_now(*, change: Change, person: Any, reason: str) -> Change:
    """Do what is approved and waits for a hand, or for a later time. Raises Conflict for one that is not approved."""
    reason = require_reason(reason)
    with transaction.atomic():
        current = locked(change)
        may = current.state in (State.APPROVED, State.SCHEDULED)
        if may:
            _refuse_frozen(current)
            do(current, person, reason)
    if not may:
        raise not_now(current, "only an approved one can be applied")
    return current


def reschedule(*, change: Change, person: Any, reason: str, rollout: Rollout) -> Change:
    """Another time, or another way, of the rollout. Raises Conflict for one that is over, InvalidInput for the time."""
    reason = require_reason(reason)
    with transaction.atomic():
        current = locked(change)
        if current.state not in WAITING:
            raise not_now(current, "it has no rollout any more")
        _refuse_follow_up(current, "has no rollout")
        checked = rollout.checked(current.expires_at)
        current.rollout, current.apply_at = checked.way, checked.at
        save(current, actor=person, reason=reason)
        telling.tell(current, "change.rescheduled", person, reason, rollout=checked.way)
        if current.state in (State.APPROVED, State.SCHEDULED):
            settle(current, person, reason)
    return current


def withdraw(*, change: Change, person: Any, reason: str) -> Change:
    """Take it back; nothing is done. Raises Conflict for one that is over."""
    reason = require_reason(reason)
    with transaction.atomic():
        current = locked(change)
        _refuse_follow_up(current, "can't be withdrawn")
        if current.state in WAITING:
            end(current, State.WITHDRAWN, person, reason)
            return current
    raise not_now(current, "there is nothing to withdraw")


def _refuse_frozen(change: Change) -> None:
    frozen = error_budgets.frozen(change.kind, change.name, _owners(change, subject_of(change.kind).judge(change)))
    if frozen:
        raise Conflict(f"{error_budgets.words(frozen)}; apply it when there is budget again, or break the glass")


def _owners(change: Change, judgement: Judgement) -> list[str]:
    return [change.owner.name, *(team.name for team in judgement.owners)]


def _refuse_follow_up(change: Change, what: str) -> None:
    if change.kind == FOLLOW_UP:
        raise Conflict(
            f"the review by which broken glass is made up for {what}; it is completed, or what was done is taken back"
        )


def end(change: Change, state: State, actor: Any, reason: str) -> None:
    """It was rejected, withdrawn, or has expired."""
    change.state, change.decided_at = state, clock.now()
    save(change, actor=actor, reason=reason)
    subject_of(change.kind).refuse(change, actor, reason)
    telling.tell(change, f"change.{state.value}", actor, reason)


def _reopen(change: Change, why: str) -> None:
    change.state = State.OPEN
    save(change, actor=None, reason=why)
    telling.tell(change, "change.reopened", None, why)


def _done(change: Change, actor: Any, reason: str) -> None:
    change.state, change.decided_at = State.APPLIED, clock.now()
    save(change, actor=actor, reason=reason)


def _become(change: Change, state: State, actor: Any, reason: str) -> None:
    if change.state != state:
        change.state = state
        save(change, actor=actor, reason=reason)
        telling.tell(change, "change.approved", actor, reason)
