"""`plumbline import odcs` and `plumbline import openapi`: documents of a standard in, as versions of contracts.

Owns the words of the report. Whether a document is one, and what it means, is the portal's to say.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from .answers import report_of
from .exits import ExitCode
from .files import read_documents
from .session import Session, reason_option, shared_options

_SIGNS = {"publish": ("+", "green"), "propose": ("?", "yellow"), "unchanged": ("=", ""), "refused": ("✗", "bold red")}


def _options(command: Callable[..., None]) -> Callable[..., None]:
    """What both commands take."""
    for option in (
        click.pass_obj,
        shared_options,
        reason_option,
        click.option("--dry-run", is_flag=True, help="Say what would come of it, and change nothing."),
        click.option("--name", metavar="NAME", default="", help="The contract's name. [default: the document's]"),
        click.option("--owner", metavar="TEAM", required=True, help="The team that is to own what is new."),
        click.argument("paths", nargs=-1, required=True, metavar="PATH..."),
    ):
        command = option(command)
    return command


@click.command(name="odcs")
@_options
def import_odcs(session: Session, paths: tuple[str, ...], **said: Any) -> None:
    """Publish data contracts (ODCS v3) as versions of contracts; what breaks who reads the data waits for reviews.

    \b
    Each document by itself.
    Exit codes: 0 all taken · 1 some refused · 2 usage · 3 not permitted
    """
    _import(session, "/odcs", paths, said)


@click.command(name="openapi")
@click.option("--version", metavar="VERSION", default="", help="The contract's version. [default: the document's]")
@_options
def import_openapi(session: Session, paths: tuple[str, ...], **said: Any) -> None:
    """Publish APIs (OpenAPI 3.0 or 3.1) as versions of contracts; what breaks those who call them waits for reviews.

    \b
    Each document by itself. A Dependency says that it offers one: `api: payments-api@^1`.
    Exit codes: 0 all taken · 1 some refused · 2 usage · 3 not permitted
    """
    _import(session, "/apis", paths, said)


def _import(session: Session, place: str, paths: tuple[str, ...], said: dict[str, Any]) -> None:
    documents = [document.as_dict() for document in read_documents(paths)]
    answer = session.portal.post(place, {"documents": documents, **said}, repeatable=said["dry_run"]).value
    lines = report_of(answer, session.portal.url)
    if session.as_json:
        session.printer.data(answer)
    else:
        for line in lines:
            sign, style = _SIGNS.get(line["action"], ("·", ""))
            what = line["problem"] or f"{line['name']} {line['version']}"
            waits = f", waits in change {line['change']}" if line["change"] else ""
            session.printer.say(f"{sign} {line['source']}: {what}{waits}", style=style)
        if said["dry_run"]:
            session.printer.say("Nothing was changed.")
    if answer.get("refused"):
        raise click.exceptions.Exit(int(ExitCode.NO))
