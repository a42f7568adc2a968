"""`plumbline start` and `plumbline retry`: new runs, waited for if asked.

Owns reading the input and the idempotency key. A start that got no answer is repeated with the same key, so that the
workflow runs once however often the network fails.
"""

from __future__ import annotations

import json
import sys
import uuid
from pathlib import Path
from typing import Any, BinaryIO

import click

from .answers import Answer
from .exits import ExitCode, Failure
from .following import ended_well, follow
from .run_view import show_run
from .runs import RUN_ID
from .session import Command, Session, reason_option, shared_options

#: The engine's limit of a payload, so that a huge file is refused before it is read whole.
MAX_INPUT = 4 * 1024 * 1024


def waiting_options(command: Command) -> Command:
    """Add `--wait` and `--timeout`."""
    timeout = click.option("--timeout", type=click.IntRange(min=1), metavar="SECONDS", help="Wait at most so long.")
    wait = click.option("--wait", is_flag=True, help="Follow the run to its end; exit 1 unless it ends well.")
    return wait(timeout(command))


@click.command()
@click.argument("workflow")
@click.option("--version", metavar="VERSION", help="The highest active one, unless named.")
@click.option("--input", "text", metavar="JSON", help="The input; {} unless given.")
@click.option("--input-file", "file", metavar="FILE", help="A file with the input; - reads stdin.")
@click.option("--key", metavar="KEY", help="Idempotency key: the same key and input never start a second run.")
@click.option(
    "--priority", type=click.IntRange(-100, 100), help="Higher ones of a team leave its queue first; 0 unless given."
)
@waiting_options
@shared_options
@click.pass_obj
def start(
    session: Session,
    *,
    workflow: str,
    version: str | None,
    text: str | None,
    file: str | None,
    key: str | None,
    priority: int | None,
    wait: bool,
    timeout: int | None,
) -> None:
    """Start a run of a workflow."""
    _check_wait(wait, timeout)
    body: dict[str, Any] = {"workflow": workflow, "input": _input(text, file)}
    if version is not None:
        body["version"] = version
    if priority is not None:
        body["priority"] = priority
    _begin(session, "/runs", body, _checked_key(key), wait=wait, timeout=timeout)


@click.command()
@click.argument("run", type=RUN_ID)
@waiting_options
@shared_options
@click.pass_obj
def retry(session: Session, run: str, wait: bool, timeout: int | None) -> None:
    """Run again what failed, as a new run.

    It is linked to the old one and reuses the steps of it that still stand.
    """
    _check_wait(wait, timeout)
    _begin(session, f"/runs/{run}/retry", {}, f"cli-{uuid.uuid4()}", wait=wait, timeout=timeout)


@click.command()
@click.argument("run", type=RUN_ID)
@click.option("--from", "step", required=True, metavar="STEP", help="This step and all after it run again.")
@click.option("--latest", is_flag=True, help="With the latest version, in place of the run's own.")
@reason_option
@waiting_options
@shared_options
@click.pass_obj
def rerun(  # noqa: PLR0917 - an option each
    session: Session, run: str, step: str, latest: bool, reason: str, wait: bool, timeout: int | None
) -> None:
    """Run a run again from a step, as a new run; writes from there on happen twice."""
    _check_wait(wait, timeout)
    body = {"from_step": step, "version": "latest" if latest else "original", "reason": reason}
    _begin(session, f"/runs/{run}/rerun", body, f"cli-{uuid.uuid4()}", wait=wait, timeout=timeout)


def _begin(session: Session, path: str, body: dict[str, Any], key: str, *, wait: bool, timeout: int | None) -> None:
    """Start it, then say so, or follow it and end as it ends."""
    answer = _started(session, path, body, key)
    run_id = str(answer.value.get("id"))
    printer = session.printer
    if not wait:
        if session.as_json:
            printer.data({**answer.value, "created": answer.created})
            return
        known = "started" if answer.created else "was there already, by this key:"
        printer.say(f"{answer.value.get('workflow')} {answer.value.get('version')} {known} run {run_id}")
        printer.say(f"  see it with `plumbline show {run_id}`", style="dim")
        return
    run = follow(session, run_id, timeout)
    if session.as_json:
        printer.data({**run, "created": answer.created})
    else:
        show_run(printer, run, session.portal.url)
    if not ended_well(run):
        raise click.exceptions.Exit(ExitCode.NO)


def _started(session: Session, path: str, body: dict[str, Any], key: str) -> Answer:
    doubt = f"it may have started; repeat with `--key {key}` and it starts at most once"
    try:
        return session.portal.post(path, body, key=key)
    except Failure as failure:
        if failure.exit_code == ExitCode.UNREACHABLE and path == "/runs":
            failure.remedy = f"{failure.remedy}\n  {doubt}"
            failure.extra["key"] = key
        raise
    except KeyboardInterrupt:
        remedy = doubt if path == "/runs" else "it may have started; `plumbline runs` shows it"
        raise Failure("interrupted", ExitCode.INTERRUPTED, remedy=remedy, extra={"key": key}) from None


def _check_wait(wait: bool, timeout: int | None) -> None:
    if timeout is not None and not wait:
        raise click.UsageError("--timeout is for --wait; give both, or neither")


def _checked_key(key: str | None) -> str:
    """The key, or a new one. A header carries it, so it is ASCII."""
    if key is None:
        return f"cli-{uuid.uuid4()}"
    if not 1 <= len(key) <= 200 or key != key.strip() or not all(32 <= ord(character) <= 126 for character in key):
        raise click.BadParameter("has 1 to 200 ASCII characters and no blank at its ends", param_hint="--key")
    return key


def _input(text: str | None, file: str | None) -> Any:
    if text is not None and file is not None:
        raise click.UsageError("--input and --input-file are two inputs; give one")
    if file is not None:
        return _parsed(_read(file), "stdin" if file == "-" else file)
    return {} if text is None else _parsed(text, "--input")


def _read(file: str) -> str:
    name = "stdin" if file == "-" else file
    try:
        if file == "-":
            data = _bounded(sys.stdin.buffer, name)
        else:
            with Path(file).open("rb") as stream:
                data = _bounded(stream, name)
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Failure(f"{name}: is not UTF-8 ({error.reason} at byte {error.start})", ExitCode.USAGE) from None
    except (OSError, ValueError) as error:
        raise Failure(f"{name}: {getattr(error, 'strerror', None) or error}", ExitCode.USAGE) from None


def _bounded(stream: BinaryIO, name: str) -> bytes:
    data = stream.read(MAX_INPUT + 1)
    if len(data) > MAX_INPUT:
        raise Failure(f"{name}: is larger than {MAX_INPUT:,} bytes, the most that an input may have", ExitCode.USAGE)
    return data


def _parsed(text: str, name: str) -> Any:
    """JSON as the portal reads it: what it would refuse, or what Python would quietly change, is refused here."""
    try:
        value = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_object)
        json.dumps(value, allow_nan=False)
    except json.JSONDecodeError as error:
        place = f"{name}:{error.lineno}:{error.colno}"
        raise Failure(f"{place}: not JSON: {error.msg}", ExitCode.USAGE, remedy='an input is like {"id": 1}') from None
    except RecursionError:
        raise Failure(f"{name}: is nested too deeply", ExitCode.USAGE) from None
    except ValueError as error:
        raise Failure(f"{name}: {error}", ExitCode.USAGE) from None
    return value


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON; use null or a number")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice!r} stands twice in one object; keep one of them")
    return found
