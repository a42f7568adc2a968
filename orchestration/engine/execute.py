"""Execute: build the input, check it, call the step kind under its timeout, check the output. Never writes state.

Order outside in (3-engine.md): fallback → retry → breaker → bulkhead → rate → timeout → call; contract and `expect` stand on
both sides of the call. What stands between retry and timeout is engine/admission.py's.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import structlog

from orchestration import clock
from orchestration.engine.admission import called
from orchestration.engine.claim import COMPENSATION, FORWARD, Claim
from orchestration.engine.contracts import sentence, violations_of
from orchestration.engine.edits import body_of
from orchestration.engine.fallbacks import fall_back
from orchestration.engine.flags import refusal
from orchestration.engine.payloads import encode, error_text
from orchestration.engine.plans import start_to_close
from orchestration.engine.recording import keep_input
from orchestration.engine.scope import own_step, scope_for
from orchestration.engine.spreading import spread_of
from orchestration.engine.worker import still_held
from orchestration.errors import TooLarge
from orchestration.limits import DEFAULT_START_TO_CLOSE
from orchestration.manifest import Expression, ExpressionError
from orchestration.models import Parking, StepRun
from orchestration.patience import outlast
from orchestration.secrets import Masked, UnknownSecret, Vault, mask, mask_json
from orchestration.selectors.guards import guards_of
from orchestration.states import Effect, StepStatus
from orchestration.steps.http import SAFE_METHODS
from orchestration.steps.kinds import KINDS
from orchestration.steps.outcome import Call, Completed, Deferred, Degraded, Failed, Outcome
from orchestration.steps.python import failure_of
from orchestration.telemetry import tracing
from orchestration.telemetry.spans import call_id

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Executed:
    """An outcome and what is stored with it: JSON texts, secrets masked. `call` is kept for transactional steps."""

    outcome: Outcome
    input: str = ""
    output: str = ""
    call: Call | None = None
    secrets_used: set[str] = field(default_factory=set)


_TAKE_WITH = frozenset({"python", "celery", "workflow"})
#: Whose outcome may be recorded by another process before this one has recorded that the step waits.
_ANSWERED_EARLY = frozenset({"celery"})


class Abandoned(Exception):
    """The lease ended before the call: the step is somebody else's by now, and nothing was called."""


class _Stop(Exception):
    """Leaves the pipeline with an outcome."""

    def __init__(self, failed: Failed) -> None:
        super().__init__(failed.message)
        self.failed = failed


def execute(claim: Claim) -> Executed:
    """One attempt, start to end. What goes wrong is an outcome; raises Abandoned alone."""
    executed = Executed(Completed())
    claim.trail = tracing.trail()
    called = False
    try:
        if claim.is_loop:
            executed.outcome, executed.input = outlast(lambda: spread_of(claim))
            executed.output = "[]" if isinstance(executed.outcome, Completed) else ""
            return executed
        call = executed.call = outlast(lambda: _prepare(claim, executed))
        if claim.action.kind in _ANSWERED_EARLY and not outlast(lambda: keep_input(claim, executed.input)):
            raise Abandoned
        called = True
        outcome = _called(claim, call)
        executed.outcome = outlast(lambda: finish(claim, executed, outcome))
    except Abandoned:
        raise
    except _Stop as stop:
        executed.outcome = presentable(stop.failed, executed.secrets_used)
    except Exception as error:
        trace = mask("".join(traceback.format_exception(error)), executed.secrets_used)
        log.error("step.crashed", run_id=claim.run.text_id, step=claim.step.name, exception=trace)
        executed.outcome = presentable(failure_of(error, writes=called and claim.writes), executed.secrets_used)
    return executed


def _called(claim: Claim, call: Call) -> Outcome:
    """The call, where there is a dependency through its admission. Without one this costs nothing."""
    kind = KINDS[claim.action.kind]
    if call.dependency is None:
        return kind(call)
    outcome = called(call, kind, own_limit=start_to_close(claim.action, DEFAULT_START_TO_CLOSE))
    return _refused(claim, outcome) if isinstance(outcome, Deferred) else outcome


def _refused(claim: Claim, deferred: Deferred) -> Outcome:
    """An open breaker: the step fails at once where that is declared. Everything else waits."""
    fails = deferred.kind == Parking.Kind.BREAKER and guards_of(deferred.dependency).fails_open
    return Failed("breaker.open", deferred.message, retryable=False) if fails and claim.phase == FORWARD else deferred


def finish(claim: Claim, executed: Executed, outcome: Outcome) -> Outcome:
    """Check and mask what the call came to; the outcome that counts."""
    match outcome:
        case Completed():
            return presentable(_checked(claim, executed, outcome), executed.secrets_used)
        case Degraded():  # of a child run
            checked = _checked(claim, executed, Completed(outcome.output))
            return outcome if isinstance(checked, Completed) else presentable(checked, executed.secrets_used)
        case Deferred(kind=Parking.Kind.BREAKER, message=message) if claim.phase == FORWARD:
            failed = Failed("breaker.open", message, retryable=False)
            fallen = fall_back(claim, claim.step.effect, executed.input, failed)
            return outcome if isinstance(fallen, Failed) else fallen
        case _:
            return presentable(outcome, executed.secrets_used)


def presentable(outcome: Outcome, used: set[str]) -> Outcome:
    """A failure's words as they may be stored and shown: no secrets, nothing that a column can't hold."""
    if not isinstance(outcome, Failed):
        return outcome
    return replace(
        outcome,
        error_type=error_text(mask(outcome.error_type, used))[:127],
        message=error_text(mask(outcome.message, used)),
    )


