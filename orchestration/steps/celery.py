"""The celery step: a task of the user's own Celery app, on its own queue at this installation's broker.

Sends it and waits as a row: the outcome comes back by Celery's own `link` and `link_error`, as orchestration.tasks says.
Both carry the step's id and fence alone and go by name to a queue of ours, so that their app declares nothing of ours and
needs no result backend. Never asks how the task is getting on; overdue.py ends the wait that nobody answers.

Sent as headers: idempotency-key (one per run, step and item, the same for all attempts), traceparent, x-deadline (Unix
milliseconds).
"""

from __future__ import annotations

from typing import Any

from celery import signature

from orchestration.engine.claim import Claim
from orchestration.engine.publish import BrokerAway, NoQueue, deliver
from orchestration.manifest.step_checks import OWN_QUEUES
from orchestration.pooled import give_back
from orchestration.states import Effect, WaitingKind
from orchestration.steps.outcome import Call, Failed, Outcome, Suspended

#: Celery's own default.
DEFAULT_QUEUE = "celery"
SUCCEEDED, FAILED = "orchestration.tasks.celery_succeeded", "orchestration.tasks.celery_failed"
#: Straight to our queue. A type that is not `direct` keeps Celery from replacing the queue by their app's default one;
#: nothing is declared of that type. What their app is set to write in, ours can't be expected to read.
TO_US: dict[str, Any] = {
    "exchange": "", "exchange_type": "topic", "routing_key": "control", "serializer": "json", "ignore_result": True,
}  # fmt: skip
#: In AMQP; here of ASCII, mostly. A control character would reach one of Redis's lists that Celery keeps by priority.
LONGEST_QUEUE = 200
#: Seconds: RabbitMQ refuses a message that lives for longer.
LONGEST_EXPIRY = 40 * 86_400.0


def run(call: Call) -> Outcome:
    """Send the task; the step then waits for its outcome until the attempt's time is up."""
    told = call.body["celery"]
    task, queue = str(told["task"]), str(told.get("queue") or DEFAULT_QUEUE)
    if queue in OWN_QUEUES or not queue.isprintable() or len(queue) > LONGEST_QUEUE:
        text = f"queue {queue[:60]!r} is Plumbline's own, or no name of one; name a queue of your app"
        return Failed("celery.queue", text, retryable=False)
    give_back()
    call.assure()
    doubt = Effect.UNKNOWN if call.writes else Effect.NONE
    try:
        deliver(task, call.body.get("with") or {}, queue, headers=_headers_of(call), **_options_of(call))
    except NoQueue:
        text = f"the broker has no queue {queue!r}; start a worker of your app with -Q {queue}"
        return Failed("celery.queue", text)
    except BrokerAway as error:
        return Failed(
            "connection", f"no connection to the broker: {error}", effect=doubt if error.halfway else Effect.NONE
        )
    return Suspended(WaitingKind.CELERY, call.deadline, doubt)


def failure_of(error: str, message: str, task_id: str, claim: Claim) -> Failed:
    """What a failed task means for the step. `error`: the exception's class, where their app tells us."""
    effect = Effect.UNKNOWN if claim.writes else Effect.NONE
    if not error.isidentifier():
        text = f"task {task_id[:40]} failed; its app doesn't import orchestration.callbacks, which would say why"
        return Failed("celery.failed", text, effect=effect)
    return Failed(f"celery.{error}", message or error, effect=effect)


def _headers_of(call: Call) -> dict[str, str]:
    return {
        "idempotency-key": call.idempotency_key,
        "traceparent": f"00-{call.trace_id}-{call.span_id}-01",
        "x-deadline": str(int(call.deadline.timestamp() * 1000)),
    }


def _options_of(call: Call) -> dict[str, Any]:
    """Who is told of the end, and until when the task is worth beginning: a queue must not fill with what nobody awaits."""
    ours = {"step_id": call.step_id, "fence": call.fence}
    return {
        "callbacks": [signature(SUCCEEDED, kwargs=ours, options=TO_US)],
        "errbacks": [signature(FAILED, kwargs=ours, options=TO_US)],
        "expires": call.limit if call.limit < LONGEST_EXPIRY else None,
    }
