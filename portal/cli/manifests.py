"""`plumbline validate` and `plumbline schema`: what can be said of manifests without a portal.

Owns checking files with the same pure code that the portal runs. Only `--remote` asks the portal, which alone knows
whether the teams, dependencies and contracts that a manifest names exist.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import click

from .exits import ExitCode, Failure, problem_line
from .files import Document, read_documents
from .plain import count
from .session import Session, shared_options


@dataclass
class Report:
    """What is wrong, what is worth knowing, and what there is; in the API's shapes."""

    problems: list[dict[str, Any]] = field(default_factory=list)
    notices: list[dict[str, Any]] = field(default_factory=list)
    resources: list[dict[str, Any]] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return {
            "valid": not self.problems,
            "problems": self.problems,
            "notices": self.notices,
            "resources": self.resources,
        }


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--remote", is_flag=True, help="Ask the portal too: do the names that the manifests use exist there?")
@shared_options
@click.pass_obj
def validate(session: Session, paths: tuple[str, ...], remote: bool) -> None:
    """Check manifests offline.

    A PATH is a file, or a folder whose *.yaml and *.yml are meant, those of its folders too.
    """
    documents = read_documents(paths)
    report = check(documents)
    if remote:
        _ask_portal(session, report, documents)
    if session.as_json:
        session.printer.data(report.as_dict())
    else:
        _tell(session, report, documents, remote=remote)
    if report.problems:
        raise click.exceptions.Exit(ExitCode.NO)


@click.command()
@shared_options
@click.pass_obj
def schema(session: Session) -> None:
    """Print the JSON Schema of the manifests.

    Editors complete and check manifests with it. Works offline.
    """
    from orchestration.manifest import json_schema

    session.printer.data(json_schema())


def check(documents: Sequence[Document]) -> Report:
    """Everything that the files alone can tell, in the order of the files."""
    from orchestration.manifest import Resource, load, notices

    report = Report()
    seen: dict[tuple[str, str, str | None], Resource] = {}
    for document in documents:
        loaded = load(document.text, document.source)
        found = list(loaded.problems)
        for resource in loaded.resources:
            report.notices += [notice.as_dict() for notice in notices(resource)]
            report.resources.append({"kind": resource.kind, "name": resource.name, "version": resource.version})
            first = seen.setdefault((resource.kind, resource.name, resource.version), resource)
            # The loader has told of a double within one file.
            if first.source != resource.source:
                message = f"{resource.kind} {resource.name} is declared twice; first at {first.source}:{first.line}"
                found.append(resource.problem_at("metadata.name", message))
        report.problems += [problem.as_dict() for problem in sorted(found, key=lambda it: (it.line, it.column))]
    return report


def _ask_portal(session: Session, report: Report, documents: Sequence[Document]) -> None:
    """Add what the portal says. Without its answer, what was found here is still told, and still a no."""
    body = {"documents": [document.as_dict() for document in documents]}
    try:
        answer = session.portal.post("/manifests/validate", body, repeatable=True).value
    except Failure as failure:
        if not report.problems:
            raise
        session.printer.remark(f"The portal could not judge them: {failure.message}")
        return
    _add(report, answer)


def _add(report: Report, answer: Mapping[str, Any]) -> None:
    """What the portal says besides; it says again what was found here, in the same words or, if newer, in its own."""
    for name, known in (("problems", report.problems), ("notices", report.notices)):
        told = answer.get(name)
        known += [item for item in (told if isinstance(told, list) else ()) if item not in known]
    if answer.get("valid") is False and not report.problems:
        report.problems.append({"source": "portal", "line": 1, "column": 1, "path": "", "message": "not valid there"})


def _tell(session: Session, report: Report, documents: Sequence[Document], *, remote: bool) -> None:
    for notice in report.notices:
        session.printer.remark(f"{problem_line(notice)} (notice)", style="dim")
    for problem in report.problems:
        session.printer.remark(problem_line(problem))
    read = f"{count(len(documents), 'file')}, {count(len(report.resources), 'manifest')}"
    if report.problems:
        session.printer.remark(f"{count(len(report.problems), 'problem')} in {read}", style="bold red")
        return
    where = "here and for the portal" if remote else "offline; --remote asks the portal too whether all names exist"
    session.printer.say(f"{read}: valid {where}")
