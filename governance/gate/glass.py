"""Break glass: in an emergency two people do what is asked without its reviews; the reviews are made up for afterwards.

The second is an approver of the owning team, no author, and not the first. It is told to everyone who was asked, opens a review
that must be completed by the expiry, and is taken back when nobody did. Owns those rules.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction

from governance.gate import telling
from governance.gate.opening import WAITING, ask, describe
from governance.gate.refusing import not_now, require_seen
from governance.gate.requirements import Requirement
from governance.gate.settling import force, locked
from governance.gate.standing import Standing, authors_of, standing
from governance.gate.subjects import FOLLOW_UP, Judgement, subject_of
from governance.models import BrokenGlass, Change
from orchestration import clock
from orchestration.errors import Conflict, Forbidden, InvalidInput
from orchestration.services.governed import require_reason, save

LONGEST = timedelta(days=14)
State = BrokenGlass.State


def ask_to_break(*, change: Change, person: Any, reason: str, expires_at: datetime, seen: str) -> BrokenGlass:
    """The first of the two. Callers have checked that the person maintains or reviews for the owning team.

    Raises Conflict for a change that is over, was edited since `seen`, or was asked for already, InvalidInput for the date.
    """
    reason = require_reason(reason)
    now = clock.now()
    if not now < expires_at <= now + LONGEST:
        raise InvalidInput(f"the review must be made up for within {LONGEST.days} days from now; choose another date")
    with transaction.atomic():
        current = locked(change)
        _refuse_unfit(current, seen)
        glass = BrokenGlass.objects.filter(change=current).first() or BrokenGlass(change=current)
        if glass.pk is not None and holds(glass, current):
            raise Conflict(f"{glass.first} asked for it already; a second person must confirm")
        glass.first, glass.reason, glass.asked_at, glass.expires_at = person, reason, now, expires_at
        glass.content_hash = current.content_hash
        save(glass, actor=person, reason=reason)
        telling.tell(current, "change.glass_asked", person, reason)
    return glass


def break_glass(*, change: Change, person: Any, reason: str, seen: str) -> Change:
    """The second of the two: it is done now. Raises Conflict, Forbidden."""
    reason = require_reason(reason)
    with transaction.atomic():
        current = locked(change)
        _refuse_unfit(current, seen)
        glass = BrokenGlass.objects.select_for_update().filter(change=current, state=State.ASKED).first()
        if glass is None or not holds(glass, current):
            raise Conflict("nobody has asked to break the glass for what it says now; the first of two people does")
        if glass.first_id == person.pk:
            raise Forbidden("breaking the glass takes two people; somebody else must confirm")
        if standing(current, person, current.owner) != Standing():
            raise Forbidden(f"the second person is an approver of team {current.owner.name} itself")
        glass.state, glass.second, glass.second_reason, glass.broken_at = State.BROKEN, person, reason, clock.now()
        save(glass, actor=person, reason=reason)
        force(current, person, reason)
        glass.follow_up = _follow_up(current, glass)
        save(glass, actor=None, reason="the review that makes up for it")
        telling.tell(current, "change.glass_broken", person, reason, expires_at=glass.expires_at.isoformat())
    return current


def lapse(glass: BrokenGlass) -> None:
    """Its time is over and nobody agreed: what it let through is taken back."""
    why = "the glass was broken for it, and nobody reviewed it in time"
    glass.state = State.LAPSED
    save(glass, actor=None, reason=why)
    subject_of(glass.change.kind).undo(glass.change, why)
    telling.tell(glass.change, "change.glass_lapsed", None, why)


def holds(glass: BrokenGlass, change: Change) -> bool:
    """Whether the first's asking is about what the change says now, and its date is not over."""
    return glass.content_hash == change.content_hash and glass.expires_at > clock.now()


def _refuse_unfit(change: Change, seen: str) -> None:
    if change.kind == FOLLOW_UP:
        raise Conflict("the glass was broken once already, and this is how it is made up for; it takes its reviews")
    if change.state not in WAITING:
        raise not_now(change, "there is no gate to break")
    require_seen(change, seen)


def _follow_up(change: Change, glass: BrokenGlass) -> Change:
    """Everybody who was asked is asked again; whoever broke the glass counts as its author."""
    now = clock.now()
    asked = [
        Requirement(one.team, one.needed, one.why, one.by_policy) for one in change.requests.select_related("team")
    ]
    after = Change(
        kind=FOLLOW_UP, name=change.name, number=change.number, owner=change.owner, version=change.version, base=change.base,
        proposal={"change": change.pk}, state=Change.State.OPEN, author=change.author,
        reason=f"Review after the glass was broken for change {change.pk}: {glass.reason}"[:2_000], opened_at=now,
        expires_at=glass.expires_at,
    )  # fmt: skip
    describe(after, FollowUp.judgement(change), asked)
    wrote = get_user_model().objects.filter(pk__in=authors_of(change)).order_by("pk")
    for author in dict.fromkeys([glass.first, glass.second, *wrote, change.author]):  # each a revision of theirs:
        after.author = author  # no reviewer of it
        save(after, actor=author, reason=after.reason)
    ask(after, asked)
    return after


class FollowUp:
    """The review that makes up for broken glass."""

    kind = FOLLOW_UP
    done = "reviewed"

    @staticmethod
    def judgement(first: Change) -> Judgement:
        """What was judged when the glass was broken."""
        teams = tuple((one.team, one.why) for one in first.requests.select_related("team"))
        return Judgement(
            first.verdict, first.report, teams, [first.pk, first.content_hash], first.base, "the glass was broken for it"  # type: ignore[arg-type]
        )  # fmt: skip

    def judge(self, change: Change) -> Judgement:
        """See subjects.Subject."""
        return self.judgement(self._first(change))

    def do(self, change: Change, actor: Any, reason: str) -> None:
        """It was agreed to after all."""
        glass = BrokenGlass.objects.select_for_update().get(follow_up=change)
        if glass.state == State.BROKEN:
            glass.state = State.REVIEWED
            save(glass, actor=actor, reason=reason)

    def refuse(self, change: Change, actor: Any, reason: str) -> None:
        """It was not: what was let through is taken back."""
        glass = BrokenGlass.objects.select_for_update().select_related("change").get(follow_up=change)
        if glass.state == State.BROKEN:
            lapse(glass)

    def undo(self, change: Change, reason: str) -> None:
        """See subjects.Subject."""

    def _first(self, change: Change) -> Change:
        return Change.objects.get(pk=change.proposal["change"])
