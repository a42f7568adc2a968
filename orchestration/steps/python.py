"""The python step: calls a registered function with the step's input. Never retries and never writes state."""

from __future__ import annotations

import time
from typing import Any

from orchestration.pooled import give_back
from orchestration.states import Effect
from orchestration.steps.outcome import Call, Completed, Failed, Outcome, Transactional
from orchestration.steps.registry import Registered, StepContext, TaskError, find

#: Seconds that a task may take without its thread's giving its database connection back before: two loans cost more
#: than they free, and what follows the task needs one again.
QUICK = 0.005

#: Names of tasks that were quick when they were called last.
_quick: set[str] = set()


def run(call: Call) -> Outcome:
    """Call the function; a transactional one is handed back, to run inside the recording transaction."""
    name = str(call.body.get("task", ""))
    try:
        registered = find(name)
    except Exception as error:  # whatever a module does when it is imported; the task itself was not called
        return Failed("python.import", f"the module of {name!r} can't be imported: {type(error).__name__}: {error}")
    if registered is None:
        return Failed(
            "python.unknown", f"no task {name!r} is registered; add its module to PLUMBLINE_TASK_MODULES", False
        )
    if registered.transactional:
        if call.dependency is not None:  # its call would be made in a transaction, after its slot was given back
            return Failed(
                "python.transactional",
                f"task {name!r} is transactional, so it may name no dependency; call {call.dependency} from a step before it",
                False,
            )
        return Transactional(lambda: invoke(registered, call))
    if name not in _quick:
        give_back()
    call.assure()
    began = time.monotonic()
    outcome = guarded(registered, call)
    (_quick.add if time.monotonic() - began < QUICK else _quick.discard)(name)
    return outcome


def guarded(registered: Registered, call: Call) -> Outcome:
    """Call it and turn what it raises into an outcome."""
    try:
        return Completed(invoke(registered, call))
    except BaseException as error:  # a task that calls sys.exit() fails; it must not take its worker along
        return failure_of(error, writes=call.writes)


def invoke(registered: Registered, call: Call) -> Any:
    """The bare call."""
    context = StepContext(call.run_id, call.step, call.attempt, call.idempotency_key, call.heartbeat)
    return registered.function(call.body.get("with"), context)


def failure_of(error: BaseException, *, writes: bool) -> Failed:
    """How an exception is recorded. After a write began, what it did is unknown."""
    effect = Effect.UNKNOWN if writes else Effect.NONE
    if isinstance(error, TaskError):
        return Failed(error.error_type, str(error), error.retryable, effect)
    return Failed(f"python.{type(error).__name__}", str(error) or type(error).__name__, True, effect)
