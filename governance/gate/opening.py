"""A change is asked for, or asked for anew with other content. Where nobody need be asked, it is done at once and recorded.

Owns how a change comes to be and whom it asks. Never counts votes: reviewing.py and settling.py do.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from governance.gate import telling
from governance.gate.requirements import Requirement, required, rules_of
from governance.gate.subjects import Judgement, Object, subject_of
from governance.models import Change, ReviewRequest
from orchestration import clock
from orchestration.errors import Conflict, InvalidInput
from orchestration.models import Team
from orchestration.services.applying import Signature
from orchestration.services.governed import hold, require_reason, save

WAITING = (Change.State.OPEN, Change.State.CHANGES_REQUESTED, Change.State.APPROVED, Change.State.SCHEDULED)


@dataclass(frozen=True, slots=True)
class Rollout:
    """When it is done once it is approved: at once, at a time, or when somebody says so."""

    way: str = Change.Rollout.AT_ONCE
    at: datetime | None = None

    def checked(self, expires_at: datetime) -> Rollout:
        """Itself. Raises InvalidInput for a time that is past, missing, or after the change's own end."""
        if self.way not in Change.Rollout.values:
            raise InvalidInput(f"rollout {self.way!r}: there are {', '.join(Change.Rollout.values)}")
        if (self.way == Change.Rollout.SCHEDULED) != (self.at is not None):
            raise InvalidInput("a scheduled rollout takes a time, and no other does")
        if self.at is not None and self.at <= clock.now():
            raise InvalidInput("the time of the rollout is past; choose a later one")
        if self.at is not None and self.at >= expires_at:
            raise InvalidInput(
                f"the change expires at {expires_at:%Y-%m-%d %H:%M} UTC, before the rollout; choose an earlier one"
            )
        return self


def open_change(thing: Object, judgement: Judgement, signature: Signature, rollout: Rollout | None = None) -> Change:
    """Put it to its reviewers; an edit of one that waits already asks everybody anew, and keeps its rollout unless told.

    Runs in the caller's transaction. Raises Conflict for an edit of one that has expired.
    """
    hold()
    rules = rules_of(judgement, thing.kind, thing.name, thing.owner.name)
    same = Change.objects.select_for_update().filter(kind=thing.kind, name=thing.name, number=thing.number)
    change = same.filter(state__in=WAITING).first()
    edited = change is not None
    if change is None:
        now = clock.now()
        change = Change(
            kind=thing.kind, name=thing.name, number=thing.number, opened_at=now, expires_at=now + rules.expires
        )
    elif change.expires_at <= clock.now():  # the next round ends it
        raise Conflict(f"change {change.pk} has expired; ask anew in a few seconds, a version with a higher number")
    if judgement.until is not None:
        change.expires_at = min(change.opened_at + rules.expires, judgement.until)
    change.owner, change.version, change.proposal = thing.owner, thing.version, thing.proposal
    change.state, change.author, change.reason = Change.State.OPEN, signature.actor, signature.reason
    if rollout is not None:
        checked = rollout.checked(change.expires_at)
        change.rollout, change.apply_at = checked.way, checked.at
    asked = with_kept(change, required(judgement, rules))
    describe(change, judgement, asked)
    save(change, actor=signature.actor, reason=signature.reason)
    ask(change, asked)
    telling.tell(change, "change.edited" if edited else "change.proposed", signature.actor, signature.reason)
    if not asked:
        from governance.gate.settling import settle  # settling asks anew, so it knows this module

        settle(change, signature.actor, signature.reason)
    return change


def asked_of(change: Change, judgement: Judgement) -> list[Requirement]:
    """Whom a change asks, by what is judged of it now and the policies of now and before."""
    return with_kept(change, required(judgement, rules_of(judgement, change.kind, change.name, change.owner.name)))


def with_kept(change: Change, asked: list[Requirement]) -> list[Requirement]:
    """With what policies have asked of this change before, for a policy that is made laxer meanwhile is no way round."""
    if change._state.adding:
        return asked
    before = {one.team_id: one for one in change.requests.select_related("team")}
    found = [
        Requirement(one.team, max(one.needed, before[one.team.pk].needed if one.team.pk in before else 1), one.why, one.by_policy)
        for one in asked
    ]  # fmt: skip
    known = {one.team.pk for one in found}
    kept = [one for one in before.values() if one.by_policy and one.team_id not in known]
    return found + [Requirement(one.team, one.needed, one.why, by_policy=True) for one in kept]


def describe(change: Change, judgement: Judgement, asked: list[Requirement]) -> None:
    """Write down what reviewers are to see, and the hash that binds their reviews to it: to none that was there before."""
    change.base, change.verdict, change.report = judgement.base, judgement.verdict, judgement.report
    change.revision += 1
    change.content_hash = judgement.bound_to([(one.team.pk, one.needed) for one in asked], change.revision)


def ask(change: Change, asked: list[Requirement]) -> None:
    """Make the requests be these. One that stays keeps its reminders."""
    ReviewRequest.objects.filter(change=change).exclude(team__in=[one.team for one in asked]).delete()
    for one in asked:
        facts = {"needed": one.needed, "why": one.why[:200], "by_policy": one.by_policy}
        ReviewRequest.objects.update_or_create(change=change, team=one.team, defaults=facts)


def propose(thing: Object, signature: Signature, rollout: Rollout | None = None) -> Change:
    """Ask for something other than a new version. Raises Conflict or InvalidInput when it can't be done at all."""
    signed = Signature(signature.actor, require_reason(signature.reason), signature.source)
    with transaction.atomic():
        hold()
        waits = Change.objects.select_for_update().filter(kind=thing.kind, name=thing.name, number=thing.number)
        draft = waits.filter(state__in=WAITING).first() or Change(opened_at=clock.now())
        draft.kind, draft.name, draft.number = thing.kind, thing.name, thing.number
        draft.owner, draft.version, draft.proposal = thing.owner, thing.version, thing.proposal
        return open_change(thing, subject_of(thing.kind).judge(draft), signed, rollout)


def asks(kind: str, name: str, number: str, owner: Team, judgement: Judgement) -> list[Team]:
    """The teams that it would ask, before anything is written; those too that a change which waits must still ask."""
    asked = required(judgement, rules_of(judgement, kind, name, owner.name))
    waits = Change.objects.filter(kind=kind, name=name, number=number, state__in=WAITING).first()
    return [one.team for one in (with_kept(waits, asked) if waits is not None else asked)]
