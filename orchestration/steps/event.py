"""The event step: waits for a CloudEvent by type and correlation. Never looks for one: the engine does, with the record."""

from __future__ import annotations

from datetime import timedelta

from orchestration.steps.outcome import AwaitEvent, Call, Failed, Outcome

LONGEST_CORRELATION = 500


def run(call: Call) -> Outcome:
    """Wait for it; without a correlation nobody could tell whose event it is."""
    correlation, timeout = call.body["correlation"], call.body["timeout"]
    if isinstance(correlation, bool) or not isinstance(correlation, str | int | float):
        return _refused(f"wanted text or a number, got {type(correlation).__name__}")
    if not 0 < len(str(correlation)) <= LONGEST_CORRELATION:
        return _refused(f"wanted 1 to {LONGEST_CORRELATION} characters, got {len(str(correlation))}")
    until = call.now + timedelta(seconds=timeout) if timeout is not None else None
    return AwaitEvent(call.body["type"], str(correlation), until)


def _refused(why: str) -> Failed:
    return Failed("event.correlation", f"the correlation of the event: {why}", retryable=False)
