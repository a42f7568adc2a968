"""How a run looks in a terminal: its head, its steps, its attempts.

Owns the words and their order; the words of states are those of the pages. Never asks the portal anything, and shows a
run with fields that it doesn't know as far as it can.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from portal.presentation.quantities import duration
from portal.presentation.words import Look, run_look, step_look

from .output import Printer, table
from .plain import clean, clock, one_line

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

_TONES = {"ok": ("✓", "green"), "warn": ("!", "yellow"), "fail": ("✗", "red"), "unk": ("·", "")}
_LONGEST_ERROR = 200
_LONGEST_PAYLOAD = 2_000


def runs_table(runs: Sequence[Mapping[str, Any]]) -> RenderableType:
    """One line for each run. The id is the whole one: it is what the other commands take."""
    heads = ("State", "Run", "Workflow", "Version", "Team", "Started", "Took", "Failed at")
    rows = (
        (
            state_of_run(run),
            run.get("id", ""),
            run.get("workflow", ""),
            run.get("version", ""),
            run.get("team", ""),
            clock(run.get("started_at") or run.get("created_at")),
            _took(run),
            run.get("failed_step") or "",
        )
        for run in runs
    )
    return table(heads, rows, fixed=("Run",))


def steps_table(run: Mapping[str, Any]) -> RenderableType:
    """One line for each step that the run has reached."""
    rows = (
        (
            _state(step_state(step)),
            step.get("name", ""),
            step.get("kind", ""),
            attempt_text(step),
            clock(step.get("started_at")),
            _took(step),
            _error(step),
        )
        for step in steps_of(run)
    )
    return table(("State", "Step", "Kind", "Attempt", "Started", "Took", "Error"), rows, fixed=("Step",))


def show_run(printer: Printer, run: Mapping[str, Any], portal: str) -> None:
    """Everything that a person asks first: the sentence, the steps, the attempts that went wrong, the output."""
    printer.show(head_of(run))
    if run.get("sentence"):
        printer.say(str(run["sentence"]))
    for label, field in (("key", "key"), ("retry of", "retry_of"), ("trace", "trace_id")):
        if run.get(field):
            printer.say(f"  {label}: {run[field]}", style="dim")
    if run.get("url"):
        printer.say(f"  page: {urljoin(portal, str(run['url']))}", style="dim")
    if steps_of(run):
        printer.say()
        printer.show(steps_table(run))
    attempts = list(_attempts(run))
    if attempts:
        heads = ("Step", "Phase", "Attempt", "Outcome", "Started", "Next", "Error")
        printer.say("\nAttempts", style="bold")
        printer.show(table(heads, attempts, fixed=("Step",)))
    for name in ("input", "output"):
        if run.get(name) is not None:
            printer.say(f"\n{name.capitalize()}{' (masked)' if run.get('masked') else ''}", style="bold")
            printer.say(_payload(run[name]))


def head_of(run: Mapping[str, Any]) -> Text:
    """`✓ Succeeded  order-fulfilment 2.3.0  run 0198…`"""
    text = state_of_run(run)
    text.append(clean(f"  {run.get('workflow')} {run.get('version')}  run {run.get('id')}"))
    return text


def state_of_run(run: Mapping[str, Any]) -> Text:
    look = run_look(*(str(run.get(field) or "") for field in ("status", "result", "compensation")))
    return _state(look)


def step_state(step: Mapping[str, Any]) -> Look:
    return step_look(*(str(step.get(field) or "") for field in ("status", "waiting_kind", "compensation")))


def attempt_text(step: Mapping[str, Any]) -> str:
    """`attempt 2 of 5, next 14:03:12`; nothing where there was only one and it is over."""
    number, most, status = step.get("attempt") or 0, step.get("maximum_attempts"), step.get("status")
    if not number or (number == 1 and status not in {"running", "retrying"}):
        return ""
    text = f"attempt {number} of {most}" if most else f"attempt {number}"
    due = clock(step.get("not_before")) if status == "retrying" else ""
    return f"{text}, next {due}" if due else text


def steps_of(run: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    steps = run.get("steps")
    return [step for step in steps if isinstance(step, dict)] if isinstance(steps, list) else []


def _attempts(run: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    """The attempts of each step that needed more than one good one."""
    for step in steps_of(run):
        attempts = [attempt for attempt in step.get("attempts") or () if isinstance(attempt, dict)]
        if len(attempts) < 2 and not any(attempt.get("error_type") for attempt in attempts):
            continue
        for attempt in attempts:
            begin, due = clock(attempt.get("started_at")), clock(attempt.get("next_at"))
            row = (
                step.get("name", ""),
                attempt.get("phase", ""),
                attempt.get("number", ""),
                attempt.get("outcome", ""),
            )
            yield (*row, begin, due, _error(attempt, "message"))


def _state(look: Look) -> Text:
    from rich.text import Text

    mark, style = _TONES[look.tone]
    return Text(f"{mark} {clean(look.word)}", style=style)


def _took(timed: Mapping[str, Any]) -> str:
    seconds = timed.get("duration_seconds")
    return duration(seconds) if isinstance(seconds, int | float) else ""


def _error(failed: Mapping[str, Any], message: str = "error_message") -> str:
    text = one_line(": ".join(str(failed[part]) for part in ("error_type", message) if failed.get(part)))
    return text if len(text) <= _LONGEST_ERROR else text[:_LONGEST_ERROR] + "…"


def _payload(value: Any) -> str:
    text = json.dumps(value, indent=2, ensure_ascii=False)
    if len(text) <= _LONGEST_PAYLOAD:
        return text
    return f"{text[:_LONGEST_PAYLOAD]}…\n({len(text):,} characters; --json has them all)"
