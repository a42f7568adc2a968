"""The live strip of a runbook: how what it is about stands at this moment, and whether anything of it burns.

Owns which facts are shown together. Never decides a state: each has a selector of its own. A handful
of queries, whatever the number of workflows and services.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Case, Count, IntegerField, Q, When, Window
from django.urls import reverse

from governance.selectors.runbooks import About
from orchestration.models import Alert, Breaker, Parking, Run
from orchestration.policies.breaker import State
from orchestration.selectors.breakers import state_of
from orchestration.states import RESULT_BAD
from portal.presentation import quantities
from portal.presentation.words import Look, breaker_look, health_look
from portal.selectors.budget_glance import TROUBLED, Glance, glances
from portal.selectors.dependency_health import dependency_health

HOUR = timedelta(hours=1)
#: Of workflows and of services: no runbook that helps is about more.
MOST = 12
#: Shown one by one: on a phone the steps must not be far down.
MOST_ALERTS = 3


@dataclass(frozen=True, slots=True)
class Fact:
    """A figure and what it is of; toned where it is bad."""

    text: str
    tone: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Thing:
    """A workflow or service: its state in one look, and the figures beside it."""

    name: str
    url: str
    look: Look
    facts: tuple[Fact, ...]

    def is_named_in(self, text: str) -> bool:
        """Whether a step speaks of it."""
        return re.search(rf"(?<![\w-]){re.escape(self.name)}(?![\w-])", text) is not None


@dataclass(frozen=True, slots=True)
class Strip:
    """All of them, what is in trouble first; of the alerts that are not resolved the first few, those that name the runbook
    before others, and how many there are."""

    things: Sequence[Thing]
    alerts: Sequence[Alert]
    alert_count: int

    @property
    def more_alerts(self) -> int:
        """How many there are beside those that are shown."""
        return self.alert_count - len(self.alerts)

    @property
    def mark(self) -> str:
        """Changes whenever anything shown does."""
        alerts = [(one.pk, one.state) for one in self.alerts]
        return hashlib.sha256(f"{self.things}{alerts}{self.alert_count}".encode()).hexdigest()[:16]


def strip(slug: str, about: About, now: datetime) -> Strip:
    """What is shown for the runbook, which is about these."""
    workflows, services = about.workflows[:MOST], about.dependencies[:MOST]
    budgets = glances(now) if workflows or services else []
    found = [*_services(services, budgets, now), *_workflows(workflows, budgets, now)]
    order = {"fail": 0, "warn": 1, "unk": 2, "ok": 3}
    things = sorted(found, key=lambda thing: order[thing.look.tone])
    return Strip(things, *_alerts(slug, workflows, services))


def _services(names: Sequence[str], budgets: Sequence[Glance], now: datetime) -> Iterable[Thing]:
    if not names:
        return
    health = dependency_health(now)
    states = {row.name: state_of(row, now) for row in Breaker.objects.filter(name__in=names)}
    parked = dict(
        Parking.objects.filter(dependency__in=names).values_list("dependency").annotate(n=Count("*")).order_by()
    )
    worst = _worst((one.dependency, one) for one in budgets)
    for name in names:
        state, well = states.get(name, State.CLOSED), health.get(name)
        look = health_look(well.word) if well else Look("unk", "unk", "Unknown")
        breaker = breaker_look(state)
        facts = [Fact(f"breaker {breaker.word.lower()}", _tone(breaker), reverse("dependency-breaker", args=[name]))]
        waiting = parked.get(name, 0)
        facts.append(Fact(f"{waiting:,} parked", "warn" if waiting else "", f"{reverse('runs')}?status=open"))
        yield Thing(name, reverse("dependency", args=[name]), look, (*facts, *_budget(worst.get(name))))


def _workflows(names: Sequence[str], budgets: Sequence[Glance], now: datetime) -> Iterable[Thing]:
    if not names:
        return
    of = Run.objects.filter(workflow__name__in=names)
    count = Count("*")
    is_open = dict(of.filter(finished_at=None).values_list("workflow__name").annotate(n=count).order_by())
    lately = of.filter(finished_at__gte=now - HOUR)
    ended = {
        name: (bad, n)
        for name, bad, n in lately.values_list("workflow__name")
        .annotate(bad=Count("pk", filter=Q(result__in=sorted(RESULT_BAD))), n=count)
        .order_by()
    }
    worst = _worst((one.workflow, one) for one in budgets)
    for name in names:
        bad, all_ended = ended.get(name, (0, 0))
        glance = worst.get(name)
        look = _look(bad, all_ended)
        url = f"{reverse('runs')}?workflow={name}&result=failed"
        facts = (
            Fact(f"{bad:,} of {all_ended:,} failed in the last hour", "fail" if bad else "", url),
            Fact(f"{is_open.get(name, 0):,} open", "", f"{reverse('runs')}?workflow={name}&status=open"),
        )
        yield Thing(name, reverse("workflow", args=[name]), look, (*facts, *_budget(glance)))


def _look(bad: int, ended: int) -> Look:
    if not ended:
        return Look("unk", "unk", "No runs")
    if not bad:
        return Look("ok", "ok", "Succeeding")
    return Look("fail", "fail", "Failing") if bad * 10 >= ended else Look("warn", "warn", "Some fail")


def _worst(pairs: Iterable[tuple[str, Glance]]) -> dict[str, Glance]:
    """The glances come the worst first."""
    found: dict[str, Glance] = {}
    for name, glance in pairs:
        if name:
            found.setdefault(name, glance)
    return found


def _budget(glance: Glance | None) -> tuple[Fact, ...]:
    if glance is None or (glance.burn is None and glance.remaining >= 1):
        return ()
    left = quantities.percent(abs(glance.remaining))
    words = f"{left} of budget left" if glance.remaining >= 0 else f"budget {left} over"
    return (Fact(words, "warn" if glance.state in TROUBLED else "", reverse("objective", args=[glance.name])),)


def _tone(look: Look) -> str:
    return look.tone if look.tone in {"fail", "warn"} else ""


def _alerts(slug: str, workflows: Sequence[str], services: Sequence[str]) -> tuple[list[Alert], int]:
    """The first, and the number of all: counted by the same query."""
    names_it = Q(objective__runbook=slug)
    about = names_it | Q(workflow__in=workflows) | Q(objective__dependency__in=services)
    rows = Alert.objects.filter(about, resolved_at__isnull=True).select_related("team", "objective")
    first = Case(When(names_it, then=0), default=1, output_field=IntegerField())
    shown = rows.annotate(among=Window(Count("pk"))).order_by(first, "severity", "-pk")[:MOST_ALERTS]
    return list(shown), shown[0].among if shown else 0
