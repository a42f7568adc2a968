"""Reads of events: one keyset page, one event with the runs that it concerned, what a run waits for. Never writes."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet

from orchestration.errors import NotFound
from orchestration.models import Event, EventReceipt, Run, Subscription, TriggerFiring

#: Of an event's page; many more runs may have had it.
MOST_RUNS = 50


@dataclass(frozen=True, slots=True)
class EventFilter:
    """What is looked for; empty fields don't filter."""

    type: str = ""
    source: str = ""
    correlation: str = ""


@dataclass(frozen=True, slots=True)
class Story:
    """What became of an event: who was given it, what triggers started, which step emitted it, for which run it was a signal."""

    receipts: list[EventReceipt]
    firings: list[TriggerFiring]
    emitter: Run | None
    signalled: Run | None

    @property
    def runs(self) -> list[Run]:
        """Every run that it concerned."""
        others = (self.emitter, self.signalled, *(firing.run for firing in self.firings))
        return [receipt.run for receipt in self.receipts] + [run for run in others if run is not None]

    @property
    def had(self) -> int:
        """How many runs had it: a step of theirs waited, or a trigger started them."""
        return len(self.receipts) + sum(firing.run is not None for firing in self.firings)


def events(wanted: EventFilter) -> QuerySet[Event]:
    """Newest first, without what they carry; each with `was_given`: whether a run had it."""
    rows = Event.objects.defer("data").select_related("actor")
    given = {"type": wanted.type, "source": wanted.source, "correlation": wanted.correlation}
    rows = rows.filter(**{name: value for name, value in given.items() if value})
    receipts = EventReceipt.objects.filter(event=OuterRef("pk"))
    this = {"event_id": OuterRef("event_id"), "event_source": OuterRef("source")}
    firings = TriggerFiring.objects.filter(**this, run__isnull=False)
    return rows.annotate(was_given=Exists(receipts) | Exists(firings)).order_by("-pk")


def find_event(number: int) -> Event:
    """By number, with what it carries. Raises NotFound."""
    found = Event.objects.select_related("actor", "emitted_by").filter(pk=number).first()
    if found is None:
        raise NotFound(f"no event {number}; those that were routed are removed after some weeks")
    return found


def story_of(event: Event) -> Story:
    """In a fixed number of queries."""
    receipts = EventReceipt.objects.filter(event=event).select_related("run__workflow", "run__team", "step")
    firings = TriggerFiring.objects.filter(event_id=event.event_id, event_source=event.source)
    rows = Run.objects.select_related("workflow", "team").defer("input", "output")
    emitted = event.emitted_by.run_id if event.emitted_by is not None else None
    others = rows.in_bulk([one for one in (emitted, event.run_id) if one is not None])
    return Story(
        receipts=list(receipts.defer("run__input", "run__output", "step__input", "step__output").order_by("pk")[:MOST_RUNS]),
        firings=list(
            firings.select_related("trigger", "run__workflow", "run__team").defer("run__input", "run__output")
            .order_by("pk")[:MOST_RUNS]
        ),
        emitter=others.get(emitted) if emitted else None,
        signalled=others.get(event.run_id) if event.run_id else None,
    )  # fmt: skip


def awaited_by(run_id: uuid.UUID) -> list[Subscription]:
    """What steps of the run wait for, in the order in which they began to."""
    return list(Subscription.objects.filter(run_id=run_id).select_related("step").order_by("since", "pk"))