def _checked(claim: Claim, executed: Executed, completed: Completed) -> Outcome:
    happened = Effect.HAPPENED if claim.writes else Effect.NONE
    what = f"the output of {claim.step.name}"
    try:
        text = encode(completed.output, what)
        output = mask_json(json.loads(text), executed.secrets_used)  # plain JSON, whatever the kind returned
        executed.output = encode(output, what) if executed.secrets_used else text
    except TooLarge as error:
        return Failed("payload.too_large", str(error), False, happened)
    except (TypeError, ValueError, RecursionError) as error:
        return Failed("payload.invalid", f"the output is not JSON: {error}", False, happened)
    judged = _judge(claim, output, happened) if claim.phase == FORWARD else None
    return judged or Completed(output)


def _prepare(claim: Claim, executed: Executed) -> Call:
    action = claim.action
    template = body_of(claim)
    references = template.references
    try:
        scope = scope_for(claim, references, undoing=claim.phase == COMPENSATION)
        if claim.phase == COMPENSATION:
            scope["step"] = own_step(claim.step)
        body = template.evaluate({**scope, "secrets": Masked()})
        executed.input = encode(_input_of(action.kind, body), f"the input of {claim.step.name}")
        _stop_if_off(claim)
        _check_input(claim, action.kind, body)
        if any(reference[0] == "secrets" for reference in references):
            body = template.evaluate({**scope, "secrets": Vault(executed.secrets_used)})
    except ExpressionError as error:
        raise _Stop(Failed("expression", str(error), False)) from error
    except UnknownSecret as error:
        raise _Stop(Failed("secret.unknown", str(error), False)) from error
    except TooLarge as error:
        raise _Stop(Failed("payload.too_large", str(error), False)) from error
    except (TypeError, ValueError) as error:
        raise _Stop(Failed("payload.invalid", str(error), False)) from error
    if claim.limit <= 0:
        raise _Stop(Failed("timeout.schedule_to_close", "no time was left to begin", False, timed_out=True))
    return _call(claim, body, executed.secrets_used)


def _stop_if_off(claim: Claim) -> None:
    """A flag that is off sends the step to its fallback; its input is known by then, as the last good output needs it."""
    flag = claim.planned.flag
    if flag is None or flag.when_off == "skip" or claim.phase == COMPENSATION:
        return
    failed = refusal(claim.run, flag.key)
    if failed is not None:
        raise _Stop(failed)


def _call(claim: Claim, body: dict[str, Any], used: set[str]) -> Call:
    key = claim.step.idempotency_key
    method = str(body.get("method") or "GET").upper() if claim.action.kind == "http" else ""
    compensating = claim.phase == COMPENSATION
    return Call(
        run_id=claim.run.text_id,
        workflow=claim.run.workflow,
        step=claim.step.name,
        step_id=claim.step.pk,
        fence=claim.step.fence,
        attempt=claim.attempt,
        idempotency_key=f"{key}/compensate" if compensating else key,
        trace_id=claim.run.trace_id,
        span_id=call_id(claim.run.id, claim.step.name, claim.step.fence),
        body=body,
        dependency=claim.action.dependency,
        writes=compensating or claim.writes or method not in {"", *SAFE_METHODS},
        limit=claim.limit,
        now=claim.claimed_at,
        deadline=claim.claimed_at + timedelta(seconds=claim.limit),
        heartbeat=_heartbeat_of(claim),
        assure=lambda: _assure(claim),
        secrets_used=used,
        trail=claim.trail,
    )


def _input_of(kind: str, body: Any) -> Any:
    """What the page shows as the step's input, and the contract speaks of."""
    return body.get("with") if kind in _TAKE_WITH else body


def _payload_of(kind: str, body: Any) -> Any:
    """What goes to the other side: a request's JSON, a function's argument, a child's input, an event's data."""
    match kind:
        case "http":
            return body.get("json")
        case "emit":
            return body["emit"].get("data")
        case _:
            return body.get("with" if kind in _TAKE_WITH else "value")


def _check_input(claim: Claim, kind: str, body: Any) -> None:
    if claim.phase == COMPENSATION:
        return
    violations = violations_of(claim, "input", _payload_of(kind, body))
    if violations:
        raise _Stop(Failed("contract.violation", sentence("input", violations), False))


def _judge(claim: Claim, output: Any, happened: Effect) -> Failed | None:
    """Output contract, then `expect`; a write that fails them has had its effect all the same."""
    violations = violations_of(claim, "output", output)
    if violations:
        return Failed("contract.violation", sentence("output", violations), False, happened)
    expectations: Sequence[Expression] = claim.planned.expect
    if not expectations:
        return None
    references = frozenset[tuple[str, ...]]().union(*(expression.references for expression in expectations))
    scope = {**scope_for(claim, references), "output": output}
    own = scope.setdefault("steps", {})
    own[claim.step.name] = {"output": output, "status": "succeeded"}
    for expression in expectations:
        try:
            kept = expression.evaluate(scope)
        except ExpressionError as error:
            return Failed("expect", f"expect {expression.source!r}: {error}", False, happened)
        if not kept:
            shown = json.dumps(output, ensure_ascii=False)[:300]
            return Failed("expect", f"expected {expression.source}, got output {shown}", False, happened)
    return None


def _assure(claim: Claim) -> None:
    if not still_held(claim.step.pk, claim.step.fence):
        raise Abandoned


def _heartbeat_of(claim: Claim) -> Callable[[], None]:
    """A function for the step to call: pushes the heartbeat deadline on, while the claim holds."""
    seconds = claim.planned.timeout.heartbeat

    def heartbeat() -> None:
        if seconds:
            held = StepRun.objects.filter(pk=claim.step.pk, status=StepStatus.RUNNING, fence=claim.step.fence)
            held.update(heartbeat_deadline=clock.now() + timedelta(seconds=seconds))

    return heartbeat
