"""Follows a run to its end, showing how it goes.

Owns the polling, its patience with a portal that restarts, and the live progress. Never stops a run: whoever gives up
waiting is told that it goes on, and how to see it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from .exits import ExitCode, Failure
from .plain import clean
from .run_view import attempt_text, head_of, step_state, steps_of, steps_table
from .session import Session

if TYPE_CHECKING:
    from rich.live import Live

#: Often at first, for short runs; calmer later.
SHORT_POLL, LONG_POLL, SHORT_FOR = 0.5, 2.0, 15.0
#: Seconds for which the portal may be away, as while it is upgraded.
PATIENCE = 60.0
_GOOD = {"succeeded", "degraded"}


def follow(session: Session, run_id: str, timeout: int | None) -> dict[str, Any]:
    """The run, finished. Raises Failure at the timeout, on Ctrl-C, and when the portal stays away."""
    begin = answered = time.monotonic()
    status = "not known"
    try:
        with Progress(session) as progress:
            while True:
                try:
                    run = session.portal.get(f"/runs/{run_id}")
                    answered, status = time.monotonic(), str(run.get("status"))
                    progress.update(run)
                    if status == "finished":
                        return run
                except Failure as failure:
                    if failure.exit_code != ExitCode.UNREACHABLE or time.monotonic() - answered > PATIENCE:
                        failure.remedy = _goes_on(run_id)
                        raise
                    progress.say("the portal does not answer; still trying")
                waited = time.monotonic() - begin
                if timeout is not None and waited >= timeout:
                    raise _left(run_id, f"run {run_id} is still {status} after {timeout} s", ExitCode.NO, "timeout")
                pause = SHORT_POLL if waited < SHORT_FOR else LONG_POLL
                time.sleep(pause if timeout is None else min(pause, timeout - waited))
    except KeyboardInterrupt:
        raise _left(run_id, f"interrupted; run {run_id} goes on", ExitCode.INTERRUPTED, "interrupted") from None


def ended_well(run: Mapping[str, Any]) -> bool:
    """Whether the run brought what was asked; degraded is with a fallback, and enough."""
    return run.get("result") in _GOOD


class Progress:
    """The steps while they run: a live table on a terminal, a line for each change in a log, nothing under `--json`."""

    def __init__(self, session: Session) -> None:
        self._printer = session.printer
        self._silent = session.as_json
        self._seen: dict[str, str] = {}
        self._live: Live | None = None

    def __enter__(self) -> Self:
        if not self._silent and self._printer.err.is_terminal:
            from rich.live import Live

            self._live = Live(console=self._printer.err, auto_refresh=False, transient=True)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def update(self, run: Mapping[str, Any]) -> None:
        """Show the run as it is now."""
        if self._live is not None:
            from rich.console import Group

            self._live.update(Group(head_of(run), steps_table(run)), refresh=True)
            return
        for step in steps_of(run):
            if step.get("status") == "pending":
                continue
            text = ", ".join(part for part in (step_state(step).word, attempt_text(step)) if part)
            if self._seen.get(str(step.get("name"))) != text:
                self._seen[str(step.get("name"))] = text
                self._line(f"{step.get('name')}: {text}")

    def say(self, text: str) -> None:
        """A remark, said once until something else is to be said."""
        if self._live is not None:
            self._live.update(clean(text), refresh=True)
        elif self._seen.get("") != text:
            self._line(text)
        self._seen[""] = text

    def _line(self, text: str) -> None:
        self._seen.pop("", None)
        if not self._silent:
            self._printer.remark(f"{datetime.now().astimezone():%H:%M:%S} {text}")


def _left(run_id: str, message: str, exit_code: ExitCode, code: str) -> Failure:
    return Failure(message, exit_code, remedy=_goes_on(run_id), code=code, extra={"run": run_id})


def _goes_on(run_id: str) -> str:
    return (
        f"the run goes on: see it with `plumbline show {run_id}`, stop it with `plumbline cancel {run_id} --reason …`"
    )
