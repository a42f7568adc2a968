"""Schedules and triggers: the list of what starts by itself, and a page each. What is done to one is in schedule_actions.py."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from orchestration import clock
from orchestration.models import Schedule, ScheduleTick, Trigger
from orchestration.selectors import schedules as selectors
from portal.history.reading import recent
from portal.history.registry import kind_of
from portal.middleware.reader import actor_of
from portal.permissions import Verb
from portal.presentation import schedule_words as words
from portal.presentation.history_words import entries
from portal.presentation.masking import hide_firings
from portal.schedule_permissions import may_backfill

NEXT = 5


@login_required
@require_GET
def list_schedules(request: HttpRequest) -> HttpResponse:
    """Every schedule and every trigger, with what came of the last one."""
    now = clock.now()
    schedules, triggers = selectors.schedule_views(now), selectors.trigger_views(now)
    context = {
        "nav": "schedules",
        "sentence": words.list_sentence(schedules, triggers),
        "schedules": [(words.look_of(one.schedule, failed=words.is_failing(one.last)), one,
                       words.tick_row(one.last, one.schedule.spec) if one.last else None,
                       words.zone_of(one.schedule.spec)) for one in schedules],
        "triggers": [(words.look_of(one.trigger, failed=words.is_failing(one.last)), one,
                      words.firing_look(one.last) if one.last else None) for one in triggers],
    }  # fmt: skip
    return render(request, "schedules/list.html", context)


@login_required
@require_GET
def schedule(request: HttpRequest, name: str) -> HttpResponse:
    """One schedule: when it is due, what came of its ticks, its backfills."""
    return schedule_page(request, selectors.find_schedule(name))


def schedule_page(
    request: HttpRequest, found: Schedule, *, problem: str = "", status: int = 200
) -> HttpResponse:  # fmt: skip
    """The page, with what was refused where something was."""
    actor, spec = actor_of(request), found.spec
    ticks = selectors.latest_ticks(found)
    context = {
        "nav": "schedules", "schedule": found, "spec": spec, "zone": words.zone_of(spec), "problem": problem,
        "look": words.look_of(found, failed=words.is_failing(ticks[0] if ticks else None)),
        "catch_up": words.catch_up_of(spec), "ticks": [words.tick_row(tick, spec) for tick in ticks],
        "next": [(moment, words.local(moment, spec)) for moment in selectors.next_ticks(found, NEXT)],
        "backfills": [words.backfill_row(one, _stuck(found, one)) for one in selectors.backfills_of(found)],
        "may_operate": actor.may(Verb.OPERATE, found.owner), "may_backfill": may_backfill(actor, found),
        "typed": request.POST, "history": entries(kind_of("schedule"), recent("schedule", found)),
    }  # fmt: skip
    return render(request, "schedules/schedule.html", context, status=status)


@login_required
@require_GET
def trigger(request: HttpRequest, name: str) -> HttpResponse:
    """One trigger: what it waits for, and what came of the events that it held for."""
    return trigger_page(request, selectors.find_trigger(name))


def trigger_page(
    request: HttpRequest, found: Trigger, *, problem: str = "", status: int = 200
) -> HttpResponse:  # fmt: skip
    """The page, with what was refused where something was."""
    firings = selectors.latest_firings(found)
    if not actor_of(request).may(Verb.SEE_PAYLOADS, found.owner):
        hide_firings(firings)
    context: dict[str, Any] = {
        "nav": "schedules", "trigger": found, "spec": found.spec, "problem": problem, "typed": request.POST,
        "look": words.look_of(found, failed=words.is_failing(firings[0] if firings else None)),
        "firings": [(words.firing_look(one), one) for one in firings],
        "may_operate": actor_of(request).may(Verb.OPERATE, found.owner),
        "history": entries(kind_of("trigger"), recent("trigger", found)),
    }  # fmt: skip
    return render(request, "schedules/trigger.html", context, status=status)


def _stuck(schedule: Schedule, backfill: Any) -> list[ScheduleTick]:
    """Ticks of a backfill that started nothing; the latest."""
    return [tick for tick in selectors.latest_ticks(schedule, backfill) if tick.run_id is None]
