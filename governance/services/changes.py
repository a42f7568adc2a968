"""The gate: a version that breaks, or may break, waits here for the teams that it hits, and is published by their reviews.

What can't be got round: an author of any revision does not approve; a review is bound to what was seen, and any edit voids
it; a person counts once, for one team, in which they held the role before the change was opened; the comparison runs again
before it is published, and another verdict asks everybody anew. Owns those rules. Never decides who may sign in.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.db import transaction

from governance.models import Change, ContractVersion, Review
from governance.selectors.changes import counted
from governance.services.assessing import Assessment, assess
from orchestration import clock
from orchestration.errors import Conflict, Forbidden, InvalidInput
from orchestration.models import Membership, Role, Team
from orchestration.services.applying import Signature
from orchestration.services.governed import require_reason, save

#: For how long a change waits for its reviews.
EXPIRES_AFTER = timedelta(days=30)
OPEN = (Change.State.OPEN, Change.State.CHANGES_REQUESTED)


def open_change(version: ContractVersion, assessment: Assessment, signature: Signature) -> Change:
    """Put a proposed version to its reviewers; an edit of one that waits already asks everybody anew."""
    change = Change.objects.select_for_update().filter(version=version).first()
    if change is None:
        now = clock.now()
        change = Change(version=version, opened_at=now, expires_at=now + EXPIRES_AFTER)
    change.state, change.author, change.reason = Change.State.OPEN, signature.actor, signature.reason
    _describe(change, assessment)
    save(change, actor=signature.actor, reason=signature.reason)
    change.teams.set(assessment.teams)
    return change


def review(*, change: Change, person: Any, team: Team, vote: str, reason: str, seen: str) -> Change:
    """Record a vote. Raises Conflict for a change that is over or was edited since `seen`, Forbidden, InvalidInput.

    The vote that completes the reviews publishes the version, in the same transaction.
    """
    reason = require_reason(reason)
    if vote not in Review.Vote.values:
        raise InvalidInput(f"vote {vote!r}: there are {', '.join(Review.Vote.values)}")
    with transaction.atomic():
        current = _locked(change)
        if current.state == Change.State.EXPIRED:
            expired = True
        else:
            expired = False
            _refuse_unfit(current, person, team, seen)
            Review.objects.create(
                change=current, team=team, person=person, vote=vote, reason=reason,
                content_hash=current.content_hash, at=clock.now(),
            )  # fmt: skip
            _settle(current, person, vote, reason)
    if expired:
        raise Conflict(f"change {change.pk} has expired; apply the manifest again to ask anew")
    return current


def withdraw(*, change: Change, person: Any, reason: str) -> Change:
    """Take a change back; its version is not published. Raises Conflict for one that is over."""
    reason = require_reason(reason)
    with transaction.atomic():
        current = _locked(change)
        if current.state in OPEN:
            _end(current, Change.State.WITHDRAWN, ContractVersion.State.REJECTED, person, reason)
            return current
    raise Conflict(f"change {change.pk} is {current.get_state_display().lower()}; there is nothing to withdraw")


def approvals(change: Change) -> dict[int, Review]:
    """The vote of each team that counts for the content as it is, by team: its last one."""
    return {one.team_id: one for one in counted(change)}


def _locked(change: Change) -> Change:
    current = Change.objects.select_for_update().select_related("version__contract__owner").get(pk=change.pk)
    if current.state in OPEN and current.expires_at <= clock.now():
        _end(
            current, Change.State.EXPIRED, ContractVersion.State.REJECTED, None, "nobody completed its reviews in time"
        )
    return current


def _refuse_unfit(change: Change, person: Any, team: Team, seen: str) -> None:
    if change.state != Change.State.OPEN:
        raise Conflict(f"change {change.pk} is {change.get_state_display().lower()}; it takes no reviews")
    if seen != change.content_hash:
        raise Conflict(f"change {change.pk} was edited, or its verdict changed, since you read it; read it again")
    if not change.teams.filter(pk=team.pk).exists():
        raise InvalidInput(f"team {team.name} is not asked about change {change.pk}")
    if change.history.filter(author=person).exists() or change.author_id == person.pk:
        raise Forbidden("an author of a change can't review it; somebody else of the team can")
    _require_role(change, person, team)
    if change.reviews.filter(person=person, content_hash=change.content_hash).exists():
        raise Conflict("you have reviewed this already: a person counts once, for one team")


def _require_role(change: Change, person: Any, team: Team) -> None:
    """Approver of the team, and since before the change was opened: nobody names themselves for it."""
    held = Membership.objects.filter(user=person, team=team, role=Role.APPROVER).first()
    if held is None:
        raise Forbidden(f"{person} is no approver of team {team.name}; an admin can grant the role")
    given = held.history.filter(history_type="+").order_by("history_date").first()
    if given is None or given.history_date > change.opened_at:
        raise Forbidden(
            f"{person} became approver of {team.name} after the change was opened, so it does not count here"
        )


def _settle(change: Change, person: Any, vote: str, reason: str) -> None:
    """What the votes so far come to."""
    if vote == Review.Vote.REJECT:
        _end(change, Change.State.REJECTED, ContractVersion.State.REJECTED, person, reason)
    elif vote == Review.Vote.REQUEST_CHANGES:
        change.state = Change.State.CHANGES_REQUESTED
        save(change, actor=person, reason=reason)
    elif all(one.vote == Review.Vote.APPROVE for one in approvals(change).values()) and _is_complete(change):
        _publish(change, person, reason)


def _is_complete(change: Change) -> bool:
    return {team.pk for team in change.teams.all()} <= approvals(change).keys()


def _publish(change: Change, person: Any, reason: str) -> None:
    """Compare once more, with what there is now; another verdict, base or circle of teams asks anew."""
    contract, version = change.version.contract, change.version
    spec = version.canonical["spec"]
    assessment = assess(
        name=contract.name, version=version.version, schema=version.schema, policy=spec.get("policy", "tolerant"),
        level=spec.get("compatibility"), owner=contract.owner,
    )  # fmt: skip
    if assessment.subject(version.content_hash) != change.content_hash:
        _describe(change, assessment)
        save(
            change,
            actor=None,
            reason="the comparison, repeated before publishing, came out differently: reviews begin anew",
        )
        change.teams.set(assessment.teams)
        return
    _end(change, Change.State.APPLIED, ContractVersion.State.ACTIVE, person, reason)
    policy, description = spec.get("policy", "tolerant"), version.canonical["metadata"].get("description", "")
    if (contract.policy, contract.description) != (policy, description):
        contract.policy, contract.description = policy, description
        save(contract, actor=person, reason=reason)


def _describe(change: Change, assessment: Assessment) -> None:
    report = assessment.report
    assert report is not None
    change.base, change.verdict = assessment.base, report.verdict
    change.content_hash = assessment.subject(change.version.content_hash)
    change.report = {
        "level": report.level, "policy": report.policy, "bump": report.bump, "takes": assessment.takes,
        "declared": assessment.declared, "findings": [asdict(one) for one in report.findings],
        "witness": report.witness, "has_witness": report.has_witness, "broken": report.broken,
        "complaint": list(report.complaint), "doubt": report.doubt, "other_rules": assessment.other_rules,
    }  # fmt: skip


def _end(change: Change, state: Change.State, published: ContractVersion.State, person: Any, reason: str) -> None:
    change.state, change.decided_at = state, clock.now()
    save(change, actor=person, reason=reason)
    change.version.state = published
    save(change.version, actor=person, reason=reason)
