"""`plumbline import ownership`: teams and owners from Backstage catalogs and CODEOWNERS files. Owns the words of the report."""

from __future__ import annotations

import click

from .answers import report_of
from .exits import ExitCode, Failure
from .files import read_documents
from .session import Session, reason_option, shared_options

_SIGNS = {
    "create": ("+", "green"), "change": ("~", "green"), "same": ("=", "dim"), "differs": ("!", "bold yellow"),
    "note": ("·", "dim"), "refused": ("✗", "bold red"),
}  # fmt: skip


@click.command(name="ownership")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--as", "names", multiple=True, metavar="THEIRS=OURS", help="What the portal calls a team of the files.")
@click.option("--dry-run", is_flag=True, help="Say what would come of it, and change nothing.")
@reason_option
@shared_options
@click.pass_obj
def import_ownership(
    session: Session, paths: tuple[str, ...], names: tuple[str, ...], dry_run: bool, reason: str
) -> None:
    """Take teams and owners from Backstage catalogs (catalog-info.yaml) and CODEOWNERS files.

    \b
    Missing teams are made, dependencies handed over; what else differs is told.
    Exit codes: 0 nothing refused, nothing differs · 1 something is or does · 2 usage · 3 not permitted
    """
    pairs = dict(name.partition("=")[::2] for name in names)
    if not all(pairs.values()):
        raise Failure("--as is written THEIRS=OURS, such as shop-checkout=checkout", ExitCode.USAGE)
    body = {
        "documents": [document.as_dict() for document in read_documents(paths)], "names": pairs, "reason": reason,
        "dry_run": dry_run,
    }  # fmt: skip
    answer = session.portal.post("/ownership", body, repeatable=dry_run).value
    lines = report_of(answer, session.portal.url)
    if session.as_json:
        session.printer.data(answer)
    else:
        for line in lines:
            sign, style = _SIGNS.get(line["action"], ("·", ""))
            place = f"  [{line['place']}]" if line["place"] else ""
            session.printer.say(f"{sign} {line['what']}: {line['text']}{place}", style=style)
    if any(line["action"] in ("refused", "differs") for line in lines):
        raise click.exceptions.Exit(int(ExitCode.NO))
