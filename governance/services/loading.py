"""Loads files of decisions and runbooks: each once, by slug; what exists already is left as people made it.

Owns what counts as there already, and the report per file; decisions are imported by services.importing. A file that
can't be loaded never stops the others. Never reads the disk: the caller brings names and texts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from governance.front_matter import Unreadable
from governance.models import Decision, DecisionSource, Runbook
from governance.runbooks import parse as structured
from governance.runbooks.files import parse as parse_runbook
from governance.services.documents import find_team
from governance.services.import_values import slug_of_path
from governance.services.importing import FAILED, NO_RECORD, import_decisions
from governance.services.runbooks import create_runbook
from orchestration.errors import InvalidInput, PlumblineError
from orchestration.models import Dependency, Team, Workflow


@dataclass(slots=True)
class Report:
    """What became of the files: names created, names left alone, sentences for the reader, files not loaded."""

    created: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


def load_documents(
    *, decisions: Mapping[str, str], runbooks: Mapping[str, str], reason: str, default_owner: str = "",
    folder: str = "documents",
) -> Report:  # fmt: skip
    """Load files, given as name without .md → text. Never raises for a file: the report names it."""
    report = Report()
    try:
        _decisions(decisions, folder, find_team(default_owner) if default_owner else None, reason, report)
    except InvalidInput as error:
        report.failed.append(f"decisions: {error}")
    for stem, text in sorted(runbooks.items()):
        try:
            _runbook(stem, text, reason, default_owner, report)
        except (PlumblineError, Unreadable) as error:
            report.failed.append(f"runbooks/{stem}.md: {error}")
    return report


def _decisions(files: Mapping[str, str], folder: str, owner: Team | None, reason: str, report: Report) -> None:
    """Those that are new go the way of every import."""
    known = set(DecisionSource.objects.filter(folder=folder).values_list("path", flat=True))
    slugs = set(Decision.objects.values_list("slug", flat=True))
    texts = {f"{stem}.md": text for stem, text in files.items()}
    new = {path: text for path, text in texts.items() if path not in known and slug_of_path(path) not in slugs}
    report.kept += [f"decision {path}" for path in texts if path not in new]
    if not new:
        return
    imported = import_decisions(
        files=new, folder=folder, owner=owner, actor=None, reason=reason, may=lambda _team: True
    )
    for line in imported.lines:
        name = f"decisions/{line.path}"
        if line.outcome in {FAILED, NO_RECORD}:
            report.failed.append(f"{name}: {line.detail}")
        else:
            report.created.append(f"decision {line.number} {line.title}")
        report.notices += [f"{name}: {notice}" for notice in line.notices]


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
