"""`plumbline export odcs`: any version of a contract as a data contract of the Open Data Contract Standard."""

from __future__ import annotations

from pathlib import Path

import click

from .exits import ExitCode, Failure
from .session import Session, shared_options


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
