"""`plumbline can-deploy`: may this workflow version go to where the portal runs?

Owns the answer's words. The portal decides: its own versions, contracts and verification results are what counts.
"""

from __future__ import annotations

from typing import Any

import click

from .exits import ExitCode, Failure
from .session import Session, shared_options

_SIGNS = {"passed": ("✓", "green"), "failed": ("✗", "bold red"), "unknown": ("?", "yellow")}


@click.command(name="can-deploy")
@click.argument("target", metavar="WORKFLOW@VERSION")
@shared_options
@click.pass_obj
def can_deploy(session: Session, target: str) -> None:
    """Whether a workflow version may be deployed to the portal's environment.

    \b
    Exit codes: 0 yes · 1 no: something failed, or is not known · 2 usage · 4 no such version
    """
    name, at, version = target.partition("@")
    if not (name and at and version):
        raise Failure(f"{target!r} names no version; write it as order-fulfilment@2.3.0", ExitCode.USAGE)
    answer = session.portal.get(f"/workflows/{name}/versions/{version}/can-deploy")
    if not isinstance(answer.get("may"), bool):
        raise Failure(f"{session.portal.url} sent no answer to that", ExitCode.UNREACHABLE)
    answer |= {"url": f"{session.portal.url}{answer.get('url', '')}"}
    if session.as_json:
        session.printer.data(answer)
    else:
        _tell(session, target, answer)
    if not answer["may"]:
        raise click.exceptions.Exit(int(ExitCode.NO))


def _tell(session: Session, target: str, answer: dict[str, Any]) -> None:
    say = session.printer.say
    word = "yes" if answer["may"] else "no"
    say(f"{word}: {target} to {answer['environment']}", style="green" if answer["may"] else "bold red")
    for check in answer["checks"]:
        sign, style = _SIGNS[check["state"]]
        say(f"  {sign} {check['subject']}: {check['text']}", style="" if check["state"] == "passed" else style)
    for note in answer["notes"]:
        say(f"  · {note}")
    say(f"  {answer['url']}")
