"""A folder of records as a whole: which file each link means, who takes whose place, and in which order to write them.

Owns that plan: one successor each, only a decided record succeeds another, no circle of successors or amendments. Pure:
what a database already has comes in as records too. What a rule refuses becomes a plain relation and a notice: nothing is lost.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from governance.decisions.naming import INSIDE
from governance.decisions.record import Link, ParsedDecision

DECIDED = frozenset({"accepted", "deprecated", "superseded"})


@dataclass(frozen=True, slots=True)
class Relation:
    """From the record that holds it to another: it `amends` or `relates`, in its own `words`."""

    kind: str
    path: str
    words: str = ""


@dataclass(slots=True)
class Planned:
    """What a record becomes."""

    record: ParsedDecision
    status: str
    successor: str = ""
    """The path of the record that supersedes it."""
    relations: list[Relation] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Plan:
    """Every record by path, a record always after its successor."""

    records: Mapping[str, Planned]


def plan(records: Sequence[ParsedDecision]) -> Plan:
    """The plan of a folder's records."""
    planned = {
        record.path: Planned(record, record.status or "draft") for record in sorted(records, key=lambda r: r.path)
    }
    _Planner(planned).run()
    return Plan({path: planned[path] for path in _ordered(planned)})


class _Planner:
    """One pass over the links; each is either taken as what it says, or as a relation with a notice."""

    def __init__(self, planned: dict[str, Planned]) -> None:
        self.planned = planned
        self.index = _Index([one.record for one in planned.values()])
        self.related: set[frozenset[str]] = set()

    def run(self) -> None:
        links = [
            (one, link, self.index.find(one.record, link)) for one in self.planned.values() for link in one.record.links
        ]
        # What the old record says of its own end counts before what others claim of it.
        for wanted in ("superseded_by", "supersedes", "amends", "amended_by", "relates"):
            for one, link, path in links:
                if link.kind != wanted:
                    continue
                if path:
                    self._take(one, link, self.planned[path])
                elif link.kind != "relates":
                    one.notices.append(f"it says {_said(link)}, which is no file here; the link stays in its text")
        for one in self.planned.values():
            self._settle(one)

    def _take(self, one: Planned, link: Link, other: Planned) -> None:
        if link.kind == "superseded_by":
            self._succeed(one, other, link, one)
        elif link.kind == "supersedes":
            self._succeed(other, one, link, one)
        elif link.kind == "amends":
            self._amend(one, other, link)
        elif link.kind == "amended_by":
            self._amend(other, one, link)
        else:
            self._relate(one, other, link.words)

    def _succeed(self, old: Planned, new: Planned, link: Link, speaker: Planned) -> None:
        if old.successor == new.record.path:
            return
        refusal = ""
        if old.successor:
            refusal = f"{old.record.path} is superseded by {old.successor} already"
        elif new.status not in DECIDED and (link.below or not _is_silent(new.record)):
            refusal = f"{new.record.path} is {new.record.status or 'without a status'}, so it supersedes nothing yet"
        elif old.record.path in self._chain(new):
            refusal = f"{old.record.path} itself supersedes {new.record.path}: that would be a circle"
        if refusal:
            speaker.notices.append(f"{refusal}; kept as a relation")
            self._relate(speaker, new if speaker is old else old, link.words or link.kind.replace("_", " "))
            return
        old.successor = new.record.path
        if new.status not in DECIDED:
            # Most records never say their status: what took another's place was decided.
            new.status = "accepted"
            new.notices.append(f"it states no status; accepted, since it took the place of {old.record.path}")

    def _chain(self, one: Planned) -> Iterator[str]:
        at = one.successor
        while at:
            yield at
            at = self.planned[at].successor

    def _amend(self, one: Planned, other: Planned, link: Link) -> None:
        wanted = Relation("amends", other.record.path)
        if wanted in one.relations:
            return
        if one.record.path in self._amended_by_way_of(other):
            one.notices.append(f"{other.record.path} itself amends it: that would be a circle; kept as a relation")
            self._relate(one, other, link.words or "amends")
            return
        one.relations.append(wanted)
        self.related.add(frozenset({one.record.path, other.record.path}))

    def _amended_by_way_of(self, one: Planned) -> set[str]:
        seen: set[str] = set()
        waiting = [one.record.path]
        while waiting:
            path = waiting.pop()
            if path not in seen:
                seen.add(path)
                waiting += [relation.path for relation in self.planned[path].relations if relation.kind == "amends"]
        return seen

    def _relate(self, one: Planned, other: Planned, words: str) -> None:
        """Once for two records: a relation is shown on both ends."""
        both = frozenset({one.record.path, other.record.path})
        succeeds = other.record.path == one.successor or one.record.path == other.successor
        if len(both) == 2 and both not in self.related and not succeeds:
            self.related.add(both)
            one.relations.append(Relation("relates", other.record.path, words[:1].upper() + words[1:60]))

    def _settle(self, one: Planned) -> None:
        """The status that the record gets."""
        if one.successor:
            one.status = "superseded"
        elif one.status == "superseded":
            one.notices.append("it says superseded, but no record here can be its successor")


class _Index:
    """Finds the file that a link means: by path, by name, by number."""

    def __init__(self, records: Iterable[ParsedDecision]) -> None:
        self.paths: dict[str, str] = {}
        self.names: dict[str, list[str]] = {}
        self.numbers: dict[int, list[str]] = {}
        for record in records:
            path = PurePosixPath(record.path)
            self.paths[record.path] = self.paths[str(path.with_suffix(""))] = record.path
            name = path.parent.name if path.stem.lower() in INSIDE else path.stem
            self.names.setdefault(name.lower(), []).append(record.path)
            if path.stem.lower() in INSIDE:
                self.paths.setdefault(str(path.parent), record.path)
            if record.number is not None:
                self.numbers.setdefault(record.number, []).append(record.path)

    def find(self, record: ParsedDecision, link: Link) -> str:
        """The path, or empty for what is no file here, or no single one."""
        if link.file:
            here = posixpath.dirname(record.path)
            wanted = posixpath.normpath(posixpath.join(here, link.file.lstrip("/"))) if "://" not in link.file else ""
            found = self.paths.get(wanted) or self.paths.get(posixpath.splitext(wanted)[0])
            if found:
                return found if found != record.path else ""
            place = PurePosixPath(link.file)
            name = place.parent.name if place.stem.lower() in INSIDE else place.stem if place.suffix else place.name
            named = self.names.get(name.lower(), [])
            if len(named) == 1:
                return named[0] if named[0] != record.path else ""
        return self._numbered(record, link.number) if link.number is not None else ""

    def _numbered(self, record: ParsedDecision, number: int) -> str:
        found = [path for path in self.numbers.get(number, []) if path != record.path]
        # Two folders of one import may both have a 12: the nearest is meant.
        near = [path for path in found if posixpath.dirname(path) == posixpath.dirname(record.path)]
        chosen = near if len(near) == 1 else found
        return chosen[0] if len(chosen) == 1 else ""


def _is_silent(record: ParsedDecision) -> bool:
    """It states no status at all, none that is not understood either."""
    return record.status is None and not record.raw_status


def _said(link: Link) -> str:
    return f"{link.kind.replace('_', ' ')} {link.text or link.file or link.number}"


def _ordered(planned: Mapping[str, Planned]) -> Iterator[str]:
    """Each after its successor. There are no circles, so this ends."""
    done: set[str] = set()
    for path in planned:
        chain: list[str] = []
        at = path
        while at and at not in done:
            chain.append(at)
            done.add(at)
            at = planned[at].successor
        yield from reversed(chain)
