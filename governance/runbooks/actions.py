"""The machine-readable line of a step: `**Action** retry-failed-runs workflow=orders step=charge`.

Owns its grammar, the kinds that there are and their parameters. Pure; never knows whether a workflow exists or who may act.
A value is one word, or stands in double quotes or backticks: input=`{"day": "today"}`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from orchestration.manifest import parse_duration


class ActionKind(StrEnum):
    """What an exercise can do by itself."""

    RETRY_FAILED_RUNS = "retry-failed-runs"
    FORCE_BREAKER = "force-breaker"
    RELEASE_BREAKER = "release-breaker"
    ROLL_BACK_VERSION = "roll-back-version"
    SWITCH_FLAG = "switch-flag"
    RUN_WORKFLOW = "run-workflow"
    CALL_WEBHOOK = "call-webhook"


@dataclass(frozen=True, slots=True)
class Shape:
    """Which parameters a kind must and may have."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()


SHAPES: Mapping[ActionKind, Shape] = {
    ActionKind.RETRY_FAILED_RUNS: Shape(("workflow",), ("step", "error", "within", "most")),
    ActionKind.FORCE_BREAKER: Shape(("dependency", "state", "for")),
    ActionKind.RELEASE_BREAKER: Shape(("dependency",)),
    ActionKind.ROLL_BACK_VERSION: Shape(("workflow",)),
    ActionKind.SWITCH_FLAG: Shape(("flag", "to")),
    ActionKind.RUN_WORKFLOW: Shape(("workflow",), ("version", "input")),
    ActionKind.CALL_WEBHOOK: Shape(("team",), ("message",)),
}
#: Every kind may be marked so: it may run without a person where an alert starts the runbook.
AUTOMATIC = "automatic"
STATES = ("forced_open", "metrics_only", "disabled")
POSITIONS = ("on", "off", "declared")
MOST, WITHIN = 100, "24h"
_KIND = re.compile(r"`?([A-Za-z][A-Za-z0-9_-]*)`?")
_PAIR = re.compile(r"""\s+([a-z_]+)=(?:"([^"]*)"|`([^`]*)`|([^\s"`]+))""")


@dataclass(frozen=True, slots=True)
class Action:
    """What a step's action line says. `problem` is empty for one that can run."""

    kind: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""

    @property
    def is_automatic(self) -> bool:
        """Whether it may run without a person."""
        return self.parameters.get(AUTOMATIC) == "yes"

    def __str__(self) -> str:
        return " ".join([self.kind, *(f"{name}={_quoted(value)}" for name, value in self.parameters.items())])


def read(text: str) -> Action:
    """What the line says; one that can't run has its problem."""
    line = " ".join(text.split()).rstrip(".")
    match = _KIND.match(line)
    if match is None:
        return Action(line[:40], {}, "an action line names its action first, as in retry-failed-runs workflow=orders")
    parameters, place = {}, match.end()
    while pair := _PAIR.match(line, place):
        parameters[pair[1]] = next(value for value in pair.groups()[1:] if value is not None)
        place = pair.end()
    rest = line[place:].strip()
    action = Action(match[1], parameters)
    problem = f"{rest[:40]!r} is no key=value" if rest else _problem(action)
    return Action(match[1], parameters, problem)


def _problem(action: Action) -> str:
    if action.kind not in set(ActionKind):
        return f"there is no action {action.kind[:40]!r}; there are {', '.join(ActionKind)}"
    shape = SHAPES[ActionKind(action.kind)]
    given = action.parameters.keys() - {AUTOMATIC}
    missing = [name for name in shape.required if name not in given]
    unknown = sorted(given - set(shape.required) - set(shape.optional))
    if missing:
        return f"{action.kind} needs {' and '.join(f'{name}=…' for name in missing)}"
    if unknown:
        return f"{action.kind} has no parameter {unknown[0]!r}; it has {', '.join(shape.required + shape.optional)}"
    return _bad_value(action.parameters)


def _bad_value(values: Mapping[str, str]) -> str:
    if values.get(AUTOMATIC, "yes") not in {"yes", "no"}:
        return "automatic is yes or no"
    if "state" in values and values["state"] not in STATES:
        return f"state {values['state'][:40]!r} can't be forced; use one of {', '.join(STATES)}"
    if "to" in values and values["to"] not in POSITIONS:
        return f"a flag can't be switched to {values['to'][:40]!r}; use one of {', '.join(POSITIONS)}"
    most = values.get("most", "1")
    if not (most.isascii() and most.isdigit() and len(most) <= 4 and 1 <= int(most) <= MOST):
        return f"most is a number from 1 to {MOST}"
    for name in ("for", "within"):
        try:
            parse_duration(values.get(name, "1h"))
        except ValueError as error:
            return f"{name}: {error}"
    return ""


def _quoted(value: str) -> str:
    if value and not re.search(r'[\s"`]', value):
        return value
    return f'"{value}"' if '"' not in value else f"`{value}`"
