"""`plumbline flags` and `switch`: the flags there are, and switching one.

Owns how a flag looks in a terminal. What was read is what is switched: somebody else's switch in between is told, never undone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import click

from .output import table
from .session import Session, reason_option, shared_options


@click.command()
@shared_options
@click.pass_obj
def flags(session: Session) -> None:
    """List flags and how they stand."""
    found = list(session.portal.pages("/flags", {}, None))
    if session.as_json:
        session.printer.data({"items": found})
    elif not found:
        session.printer.say("No flags yet; `plumbline apply` applies a manifest of kind Flag.")
    else:
        rows = [(one.get("name", ""), _stands(one), _declared(one), one.get("owner") or "admins") for one in found]
        session.printer.show(table(("Flag", "Stands", "Declared", "Owner"), rows, fixed=("Flag",)))


@click.command()
@click.argument("flag")
@click.argument("to", type=click.Choice(["on", "off", "declared"]))
@reason_option
@shared_options
@click.pass_obj
def switch(session: Session, flag: str, to: str, reason: str) -> None:
    """Switch a flag on, off, or back to what its manifest declares.

    It holds for runs that ask from now on; those that have asked go on with their answer.
    """
    path = f"/flags/{quote(flag, safe='')}"
    revision = session.portal.get(path).get("revision")
    answer = session.portal.post(f"{path}/switch", {"to": to, "reason": reason, "revision": revision}).value
    if session.as_json:
        session.printer.data(answer)
    else:
        session.printer.say(f"{flag}: {_stands(answer)}")


def _stands(flag: Mapping[str, Any]) -> str:
    position = flag.get("switched", "")
    return "as declared" if position == "declared" else f"switched {position}"


def _declared(flag: Mapping[str, Any]) -> str:
    percent = flag.get("percent")
    share = f"; on for {percent:g} %" if isinstance(percent, int | float) else ""
    return f"{flag.get('declared', '')}{share}"
