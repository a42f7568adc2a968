"""Deprecating and retiring versions, of contracts and of workflows alike.

A deprecated version has a date, a sunset and a successor. The sunset comes no sooner than the policy's notice; moving it earlier
breaks a promise, so those who rely on it are asked. Retiring is refused while anything live still uses the version. Owns those
rules. Which rows they are about, and who uses them, is shelves.py's.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from governance.gate import telling
from governance.gate.requirements import rules_for
from governance.gate.shelves import Shelf, Version
from governance.gate.subjects import Judgement
from governance.models import Change
from orchestration import clock
from orchestration.errors import Conflict, InvalidInput
from orchestration.services.governed import save


class Deprecate:
    """Kinds contract.deprecate and workflow.deprecate. `proposal`: {"sunset_at": ISO 8601, "successor": version}."""

    done = "deprecated"

    def __init__(self, shelf: Shelf) -> None:
        self.shelf, self.kind = shelf, f"{shelf.noun}.deprecate"

    def judge(self, change: Change) -> Judgement:
        """Raises Conflict for a version that is not live, InvalidInput for dates and successors that can't be."""
        version = self.shelf.find(change.name, change.number)
        if version.state not in ("active", "deprecated"):
            raise Conflict(f"{change.object} is {version.state}; only a live version can be deprecated")
        sunset = moment(change.proposal.get("sunset_at"))
        earlier = version.sunset_at is not None and sunset < version.sunset_at
        self._refuse_unfit(change, version, sunset, agreed=earlier)
        findings = [_moved(change, version.sunset_at, sunset)] if earlier and version.sunset_at else []
        before = {
            "state": version.state, "successor": version.successor,
            "sunset_at": version.sunset_at.isoformat() if version.sunset_at else None,
            "deprecated_at": version.deprecated_at.isoformat() if version.deprecated_at else None,
        }  # fmt: skip
        hits = self.shelf.hits(version)
        content = [change.kind, version.pk, change.proposal, before]
        return Judgement("breaking" if earlier else "safe", {"findings": findings, "before": before}, hits, content)

    def _refuse_unfit(self, change: Change, version: Version, sunset: datetime, *, agreed: bool) -> None:
        """`agreed`: those who use it are asked, so the notice counts from when they were; else from when it is done."""
        rules, now = rules_for(change.kind, change.name, change.owner.name), clock.now()
        is_new = version.sunset_at is None or agreed
        if sunset <= (version.deprecated_at or now) or (is_new and sunset <= now):
            raise InvalidInput("the sunset comes after the deprecation, and is not past; choose a later date")
        if is_new and sunset < (change.opened_at if agreed else now) + rules.notice:
            days = rules.notice.days
            raise InvalidInput(f"the policy wants {days} days' notice, so the sunset is at least {days} days from now")
        successor = change.proposal.get("successor", "")
        if successor == change.number:
            raise InvalidInput("a version can't be its own successor; name the one to move to")
        if successor not in self.shelf.active(change.name):
            raise InvalidInput(
                f"the successor {successor[:64]!r} is no active version of {change.name}; publish it first"
            )

    def do(self, change: Change, actor: Any, reason: str) -> None:
        """See subjects.Subject."""
        version = self.shelf.find(change.name, change.number)
        version.state = "deprecated"
        version.deprecated_at = version.deprecated_at or clock.now()
        version.sunset_at, version.successor = moment(change.proposal["sunset_at"]), change.proposal["successor"]
        save(version, actor=actor, reason=reason)
        self.shelf.follow(version, actor, reason)
        telling.tell_version("version.deprecated", version, actor, reason)

    def refuse(self, change: Change, actor: Any, reason: str) -> None:
        """The version stays as it is."""

    def undo(self, change: Change, reason: str) -> None:
        """The dates of before."""
        version, before = self.shelf.find(change.name, change.number), change.report["before"]
        if version.state != "deprecated":
            return  # it went on to its end meanwhile: it does not come back
        version.state, version.successor = before["state"], before["successor"]
        version.sunset_at = moment(before["sunset_at"]) if before["sunset_at"] else None
        version.deprecated_at = moment(before["deprecated_at"]) if before["deprecated_at"] else None
        save(version, actor=None, reason=reason)
        self.shelf.follow(version, None, reason)


class Retire:
    """Kinds contract.retire and workflow.retire."""

    done = "retired"

    def __init__(self, shelf: Shelf) -> None:
        self.shelf, self.kind = shelf, f"{shelf.noun}.retire"

    def judge(self, change: Change) -> Judgement:
        """Raises Conflict while anything live uses it, or before its sunset."""
        version = self.shelf.find(change.name, change.number)
        if version.state not in ("active", "deprecated"):
            raise Conflict(f"{change.object} is {version.state}; only a live version can be retired")
        users = self.shelf.in_use(version)
        if users:
            more = f" and {len(users) - 3} more" if len(users) > 3 else ""
            raise Conflict(f"{change.object} is still used by {', '.join(users[:3])}{more}; move them first")
        if version.sunset_at is not None and version.sunset_at > clock.now():
            raise Conflict(f"the sunset of {change.object} is {version.sunset_at:%Y-%m-%d}; retire it then")
        before = {"state": version.state}
        owner = self.shelf.hits(version)[:1]
        return Judgement("safe", {"findings": [], "before": before}, owner, [change.kind, version.pk, before])

    def do(self, change: Change, actor: Any, reason: str) -> None:
        """See subjects.Subject."""
        version = self.shelf.find(change.name, change.number)
        version.state, version.retired_at = "retired", clock.now()
        save(version, actor=actor, reason=reason)
        self.shelf.follow(version, actor, reason)
        telling.tell_version("version.retired", version, actor, reason)

    def refuse(self, change: Change, actor: Any, reason: str) -> None:
        """The version stays as it is."""

    def undo(self, change: Change, reason: str) -> None:
        """Live again."""
        version = self.shelf.find(change.name, change.number)
        if version.state != "retired":
            return
        version.state, version.retired_at = change.report["before"]["state"], None
        save(version, actor=None, reason=reason)
        self.shelf.follow(version, None, reason)


def moment(text: Any) -> datetime:
    """An ISO 8601 time with its zone. Raises InvalidInput."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        raise InvalidInput(f"{str(text)[:40]!r} is no time; write it as 2027-01-31T00:00:00+00:00") from None
    if found.tzinfo is None:
        raise InvalidInput(f"{str(text)[:40]!r} names no zone; add one, such as +00:00")
    return found


def _moved(change: Change, before: datetime, after: datetime) -> dict[str, str]:
    text = f"the sunset moves from {before:%Y-%m-%d} to {after:%Y-%m-%d}: sooner than was promised"
    return {
        "rule": "sunset-moved-earlier",
        "pointer": "/sunset_at",
        "direction": "BACKWARD",
        "text": text,
        "fingerprint": f"{before:%Y%m%d}{after:%Y%m%d}",
    }
