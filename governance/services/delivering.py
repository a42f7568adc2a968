"""Delivering webhooks: claim what is due, send it, record what came of it; at least once, always with the same id.

A claim is a compare-and-set of `next_at`, which is then the end of the claim and the fence of its result: the row of a
sender that was killed is due again, and a late failure of a frozen one is dropped. Owns the claims, the schedule and how
long deliveries are kept. Never sends: services/sending.py does, in threads that never touch the database.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import timedelta

import structlog
from django.db import transaction
from django.db.models import Min, Q, QuerySet

from governance.models import GoneReceiver, WebhookDelivery
from governance.services.sending import GONE, Answer, attempt
from orchestration import clock

log = structlog.get_logger(__name__)

#: Seconds between an attempt that failed and the next. After the last of them one more failure is the end.
SCHEDULE = (5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600)
#: How long a claim holds: an attempt takes ten seconds at most, and looking up a name may take some more.
CLAIM = timedelta(seconds=60)
#: Receivers that are sent to at the same moment, each one webhook.
AT_ONCE = 8
#: How long a delivery that is over can be looked at.
KEPT = timedelta(days=30)


def anything_due() -> bool:
    """Whether a round would find something."""
    return _due().exists()


def deliver(most: int = 50) -> int:
    """One round; how many attempts were made. Harmless when several run at once.

    A receiver that fails is left alone for the rest of the round, so that it holds up the others only once.
    """
    made, failing = 0, set[str]()
    with ThreadPoolExecutor(AT_ONCE, "webhook") as senders:
        while made < most and (claimed := _claim(min(AT_ONCE, most - made), failing)):
            at = clock.now()
            gone = set(GoneReceiver.objects.values_list("team_id", "url"))
            under_way = {
                senders.submit(attempt, one, at=at, gone=(one.team_id, one.url) in gone): one for one in claimed
            }
            for done in as_completed(under_way):
                delivery = under_way[done]
                fault = done.exception()
                if fault is not None:  # a fault of ours with one of them must not stop the others
                    log.error("webhook.crashed", delivery=delivery.pk, exc_info=fault)
                answer = Answer(None, f"not sent: {type(fault).__name__}") if fault is not None else done.result()
                _record(delivery, answer)
                if answer.error:
                    failing.add(delivery.url)
            made += len(claimed)
    return made


def prune(most: int = 100) -> int:
    """Delete a few of those that have been over for long; how many."""
    before = clock.now() - KEPT
    over = WebhookDelivery.objects.filter(next_at__isnull=True, created_at__lt=before)
    old = over.filter(Q(delivered_at__lt=before) | Q(failed_at__lt=before)).order_by("created_at")
    return over.filter(pk__in=list(old.values_list("pk", flat=True)[:most])).delete()[0]


def _due() -> QuerySet[WebhookDelivery]:
    return WebhookDelivery.objects.filter(next_at__lte=clock.now())


def _claim(most: int, failing: set[str]) -> list[WebhookDelivery]:
    """The oldest that is due of each receiver, so that none is flooded and each hears of things in their order."""
    first = _due().exclude(url__in=failing).order_by().values("url").annotate(first=Min("pk")).order_by("first")
    ids = [row["first"] for row in first[:most]]
    # Due still: what somebody else claimed since has the end of that claim in its `next_at`, which must not be taken.
    found = _due().select_related("team").filter(pk__in=ids).order_by("pk")
    return [one for one in found if _is_won(one)]


def _is_won(delivery: WebhookDelivery) -> bool:
    """Whether the claim is ours: no row changed means that somebody else has it."""
    seen, delivery.next_at = delivery.next_at, clock.now() + CLAIM
    delivery.attempts += 1
    still = WebhookDelivery.objects.filter(pk=delivery.pk, next_at=seen)
    return bool(still.update(next_at=delivery.next_at, attempts=delivery.attempts))


def _record(delivery: WebhookDelivery, answer: Answer) -> None:
    now = clock.now()
    row = WebhookDelivery.objects.filter(pk=delivery.pk)
    if not answer.error:  # true however late it comes
        ended = {"delivered_at": now, "failed_at": None, "next_at": None, "last_error": ""}
        row.filter(delivered_at__isnull=True).update(last_status=answer.status, **ended)
        return
    over = answer.final or delivery.attempts > len(SCHEDULE)
    until = None if over else now + timedelta(seconds=SCHEDULE[delivery.attempts - 1])
    with transaction.atomic():
        held = row.filter(next_at=delivery.next_at).update(
            next_at=until, failed_at=now if over else None, last_status=answer.status, last_error=answer.error[:300]
        )
        if held and answer.status == GONE:
            GoneReceiver.objects.get_or_create(team=delivery.team, url=delivery.url, defaults={"at": now})
    if held and over:
        log.warning("webhook.failed", delivery=delivery.pk, team=delivery.team.name, error=answer.error)
