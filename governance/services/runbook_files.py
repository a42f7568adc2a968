"""Runbooks in from files, by the path that each came from. Out again they go by selectors/runbook_files.py.

A file that changed updates its runbook; where both changed, nothing is written and the report says so. Owns that rule and the
report. Never reads a disk, and never decides who may write: the caller says for which teams.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import transaction

from governance.models import Runbook, RunbookOrigin
from governance.runbooks import ParsedRunbook, parse
from governance.selectors.runbook_files import plain, text_of, title_of
from governance.services.documents import MAX_TITLE, find_team
from governance.services.runbook_moves import Kinship, kinship, move
from governance.services.runbook_names import free_name
from governance.services.runbooks import create_runbook, edit_runbook
from orchestration import clock
from orchestration.errors import PlumblineError
from orchestration.models import Dependency, Team, Workflow
from orchestration.services.governed import require_reason

MAX_PATH = 300
#: Files about a folder, not about trouble.
INDEXES = frozenset({
    "readme.md", "index.md", "_index.md", "_sidebar.md", "contributing.md", "changelog.md", "license.md", "code_of_conduct.md",
    "code-of-conduct.md",
})  # fmt: skip


@dataclass(slots=True)
class Line:
    """What became of a file. `action`: create, change, unchanged, conflict, skipped or refused."""

    path: str
    action: str
    slug: str = ""
    problem: str = ""
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Hand:
    """Who imports, why, for which team where a file names none, and for which teams they may."""

    actor: Any
    reason: str
    default_owner: str
    may: Callable[[Team], bool]
    paths: frozenset[str]


class _Refused(Exception):
    """The file is not taken; the message says why."""


def import_runbooks(
    *, files: Sequence[tuple[str, str]], actor: Any, reason: str, default_owner: str, may: Callable[[Team], bool],
    paths: Iterable[str] = (), dry_run: bool = False,
) -> list[Line]:  # fmt: skip
    """Take in files, given as path and text: each by itself, in one report. `may`: whether the actor may write for a team.
    `paths`: others that are in the folder still, and come in other calls.
    """
    present = frozenset([*paths, *(path for path, _ in files)])
    hand = _Hand(actor, require_reason(reason), default_owner, may, present)
    if not dry_run:
        return [_taken(path, text, hand) for path, text in files]
    with transaction.atomic():  # around them all: a name that one file takes is taken for the next
        lines = [_taken(path, text, hand) for path, text in files]
        transaction.set_rollback(True)
    return lines


def _taken(path: str, text: str, hand: _Hand) -> Line:
    line = Line(path[:MAX_PATH], "refused")
    try:
        with transaction.atomic():
            _take(line, path, text, hand)
    except (_Refused, PlumblineError) as error:
        line.action, line.problem = "refused", str(error)
    return line


def _take(line: Line, path: str, text: str, hand: _Hand) -> None:
    if len(path) > MAX_PATH or "\x00" in path or path.startswith("/") or ".." in path.split("/"):
        raise _Refused("its path is none of a file below the folder that is imported")
    if path.rsplit("/", 1)[-1].lower() in INDEXES:
        line.action, line.problem = "skipped", "it is about the folder, no runbook; give it another name to import it"
        return
    if "\x00" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise _Refused("it has a character that no database here can hold: U+0000, or half of a surrogate pair")
    read = parse(text, path)
    line.slug, line.notes = read.slug, [f"line {one.line}: {one.message}" for one in read.warnings]
    origin = RunbookOrigin.objects.select_related("runbook__owner").filter(path=path).first()
    found = origin.runbook if origin else Runbook.objects.select_related("owner").filter(slug=read.slug).first()
    if found is None:
        _create(line, read, text, hand)
        return
    if origin is None and (other := RunbookOrigin.objects.filter(runbook=found).first()):
        other.runbook = found
        _take_beside(line, read, text, other, hand)
        return
    line.slug = found.slug
    if not hand.may(found.owner):
        raise _Refused(f"you may not edit documents of team {found.owner.name}, whose it is")
    if origin is None:
        _adopt(line, read, text, found)
    elif origin.text == text:
        line.action = "unchanged"
    elif text_of(found, origin) == text:  # what was edited here went out, and came back
        line.action = "unchanged"
        _keep(found, path, text)
    elif found.revision != origin.revision:
        line.action = "conflict"
        line.problem = f"{found.slug} was edited here since it was imported; export it, merge the two, and import that"
    else:
        _change(line, read, text, found, hand)


def _create(line: Line, read: ParsedRunbook, text: str, hand: _Hand) -> None:
    if not read.slug:
        raise _Refused("no name can be made of its file's; use Latin letters, as in payments-slow.md")
    name = read.facts.owner or hand.default_owner
    if not name:
        raise _Refused("no owner: write `owner: <team>` into its front matter, or name a team for all")
    owner = find_team(name)
    if not hand.may(owner):
        raise _Refused(f"you may not edit documents of team {owner.name}")
    made = create_runbook(
        slug=read.slug, owner=owner, actor=hand.actor, reason=hand.reason, **_values(read, text, line)
    )
    line.action = "create"
    _keep(made, read.path, text)


def _take_beside(line: Line, read: ParsedRunbook, text: str, other: RunbookOrigin, hand: _Hand) -> None:
    """Two folders may each have a file for the alert of one name: this one takes its folder's name before it."""
    values = _values(read, text, Line(read.path, ""))
    kin = kinship(other, text, values, read.facts.owner, is_sent=other.path in hand.paths)
    if kin is Kinship.COPY:
        line.action, line.problem = "skipped", f"it has the very text of {other.path}, which is runbook {read.slug}"
    elif kin is Kinship.UNCLEAR:
        line.action = "conflict"
        line.problem = (
            f"the name {read.slug} belongs to {other.path}, which is not among these files; if that was moved here, import it"
            " from its old path once more and then from here; if there are both, import them together"
        )
    elif kin is Kinship.MOVED:
        if not hand.may(other.runbook.owner):
            raise _Refused(f"you may not edit documents of team {other.runbook.owner.name}, whose it is")
        move(other, read.path)
        line.action = "unchanged"
        line.notes.append(f"it was {other.path}, which moved here")
    else:
        _create_beside(line, read, text, other, hand)


