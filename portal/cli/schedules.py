"""`plumbline schedule` and `plumbline trigger`: what starts by itself, pausing it, and making up for a range of ticks.

Owns how a range is written on the command line. Shows what a backfill would start before it asks for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

import click

from .output import table
from .plain import clock
from .session import Session, reason_option, shared_options


class Moment(click.ParamType[str]):
    """A time with its zone, or a day, which begins at midnight UTC."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = str(value)
        try:
            moment = datetime.fromisoformat(f"{text}T00:00:00+00:00" if len(text) == len("2026-11-01") else text)
        except ValueError:
            self.fail(f"{text[:60]!r} is no time; write 2026-11-01 or 2026-11-01T02:30+01:00", param, ctx)
        if moment.tzinfo is None:
            self.fail(f"{text[:60]!r} has no zone; add Z or an offset such as +01:00", param, ctx)
        return moment.isoformat()


MOMENT = Moment()


@click.group()
def schedule() -> None:
    """What the clock starts: list, show, pause, resume, backfill."""


@click.group()
def trigger() -> None:
    """What events start: list, show, pause, resume."""


@schedule.command("list")
@shared_options
@click.pass_obj
def list_schedules(session: Session) -> None:
    """List schedules by name."""
    _list(session, "schedules", ("Schedule", "Starts", "Cron", "Zone", "Next", "State"), lambda one: (
        one.get("name", ""), one.get("workflow", ""), one.get("spec", {}).get("cron", ""),
        one.get("spec", {}).get("timezone", "UTC"), clock(one.get("next_at")), _state(one),
    ))  # fmt: skip


@trigger.command("list")
@shared_options
@click.pass_obj
def list_triggers(session: Session) -> None:
    """List triggers by name."""
    _list(session, "triggers", ("Trigger", "Event", "Starts", "State"), lambda one: (
        one.get("name", ""), one.get("event", ""), one.get("workflow", ""), _state(one),
    ))  # fmt: skip


@schedule.command("show")
@click.argument("name")
@shared_options
@click.pass_obj
def show_schedule(session: Session, name: str) -> None:
    """Show when a schedule is due, and what came of its latest ticks."""
    found = session.portal.get(f"/schedules/{quote(name, safe='')}")
    if session.as_json:
        session.printer.data(found)
        return
    _say_head(session, found)
    for moment in found.get("next_ticks", []):
        session.printer.say(f"  next {clock(moment)}")
    rows = [
        (one.get("at", ""), one.get("outcome", ""), one.get("run") or one.get("error", "")) for one in found["ticks"]
    ]
    session.printer.show(
        table(("Tick", "Outcome", "Run, or why there is none"), rows, fixed=("Run, or why there is none",))
    )


@trigger.command("show")
@click.argument("name")
@shared_options
@click.pass_obj
def show_trigger(session: Session, name: str) -> None:
    """Show what came of the latest events that a trigger held for."""
    found = session.portal.get(f"/triggers/{quote(name, safe='')}")
    if session.as_json:
        session.printer.data(found)
        return
    _say_head(session, found)
    rows = [
        (clock(one.get("at")), one.get("event_id", ""), one.get("run") or one.get("error", ""))
        for one in found["firings"]
    ]
    session.printer.show(
        table(("At", "Event", "Run, or why there is none"), rows, fixed=("Run, or why there is none",))
    )


def _switches(group: click.Group, noun: str) -> None:
    """`pause` and `resume` of a group."""
    for verb, sentence in (
        ("pause", f"Start nothing more by a {noun} until it is resumed."),
        ("resume", f"Let a {noun} go on."),
    ):

        @group.command(verb, help=sentence)
        @click.argument("name")
        @reason_option
        @shared_options
        @click.pass_obj
        def switch(session: Session, name: str, reason: str, verb: str = verb) -> None:
            answer = session.portal.post(f"/{noun}s/{quote(name, safe='')}/{verb}", {"reason": reason}).value
            if session.as_json:
                session.printer.data(answer)
            else:
                session.printer.say(f"{noun} {name} is {'paused' if answer.get('paused') else 'active'}")


_switches(schedule, "schedule")
_switches(trigger, "trigger")


@schedule.command()
@click.argument("name")
@click.option(
    "--from", "starts_at", type=MOMENT, required=True, help="The range begins here; a tick at it is included."
)
@click.option("--to", "ends_at", type=MOMENT, required=True, help="The range ends here; a tick at it is included.")
@click.option("--max-parallel", type=click.IntRange(min=1), default=1, show_default=True, help="Runs at a time.")
@click.option("--newest-first", is_flag=True, help="From the newest tick back.")
@click.option("--dry-run", is_flag=True, help="Only say what would be started.")
@click.option("--yes", is_flag=True, help="Start without asking.")
@reason_option
@shared_options
@click.pass_obj
def backfill(
    session: Session, name: str, *, starts_at: str, ends_at: str, max_parallel: int, newest_first: bool, dry_run: bool, yes: bool,
    reason: str,
) -> None:  # fmt: skip
    """Start a run for each tick of a range that has passed.

    What is to be started is told first. A tick that an earlier backfill started is not started again.
    """
    order = "newest_first" if newest_first else "oldest_first"
    asked = {"starts_at": starts_at, "ends_at": ends_at, "order": order, "max_parallel": max_parallel}
    seen = session.portal.post(f"/schedules/{quote(name, safe='')}/backfills/preview", asked, repeatable=True).value
    told = f"{seen['ticks']:,} runs, of the ticks from {seen['first']} to {seen['last']}"
    if dry_run:
        session.printer.data(seen) if session.as_json else session.printer.say(f"would start {told}")
        return
    if not yes and not session.as_json:
        click.confirm(f"start {told}?", abort=True, err=True)
    made = session.portal.post(f"/schedules/{quote(name, safe='')}/backfills", {**asked, "reason": reason}).value
    if session.as_json:
        session.printer.data(made)
    else:
        session.printer.say(
            f"backfill {made.get('number')} starts {told}; `plumbline schedule cancel-backfill` stops it"
        )


@schedule.command("cancel-backfill")
@click.argument("name")
@click.argument("number", type=click.IntRange(min=1))
@reason_option
@shared_options
@click.pass_obj
def cancel_backfill(session: Session, name: str, number: int, reason: str) -> None:
    """Start no more ticks of a backfill; runs that were started go on."""
    answer = session.portal.post(
        f"/schedules/{quote(name, safe='')}/backfills/{number}/cancel", {"reason": reason}
    ).value
    if session.as_json:
        session.printer.data(answer)
    else:
        session.printer.say(
            f"backfill {number} is {answer.get('state')} after {answer.get('taken')} of {answer.get('ticks')} ticks"
        )


def _list(session: Session, noun: str, heads: tuple[str, ...], line: Any) -> None:
    found = list(session.portal.pages(f"/{noun}", {}, None))
    if session.as_json:
        session.printer.data({"items": found})
    elif found:
        session.printer.show(table(heads, [line(one) for one in found]))
    else:
        session.printer.say(f"No {noun} yet; a manifest declares one.")


def _say_head(session: Session, found: Mapping[str, Any]) -> None:
    paused = f": {found.get('paused_reason')}" if found.get("paused") else ""
    session.printer.say(f"{found.get('name')} starts {found.get('workflow')}, {_state(found)}{paused}")


def _state(one: Mapping[str, Any]) -> str:
    return "paused" if one.get("paused") else "active"
