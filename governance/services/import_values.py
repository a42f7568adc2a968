"""What an import writes into a decision: checked values, a number and a name that are free.

Owns those choices. Never saves.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.text import slugify

from governance.decisions import ParsedDecision, Planned
from governance.decisions.naming import split_stem, stem_of
from governance.decisions.stored import MAX_TITLE, front_matter_of
from governance.models import Decision
from governance.selectors.decision_files import sum_of
from governance.services.documents import Faults, checked_body, checked_title, find_team
from governance.services.succession import DECIDED
from orchestration.errors import InvalidInput
from orchestration.models import Team, Workflow

_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A decision as its file, and the plan of its folder, want it."""

    record: ParsedDecision
    title: str
    status: str
    successor: Decision | None
    owner: Team
    workflows: tuple[str, ...]

    def fields(self) -> dict[str, Any]:
        """What services.decisions takes, who and why apart."""
        return {
            "title": self.title, "body": self.record.body, "status": self.status, "owner": self.owner,
            "date": self.record.date, "workflows": self.workflows, "front_matter": front_matter_of(self.record),
            "superseded_by": self.successor.number if self.successor else None,
        }  # fmt: skip

    def sum_for(self, decision: Decision) -> str:
        """The content sum that the decision would have; a file without a date leaves the one that it has."""
        return sum_of(
            title=self.title, body=self.record.body, status=self.status,
            date=(self.record.date or decision.date).isoformat(),
            successor=self.successor.number if self.successor else None, front_matter=front_matter_of(self.record),
        )  # fmt: skip


def wanted_of(one: Planned, successor: Decision | None, owner: Team | None, may: Callable[[Team], bool]) -> Wanted:
    """The values, and notices of what had to give way. Raises InvalidInput."""
    record, status = one.record, one.status
    if one.successor and (successor is None or successor.status not in DECIDED):
        # What is rejected here takes nobody's place, whatever its file says.
        status, successor = record.status or "draft", None
        stays = "superseded without one" if status == "superseded" else f"it stays {status}"
        one.notices.append(f"{one.successor} can't be its successor here; {stays}")
    title = re.sub(r"\s+", " ", record.title).strip() or f"Decision {record.number or record.path}"
    if len(title) > MAX_TITLE:
        one.notices.append(f"its title has {len(title)} characters and was cut to {MAX_TITLE}; the file keeps all")
        title = title[: MAX_TITLE - 1].rstrip() + "…"
    return Wanted(record, title, status, successor, _owner(one, owner, may), _workflows(one))


def _owner(one: Planned, given: Team | None, may: Callable[[Team], bool]) -> Team:
    """The team that the file names, if whoever imports may write for it; else the one given for all."""
    name = one.record.front_matter.get("owner")
    if isinstance(name, str) and name:
        if given is None:
            return find_team(name)
        own = Team.objects.filter(name=name).first() if name.isascii() and name.isprintable() else None
        if own is not None and may(own):
            return own
        if own != given:
            one.notices.append(f"its owner {name[:63]!r} is no team that you may write for; {given.name} owns it")
    if given is None:
        raise InvalidInput("no owner: write `owner: <team>` into its front matter, or name a team for all by --owner")
    return given


def _workflows(one: Planned) -> tuple[str, ...]:
    """Those that exist; a link to nothing is left out with a notice rather than keeping the record out."""
    value = one.record.front_matter.get("workflows")
    listed = value if isinstance(value, list) else [value] if value else []
    names = [name for name in dict.fromkeys(listed) if isinstance(name, str) and name.isascii() and name.isprintable()]
    known = set(Workflow.objects.filter(name__in=names).values_list("name", flat=True)) if names else set()
    one.notices += [
        f"there is no workflow {name[:63]!r} yet; the link was left out" for name in names if name not in known
    ]
    return tuple(name for name in names if name in known)


def checked(wanted: Wanted) -> None:
    """Refuse what no decision can be, before anything is written. Raises InvalidInput."""
    faults = Faults()
    checked_title(wanted.title, faults)
    checked_body(wanted.record.body, faults)
    faults.check()


def slug_of_path(path: str) -> str:
    """The name that a file's own gives a decision; empty in a script that has no ASCII letters."""
    return slugify(split_stem(stem_of(path))[1])[:63].strip("-")


class Names:
    """Numbers and names for new decisions: the file's own where they are free."""

    def __init__(self) -> None:
        rows = list(Decision.objects.values_list("number", "slug"))
        self._numbers = {number for number, _ in rows}
        self._slugs = {slug for _, slug in rows}
        self._allotted: dict[str, int] = {}

    def allot(self, records: Sequence[ParsedDecision]) -> None:
        """Give the files that state a number theirs, then the others the next ones, so that none takes another's."""
        for record in records:
            if record.number and record.number not in self._numbers:
                self._allotted[record.path] = record.number
                self._numbers.add(record.number)
        following = max(self._numbers, default=0) + 1
        for record in records:
            if record.path not in self._allotted:
                self._allotted[record.path] = following
                following += 1

    def of(self, record: ParsedDecision) -> tuple[int, str, tuple[str, ...]]:
        """Number, name and notices of a record."""
        number = self._allotted[record.path]
        why = "is taken" if record.number else "is none here, where they begin at 1"
        notice = () if record.number in (None, number) else (f"number {record.number} {why}; it became {number}",)
        return number, self._slug(record, number), notice

    def _slug(self, record: ParsedDecision, number: int) -> str:
        found = [slug_of_path(record.path), slugify(record.title)[:63].strip("-")]
        base = next((name for name in found if _NAME.fullmatch(name)), "decision")
        candidates = [base, f"{base[:50].strip('-')}-{number}"] if base != "decision" else [f"decision-{number}"]
        candidates += [f"{base[:50].strip('-')}-{number}-{n}" for n in range(2, 100)]
        slug = next(name for name in candidates if name not in self._slugs)
        self._slugs.add(slug)
        return slug
