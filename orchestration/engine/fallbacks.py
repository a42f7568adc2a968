"""Fallbacks: what a step ends with when it can't have what it wanted, declared in its manifest.

A value, the last good output for the same input, or nothing. A write whose effect may have happened never falls back: it
would hide a charge that stands. Owns that rule, and the table of last good outputs. Never decides when a step is given up.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from datetime import datetime, timedelta
from typing import Any

from orchestration import clock
from orchestration.engine.claim import Claim
from orchestration.engine.contracts import sentence, violations_of
from orchestration.engine.payloads import encode, error_text, store
from orchestration.engine.scope import scope_for
from orchestration.errors import TooLarge
from orchestration.manifest import ExpressionError
from orchestration.models import LastGood
from orchestration.states import Effect, StepStatus
from orchestration.steps.outcome import Degraded, Failed, StandIn

#: A last good output older than this is no longer good.
KEPT = timedelta(days=30)
FORGOTTEN = 500


def remembers(claim: Claim) -> bool:
    """Whether its success is kept for later ones to fall back to."""
    fallback = claim.planned.fallback
    return fallback is not None and fallback.kind == "last_good"


def remember(claim: Claim, input_text: str, output_text: str) -> None:
    """Keep a success; the latest one counts. JSON texts, secrets masked."""
    LastGood.objects.update_or_create(
        workflow=claim.run.workflow, step=claim.step.name, input_hash=_hash(input_text),
        defaults={"output": output_text, "at": clock.now()},
    )  # fmt: skip


def forget_old(now: datetime) -> int:
    """Delete what is no longer good, a batch at a time; how many."""
    ids = list(LastGood.objects.filter(at__lt=now - KEPT).values_list("pk", flat=True)[:FORGOTTEN])
    if ids:
        LastGood.objects.filter(pk__in=ids).delete()
    return len(ids)


def fall_back(claim: Claim, effect: Effect, input_text: str, failed: Failed) -> Degraded | Failed | StandIn:
    """What the step ends with instead of this failure; the failure itself where it has no fallback, or may take none.

    `effect`: what is known of all its attempts. `input_text`: JSON, secrets masked; empty when it never came so far.
    """
    fallback = claim.planned.fallback
    if fallback is None or failed.final or claim.is_loop:  # of a loop each item has its own
        return failed
    if claim.writes and effect != Effect.NONE:
        return _not_taken(failed, "what it wrote may have happened")
    match fallback.kind:
        case "skip":
            return Degraded(None, failed, "went on without it")
        case "step":
            return StandIn(fallback.step, failed)
        case "last_good":
            return _last_good(claim, input_text, failed)
        case _:
            return _value(claim, failed)


def ending_of(final: Degraded | Failed, run_id: uuid.UUID) -> tuple[StepStatus, dict[str, Any]]:
    """Where the step ends, and its columns: of a fallback why it was taken, and what it has instead, stay with it."""
    if isinstance(final, Failed):
        target = StepStatus.TIMED_OUT if final.timed_out else StepStatus.FAILED
        return target, {"error_type": final.error_type, "error_message": error_text(final.message)}
    message = error_text(f"{final.failed.message}; {final.taken}")
    output = store(encode(final.output, "the fallback"), run_id)
    return StepStatus.DEGRADED, {
        "output": output, "error_type": final.failed.error_type, "error_message": message,
    }  # fmt: skip


def _value(claim: Claim, failed: Failed) -> Degraded | Failed:
    fallback = claim.planned.fallback
    assert fallback is not None
    assert fallback.value is not None
    try:
        value = fallback.value.evaluate(scope_for(claim, fallback.value.references))
        encode(value, f"the fallback of {claim.step.name}")
    except (ExpressionError, TooLarge, ValueError, TypeError) as error:
        return _not_taken(failed, str(error))
    violations = violations_of(claim, "output", value)
    if violations:
        return _not_taken(failed, sentence("its value", violations))
    return Degraded(value, failed, "took the declared value")


def _last_good(claim: Claim, input_text: str, failed: Failed) -> Degraded | Failed:
    rows = LastGood.objects.filter(workflow=claim.run.workflow, step=claim.step.name, input_hash=_hash(input_text))
    row = rows.filter(at__gt=clock.now() - KEPT).first() if input_text else None
    if row is None:
        return _not_taken(failed, "there is no earlier output for the same input")
    output: Any = json.loads(row.output)
    violations = violations_of(claim, "output", output)  # the contract may be another one by now
    if violations:
        return _not_taken(failed, sentence("the last good output", violations))
    age = int((clock.now() - row.at).total_seconds())
    return Degraded(output, failed, f"took its last good output, of {row.at:%Y-%m-%d %H:%M:%S} UTC, {_age(age)} old")


def _not_taken(failed: Failed, why: str) -> Failed:
    message = f"{failed.message} (no fallback: {why})"
    return Failed(failed.error_type, message, False, failed.effect, timed_out=failed.timed_out)


def _hash(text: str) -> str:
    """The same input is the same hash, in whatever order its keys came."""
    sorted_text = json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(sorted_text.encode()).hexdigest()


def _age(seconds: int) -> str:
    for unit, word in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= unit:
            count = seconds // unit
            return f"{count} {word}{'' if count == 1 else 's'}"
    return f"{seconds} second{'' if seconds == 1 else 's'}"
