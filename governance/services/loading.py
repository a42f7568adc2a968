"""Loads files of decisions and runbooks: each once, by slug; what exists already is left as people made it.

Owns the order (a decision after its successor) and the report per file. A file that can't be loaded never stops the
others. Never reads the disk: the caller brings names and texts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from governance.decisions.files import DecisionFile
from governance.decisions.files import parse as parse_decision
from governance.front_matter import Unreadable
from governance.models import Decision, Runbook
from governance.runbooks import parse as structured
from governance.runbooks.files import parse as parse_runbook
from governance.services.decisions import create_decision
from governance.services.documents import find_team
from governance.services.runbooks import create_runbook
from orchestration.errors import PlumblineError
from orchestration.models import Dependency, Team, Workflow


@dataclass(slots=True)
class Report:
    """What became of the files: names created, names left alone, sentences for the reader, files not loaded."""

    created: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


def load_documents(
    *, decisions: Mapping[str, str], runbooks: Mapping[str, str], reason: str, default_owner: str = ""
) -> Report:
    """Load files, given as name without .md → text. Never raises for a file: the report names it."""
    report = Report()
    for decision in _ordered(_parsed(decisions, report)):
        try:
            _decision(decision, reason, default_owner, report)
        except (PlumblineError, Unreadable) as error:
            report.failed.append(f"decisions/{decision.slug}: {error}")
    for stem, text in sorted(runbooks.items()):
        try:
            _runbook(stem, text, reason, default_owner, report)
        except (PlumblineError, Unreadable) as error:
            report.failed.append(f"runbooks/{stem}.md: {error}")
    return report


def _parsed(files: Mapping[str, str], report: Report) -> list[DecisionFile]:
    found = []
    for stem, text in sorted(files.items()):
        try:
            found.append(parse_decision(stem, text))
        except Unreadable as error:
            report.failed.append(f"decisions/{error}")
    return found


def _ordered(files: list[DecisionFile]) -> list[DecisionFile]:
    """Successors first; each record with its successor, whichever of the two files names it."""
    successors = {number: file.number for file in files for number in file.supersedes if file.number}
    waiting = []
    for file in files:
        superseded_by = file.superseded_by or successors.get(file.number, 0)
        status = "superseded" if superseded_by else file.status
        waiting.append(replace(file, superseded_by=superseded_by, status=status, supersedes=()))
    in_batch = {file.number for file in waiting if file.number}
    ordered: list[DecisionFile] = []
    done: set[int] = set()
    while waiting:
        ready = [file for file in waiting if file.superseded_by not in in_batch - done]
        # None is ready when files supersede one another in a circle: they are tried as they are, and refused by name.
        ready = ready or waiting
        ordered += ready
        done |= {file.number for file in ready}
        waiting = [file for file in waiting if file not in ready]
    return ordered


def _decision(file: DecisionFile, reason: str, default_owner: str, report: Report) -> None:
    if Decision.objects.filter(slug=file.slug).exists():
        report.kept.append(f"decision {file.slug}")
        return
    taken = file.number and Decision.objects.filter(number=file.number).exists()
    decision = create_decision(
        title=file.title, body=file.body, status=file.status, owner=_owner(file.owner, default_owner), date=file.date,
        workflows=_existing(Workflow, file.workflows, file.slug, report), superseded_by=file.superseded_by or None,
        number=None if taken else file.number or None, slug=file.slug, front_matter=file.rest, actor=None,
        reason=reason,
    )  # fmt: skip
    if taken:
        report.notices.append(f"{file.slug}: number {file.number} is taken; it became {decision.number}")
    report.notices += file.notices
    report.created.append(f"decision {decision.number} {decision.slug}")


def _runbook(stem: str, text: str, reason: str, default_owner: str, report: Report) -> None:
    if Runbook.objects.filter(slug=stem).exists():
        report.kept.append(f"runbook {stem}")
        return
    file = parse_runbook(stem, text)
    create_runbook(
        slug=file.slug, title=file.title, body=file.body, status=file.status,
        owner=_owner(file.owner, default_owner), review_by=file.review_by,
        workflows=_existing(Workflow, file.workflows, file.slug, report),
        dependencies=_existing(Dependency, file.dependencies, file.slug, report),
        front_matter=file.rest, auto_start=structured(text).facts.auto_start, actor=None, reason=reason,
    )  # fmt: skip
    report.notices += file.notices
    report.created.append(f"runbook {file.slug}")


def _owner(name: str, default: str) -> Team:
    if not name and not default:
        raise Unreadable("no owner: write `owner: <team>` into its front matter, or name a team for all by --owner")
    return find_team(name or default)


def _existing(model: type[Workflow] | type[Dependency], names: tuple[str, ...], slug: str, report: Report) -> list[str]:
    """The names that exist; a link to nothing is left out with a notice rather than keeping the document out."""
    known = set(model._default_manager.filter(name__in=names).values_list("name", flat=True))
    for name in names:
        if name not in known:
            report.notices.append(f"{slug}: there is no {model._meta.verbose_name} {name!r} yet; the link was left out")
    return [name for name in names if name in known]
