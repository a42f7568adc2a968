"""`plumbline import odcs` and `plumbline export odcs`: data contracts of the Open Data Contract Standard in and out.

Owns the words of the report. Whether a document is one, and what it means, is the portal's to say.
"""

from __future__ import annotations

from pathlib import Path

import click

from .answers import report_of
from .exits import ExitCode, Failure
from .files import read_documents
from .session import Session, reason_option, shared_options

_SIGNS = {"publish": ("+", "green"), "propose": ("?", "yellow"), "unchanged": ("=", ""), "refused": ("✗", "bold red")}


@click.command(name="odcs")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--owner", metavar="TEAM", required=True, help="The team that is to own what is new.")
@click.option("--name", metavar="NAME", default="", help="The contract's name. [default: the document's]")
@click.option("--dry-run", is_flag=True, help="Say what would come of it, and change nothing.")
@reason_option
@shared_options
@click.pass_obj
def import_odcs(  # noqa: PLR0917 - an option each
    session: Session, paths: tuple[str, ...], owner: str, name: str, dry_run: bool, reason: str
) -> None:
    """Publish data contracts (ODCS v3) as versions of contracts; what breaks who reads the data waits for reviews.

    \b
    Each document by itself.
    Exit codes: 0 all taken · 1 some refused · 2 usage · 3 not permitted
    """
    documents = [document.as_dict() for document in read_documents(paths)]
    body = {"documents": documents, "owner": owner, "name": name, "reason": reason, "dry_run": dry_run}
    answer = session.portal.post("/odcs", body, repeatable=dry_run).value
    lines = report_of(answer, session.portal.url)
    if session.as_json:
        session.printer.data(answer)
    else:
        for line in lines:
            sign, style = _SIGNS.get(line["action"], ("·", ""))
            what = line["problem"] or f"{line['name']} {line['version']}"
            waits = f", waits in change {line['change']}" if line["change"] else ""
            session.printer.say(f"{sign} {line['source']}: {what}{waits}", style=style)
        if dry_run:
            session.printer.say("Nothing was changed.")
    if answer.get("refused"):
        raise click.exceptions.Exit(int(ExitCode.NO))


@click.command(name="odcs")
@click.argument("target", metavar="CONTRACT@VERSION")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to a file instead.")
@shared_options
@click.pass_obj
def export_odcs(session: Session, target: str, output: Path | None) -> None:
    """Print a version of a contract, of any format, as an ODCS document."""
    name, at, version = target.partition("@")
    if not (name and at and version):
        raise Failure(f"{target!r} names no version; write it as order.placed@1.2.0", ExitCode.USAGE)
    answer = session.portal.get(f"/contracts/{name}/versions/{version}/odcs")
    if not isinstance(answer.get("text"), str):
        raise Failure(f"{session.portal.url} sent no document", ExitCode.UNREACHABLE)
    if session.as_json and output is None:
        session.printer.data(answer)
    elif output is None:
        click.echo(answer["text"], nl=False)
    else:
        try:
            output.write_text(answer["text"], encoding="utf-8")
        except OSError as error:
            raise Failure(f"{output}: {error.strerror or error}", ExitCode.USAGE) from error
        session.printer.remark(f"{target} in {output}")
