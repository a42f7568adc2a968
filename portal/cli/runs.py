"""`plumbline runs`, `show`, `pause`, `resume`, `cancel` and `terminate`: the runs there are, and holding or stopping one.

Owns how a run is named on the command line and how a list of runs is asked for.
"""

from __future__ import annotations

import uuid
from typing import Any

import click

from orchestration.states import RunResult, RunStatus

from .run_view import head_of, runs_table, show_run
from .session import Session, reason_option, shared_options

DEFAULT_LIMIT = 50


class RunId(click.ParamType[str]):
    """A run's full id. The short one of the pages is its last digits, and more than one run may share them."""

    name = "run"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return str(uuid.UUID(value))
        except ValueError:
            hint = "give the full id, as `plumbline runs` prints it"
            self.fail(f"{value!r} is no id of a run; {hint}", param, ctx)


RUN_ID = RunId()


@click.command()
@click.option("--workflow", metavar="NAME")
@click.option("--status", type=click.Choice([status.value for status in RunStatus]))
@click.option("--result", type=click.Choice([result.value for result in RunResult if result]))
@click.option("--team", metavar="NAME")
@click.option(
    "--limit", type=click.IntRange(min=1), metavar="N", help=f"At most so many; {DEFAULT_LIMIT} unless given."
)
@click.option("--all", "everything", is_flag=True, help="All of them, however many.")
@shared_options
@click.pass_obj
def runs(
    session: Session,
    *,
    workflow: str | None,
    status: str | None,
    result: str | None,
    team: str | None,
    limit: int | None,
    everything: bool,
) -> None:
    """List runs, newest first."""
    if everything and limit is not None:
        raise click.UsageError("--all and --limit contradict each other; give one")
    query = {"workflow": workflow, "status": status, "result": result, "team": team}
    most = None if everything else limit or DEFAULT_LIMIT
    found = list(session.portal.pages("/runs", query, most))
    if session.as_json:
        session.printer.data({"items": found})
        return
    if not found:
        filters = ", ".join(f"{name} {value}" for name, value in query.items() if value)
        session.printer.say(f"No runs with {filters}." if filters else "No runs yet; `plumbline start` starts one.")
        return
    session.printer.show(runs_table(found))
    if len(found) == most:
        session.printer.remark(f"the newest {most}; --limit or --all shows more", style="dim")


@click.command()
@click.argument("run", type=RUN_ID)
@shared_options
@click.pass_obj
def show(session: Session, run: str) -> None:
    """Show a run with its steps and attempts."""
    found = session.portal.get(f"/runs/{run}")
    if session.as_json:
        session.printer.data(found)
    else:
        show_run(session.printer, found, session.portal.url)


@click.command()
@click.argument("run", type=RUN_ID)
@reason_option
@shared_options
@click.pass_obj
def cancel(session: Session, run: str, reason: str) -> None:
    """Stop a run; what it did is compensated.

    It stops at its next step boundary: a step that is under way is not torn apart.
    """
    _stop(session, run, "cancel", reason)


@click.command()
@click.argument("run", type=RUN_ID)
@reason_option
@shared_options
@click.pass_obj
def terminate(session: Session, run: str, reason: str) -> None:
    """End a run now; what it did stays done."""
    _stop(session, run, "terminate", reason)


@click.command()
@click.argument("run", type=RUN_ID)
@reason_option
@shared_options
@click.pass_obj
def pause(session: Session, run: str, reason: str) -> None:
    """Let a run begin nothing new; what is under way ends."""
    _stop(session, run, "pause", reason)


@click.command()
@click.argument("run", type=RUN_ID)
@reason_option
@shared_options
@click.pass_obj
def resume(session: Session, run: str, reason: str) -> None:
    """Let a paused run go on from where it stands."""
    _stop(session, run, "resume", reason)


def _stop(session: Session, run: str, verb: str, reason: str) -> None:
    answer = session.portal.post(f"/runs/{run}/{verb}", {"reason": reason}).value
    if session.as_json:
        session.printer.data(answer)
        return
    session.printer.show(head_of(answer))
    if answer.get("status") != "finished":
        session.printer.say(f"  see how it ends with `plumbline show {run}`", style="dim")
