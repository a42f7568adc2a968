"""The command group: which commands there are, and how any of them ends.

Owns turning an interruption into its exit code and, under `--json`, an error into JSON. Never does a command's work.
"""

from __future__ import annotations

import sys
from io import TextIOWrapper

import click

from . import (
    applying,
    checking,
    decisions,
    deploying,
    document_imports,
    exporting,
    flags,
    manifests,
    odcs,
    openslo,
    ownership,
    registry_copy,
    runbook_files,
    runs,
    schedules,
    signalling,
    starting,
)
from .exits import ExitCode, Failure
from .session import Session, shared_options


class Program(click.Group):
    """A group whose every failure has one of the documented exit codes."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except (KeyboardInterrupt, click.Abort):
            failure = Failure("interrupted", ExitCode.INTERRUPTED)
        except Failure as error:
            failure = error
        session = ctx.find_object(Session)
        if session is not None and session.as_json:
            session.printer.data({"error": failure.as_dict()})
        raise failure


def _print_version(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from portal.release import running_version

        click.echo(f"plumbline {running_version()}")
        ctx.exit()


@click.group(
    name="plumbline", cls=Program, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version, help="Print the version."
)
@shared_options
def program() -> None:
    """Check and apply manifests, start runs and watch them.

    \b
    Exit codes: 0 ok · 1 the answer is no · 2 usage or unreadable input · 3 not permitted
                4 not found · 5 portal unreachable or failing · 130 interrupted
    """


for _command in (
    manifests.validate, applying.plan, applying.apply, applying.diff, manifests.schema,
    starting.start, runs.runs, runs.show, runs.pause, runs.resume, runs.cancel, runs.terminate,
    starting.retry, starting.rerun, signalling.signal, flags.flags, flags.switch, checking.check,
    deploying.can_deploy, exporting.export, openslo.importing, schedules.schedule, schedules.trigger,
    registry_copy.registry,
):  # fmt: skip
    program.add_command(_command)
openslo.importing.add_command(decisions.import_decisions)
exporting.export.add_command(decisions.export_decisions)
openslo.importing.add_command(document_imports.import_odcs)
openslo.importing.add_command(document_imports.import_openapi)
openslo.importing.add_command(ownership.import_ownership)
exporting.export.add_command(odcs.export_odcs)
openslo.importing.add_command(runbook_files.import_runbooks)
exporting.export.add_command(runbook_files.export_runbooks)


def main() -> None:
    """The entry point. Output that the terminal can't encode is written out rather than ending the command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    program(prog_name="plumbline")
