"""Events that come in, and signals that people and pipelines send to one run. Keyword-only; checks, then has them kept.

Never asks who may: portal does before it calls. Never routes one: the engine does, soon after.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.db import transaction

from orchestration import clock
from orchestration.engine.event_store import NewEvent, store
from orchestration.engine.payloads import encode
from orchestration.errors import Conflict, InvalidInput
from orchestration.models import Event, Run, RunEvent
from orchestration.services.runs import MAX_KEY
from orchestration.states import RunStatus

#: Of a signal. Each run has a source of its own, so that a key is a key within the run.
SIGNALS = "/plumbline/signals/"
LONGEST_TYPE = 127


def receive(*, events: Sequence[NewEvent], actor: Any) -> list[tuple[Event, bool]]:
    """Keep all of them, or none; each with whether it is new. Raises InvalidInput, TooLarge for data that can't be kept."""
    found = []
    # In one order for everybody: two batches with the same events must not wait for one another.
    order = sorted(range(len(events)), key=lambda place: (events[place].type, events[place].correlation))
    with transaction.atomic():
        kept = {place: _keep(replace(events[place], actor_id=actor.pk if actor else None)) for place in order}
    for place in range(len(events)):
        found.append(kept[place])
    return found


def signal(*, run: Run, name: str, data: Any, key: str | None, actor: Any) -> tuple[Event, bool]:
    """An event for this run alone, of the type that it waits for, or will; the same key gives the same signal.

    Raises InvalidInput, TooLarge, and Conflict for a run that is over and for a key that was used for something else.
    """
    _check(name, key)
    if run.status == RunStatus.FINISHED:
        raise Conflict(f"run {run.short_id} is over; nothing in it waits for a signal")
    now = clock.now()
    new = NewEvent(
        source=f"{SIGNALS}{run.pk}", event_id=key or str(uuid.uuid4()), type=name, data=data, time=now,
        content_type="application/json", run_id=run.pk, actor_id=actor.pk if actor else None,
    )  # fmt: skip
    with transaction.atomic():
        event, is_new = _keep(new)
        if is_new:
            RunEvent.objects.create(run=run, at=now, kind="signalled", actor=actor, detail=name)
    if not is_new and (event.type, event.data) != (name, encode(data, "the data")):
        raise Conflict(f"key {key!r} was used for another signal of run {run.short_id}; use a new one")
    return event, is_new


def _keep(new: NewEvent) -> tuple[Event, bool]:
    try:
        return store(new)
    except ValueError as error:
        raise InvalidInput(str(error)) from error


def _check(name: str, key: str | None) -> None:
    if not 0 < len(name) <= LONGEST_TYPE or not name.isprintable():
        raise InvalidInput(f"a signal's name has 1 to {LONGEST_TYPE} printable characters, such as payment.confirmed")
    if key is not None and (not 0 < len(key) <= MAX_KEY or not key.isprintable()):
        raise InvalidInput(f"an idempotency key has 1 to {MAX_KEY} printable characters")