def _create_beside(line: Line, read: ParsedRunbook, text: str, other: RunbookOrigin, hand: _Hand) -> None:
    free = free_name(read.path, read.slug)
    if not free:
        raise _Refused(f"the name {read.slug} belongs to {other.path} already; rename one of the two")
    line.slug = free
    line.notes.append(f"the name {read.slug} belongs to {other.path}; this one is {free}")
    _create(line, replace(read, slug=free), text, hand)


def _change(line: Line, read: ParsedRunbook, text: str, found: Runbook, hand: _Hand) -> None:
    owner = find_team(read.facts.owner) if read.facts.owner else found.owner
    if not hand.may(owner):
        raise _Refused(f"you may not edit documents of team {owner.name}")
    values = _values(read, text, line)
    edited = edit_runbook(
        runbook=found, revision=found.revision, owner=owner, actor=hand.actor, reason=hand.reason, **values
    )  # fmt: skip
    line.action = "change"
    _keep(edited, read.path, text)


def _adopt(line: Line, read: ParsedRunbook, text: str, found: Runbook) -> None:
    """One of this name is here, from elsewhere: the file is its file where both say the same."""
    if (plain(text[len(read.head) :]), title_of(read)) != (found.body, found.title):
        line.action = "conflict"
        line.problem = f"a runbook {found.slug} was written here; export it, merge the two, and import that"
        return
    line.action = "unchanged"
    _keep(found, read.path, text)


def _values(read: ParsedRunbook, text: str, line: Line) -> dict[str, Any]:
    """What create and edit take. Links to nothing are left out with a note, rather than keeping the file out."""
    facts = read.facts
    if len(title_of(read)) > MAX_TITLE:
        line.notes.append(f"the title is longer than {MAX_TITLE} characters: cut here, whole in the export")
    return {
        "title": title_of(read)[:MAX_TITLE],
        "body": plain(text[len(read.head) :]),
        "status": facts.status or Runbook.Status.ACTIVE,
        "review_by": facts.review_by,
        "auto_start": facts.auto_start,
        "workflows": _existing(Workflow, facts.workflows, line),
        "dependencies": _existing(Dependency, facts.dependencies, line),
        "front_matter": dict(read.rest),
    }


def _existing(model: type[Workflow] | type[Dependency], names: Sequence[str], line: Line) -> list[str]:
    known = set(
        model._default_manager.filter(name__in=[name for name in names if name.isprintable()]).values_list(
            "name", flat=True
        )
    )
    for name in names:
        if name not in known:
            line.notes.append(f"there is no {model._meta.verbose_name} {name[:63]!r}; the link is left out")
    return [name for name in names if name in known]


def _keep(runbook: Runbook, path: str, text: str) -> None:
    facts = {"path": path, "text": text, "revision": runbook.revision, "imported_at": clock.now()}
    RunbookOrigin.objects.update_or_create(runbook=runbook, defaults=facts)
