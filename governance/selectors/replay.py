"""Replay: real payloads of the newest runs against a schema that isn't in use yet. Never writes.

Says how many would be refused, and of the first ones where and why, without a value of theirs: messages are masked here,
for a reviewer may be of any team.
"""

from __future__ import annotations

import json
import uuid
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn

from governance.contracts.validation import Check, compile_check
from orchestration.engine.payloads import REFERENCE, text_of
from orchestration.errors import Violation
from orchestration.models import Payload, Port
from orchestration.secrets import MASK
from orchestration.selectors.payloads import Passed, passed, payload_in

#: Larger payloads are left out, and counted.
LARGEST = 256 * 1024
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Failure:
    """A payload that the schema refuses, and the first reason."""

    run_id: uuid.UUID
    workflow: str
    version: str
    step: str
    direction: str
    at: datetime
    pointer: str
    message: str


@dataclass(frozen=True, slots=True)
class Replay:
    """Of `checked` payloads `failed` would be refused; `skipped` were too large, or deleted meanwhile. `first`: the newest."""

    checked: int
    failed: int
    skipped: int
    first: list[Failure]


def replay(ports: Iterable[Port], schema: Any, *, most: int = 200) -> Replay:
    """The newest payloads of these ports, `most` in all. Raises validation.InvalidSchema."""
    check = compile_check(schema, mask=MASK)
    checked = skipped = 0
    failures: list[Failure] = []
    for one in passed(list(ports), most=most):
        violations = None if one.size > LARGEST else _refused(one, check)
        if violations is None:
            skipped += 1
            continue
        checked += 1
        if violations:
            failures.append(_failure(one, violations[0]))
    failures.sort(key=lambda failure: failure.at, reverse=True)
    return Replay(checked, len(failures), skipped, failures[:SHOWN])


def _refused(one: Passed, check: Check) -> Sequence[Violation] | None:
    """What is wrong with a payload; None for one that is gone."""
    try:
        text = text_of(one.stored) if one.stored.startswith(REFERENCE) else one.stored
        value = json.loads(text, parse_constant=_no_json)
    except Payload.DoesNotExist:  # its run was old, and was deleted just now
        return None
    except (ValueError, RecursionError, zlib.error):
        return [Violation("", "what is stored is not JSON")]
    if one.port.step and one.port.direction == "input":
        value = payload_in(one.kind, value)
    try:
        return check(value)
    except Exception as error:  # the validator is not ours, and its words may quote the payload
        return [Violation("", f"the validator can't judge it: {type(error).__name__}")]


def _failure(one: Passed, violation: Violation) -> Failure:
    port, version = one.port, one.port.version
    return Failure(
        one.run_id, version.workflow.name, version.version, port.step, port.direction, one.at,
        violation.pointer or "/", violation.message,
    )  # fmt: skip


def _no_json(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")
