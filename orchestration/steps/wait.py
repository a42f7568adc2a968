"""The wait step: a timer row, no worker. Never sleeps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from orchestration.manifest import parse_duration
from orchestration.states import WaitingKind
from orchestration.steps.outcome import Call, Failed, Outcome, Suspended

#: Longer than any process should wait for, and safely inside what a timestamp holds.
LONGEST = timedelta(days=3650)


def run(call: Call) -> Outcome:
    """Suspend until the time has come; a time in the past completes at the next wake."""
    try:
        until = _until(call)
    except (TypeError, ValueError, OverflowError) as error:
        return Failed("wait.invalid", f"wait: {error}", retryable=False)
    if until - call.now > LONGEST:
        return Failed("wait.invalid", f"wait: {until:%Y-%m-%d} is more than ten years away", retryable=False)
    return Suspended(WaitingKind.TIMER, max(until, call.now))


def _until(call: Call) -> datetime:
    if "for" in call.body:
        span = call.body["for"]
        seconds = float(span) if isinstance(span, int | float) else parse_duration(str(span))
        if isinstance(span, bool) or not 0 <= seconds <= LONGEST.total_seconds():
            raise ValueError(f"a wait of {seconds:g} s is out of range")
        return call.now + timedelta(seconds=seconds)
    until = datetime.fromisoformat(str(call.body["until"]))
    return until if until.tzinfo else until.replace(tzinfo=UTC)
