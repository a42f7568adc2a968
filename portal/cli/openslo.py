"""`plumbline export openslo` and `plumbline import openslo`: objectives out to other tools, and in from them.

Owns the group `import` and the words of the report. What fits and what does not is the portal's to say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from .answers import report_of
from .exits import ExitCode, Failure
from .exporting import export
from .files import read_documents
from .plain import count
from .session import Session, reason_option, shared_options

_SIGNS = {
    "create": ("+", "green"),
    "change": ("~", "green"),
    "unchanged": ("=", ""),
    "nothing": ("·", "dim"),
    "refused": ("✗", "bold red"),
}


@click.group(name="import")
def importing() -> None:
    """Take in what other tools wrote."""


@export.command(name="openslo")
@click.option("--team", metavar="NAME", help="Only the objectives of this team.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to a file instead.")
@shared_options
@click.pass_obj
def export_openslo(session: Session, team: str | None, output: Path | None) -> None:
    """Print the objectives as OpenSLO v1 documents."""
    answer = session.portal.get("/openslo", {"team": team})
    if not isinstance(answer.get("text"), str):
        raise Failure(f"{session.portal.url} sent no documents", ExitCode.UNREACHABLE)
    if output is not None:
        try:
            output.write_text(answer["text"], encoding="utf-8")
        except OSError as error:
            raise Failure(f"{output}: {error.strerror or error}", ExitCode.USAGE) from error
        session.printer.remark(f"{count(answer.get('objectives', 0), 'objective')} in {output}")
    elif session.as_json:
        session.printer.data(answer)
    else:
        click.echo(answer["text"], nl=False)


@importing.command(name="openslo")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--dry-run", is_flag=True, help="Say what would come of it, and change nothing.")
@reason_option
@shared_options
@click.pass_obj
def import_openslo(session: Session, paths: tuple[str, ...], dry_run: bool, reason: str) -> None:
    """Make and change objectives from OpenSLO v1 documents.

    \b
    Each document by itself; what of one does not fit is named.
    Exit codes: 0 all taken · 1 some refused · 2 usage · 3 not permitted
    """
    documents = [document.as_dict() for document in read_documents(paths)]
    body = {"documents": documents, "reason": reason, "dry_run": dry_run}
    answer = session.portal.post("/openslo", body, repeatable=dry_run).value
    lines = report_of(answer, session.portal.url)
    if session.as_json:
        session.printer.data(answer)
    else:
        _tell(session, lines, dry_run=dry_run)
    if answer.get("refused"):
        raise click.exceptions.Exit(int(ExitCode.NO))


def _tell(session: Session, lines: Sequence[Mapping[str, Any]], *, dry_run: bool) -> None:
    say = session.printer.say
    for line in lines:
        sign, style = _SIGNS.get(str(line.get("action")), ("?", ""))
        place = f"{line.get('source')}, document {line.get('document')}"
        say(f"{sign} {line.get('action')} {line.get('name') or line.get('kind') or ''} ({place})", style=style)
        if line.get("problem"):
            say(f"    {line['problem']}", style=style)
        for note in line.get("notes", ()):
            say(f"    · {note}")
    if dry_run:
        session.printer.remark("Nothing was changed: --dry-run.")
