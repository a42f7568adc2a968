"""`plumbline signal`: an event for one run. Owns reading its data. A signal that got no answer is repeated under the same key."""

from __future__ import annotations

import json
import uuid

import click

from .exits import ExitCode, Failure
from .runs import RUN_ID
from .session import Session, shared_options


@click.command()
@click.argument("run", type=RUN_ID)
@click.argument("name")
@click.option("--data", metavar="JSON", help="What the step gives; null unless given.")
@click.option("--key", metavar="KEY", help="Idempotency key: the same key never sends a second signal.")
@shared_options
@click.pass_obj
def signal(session: Session, run: str, name: str, data: str | None, key: str | None) -> None:
    """Send a signal to a run: the event NAME that a step of it waits for."""
    try:
        told = json.loads(data) if data is not None else None
    except ValueError as error:
        raise Failure(f"--data is not JSON: {error}", ExitCode.USAGE) from None
    answer = session.portal.post(
        f"/runs/{run}/signals", {"name": name, "data": told}, key=key or str(uuid.uuid4())
    ).value
    if session.as_json:
        session.printer.data(answer)
        return
    word = "was sent already" if answer.get("known") else "sent"
    session.printer.say(f"{name} {word}; see what the run does with `plumbline show {run}`")
