"""The emit step: a CloudEvent, written with the record of the step and sent after it. Never sends one itself.

Its id is that of the step, so that however often it is sent there is one event.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings

from orchestration.engine.event_store import NewEvent, store
from orchestration.steps.outcome import Call, Outcome, Transactional


def run(call: Call) -> Outcome:
    """Hand back the writing, to be done in the transaction that records the step."""
    return Transactional(lambda: _emit(call))


def _emit(call: Call) -> dict[str, Any]:
    told = call.body["emit"]
    new = NewEvent(
        source=f"/plumbline/{settings.PLUMBLINE.environment}/workflows/{call.workflow}",
        event_id=call.idempotency_key, type=told["type"], data=told.get("data"), subject=str(told.get("subject") or ""),
        correlation=call.run_id, time=call.now, content_type="application/json", emitted_by_id=call.step_id,
        extensions={"correlationid": call.run_id},
    )  # fmt: skip
    event, _ = store(new)
    return {"id": event.event_id, "source": event.source, "type": event.type}
