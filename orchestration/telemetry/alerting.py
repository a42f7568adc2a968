"""The round of alerts: look at every objective's windows, open what burns, tell whom it is time to tell, resolve what is over.

Harmless when doubled or lost: a constraint and compare-and-sets decide who does what. Owns the order of a round. Never decides
whether something burns: policies/burn.py does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db.models import Q

from orchestration.ids import floor
from orchestration.models import Alert, Objective, Run
from orchestration.policies import burn
from orchestration.policies.burn import Counts, Rule, Severity
from orchestration.selectors import budgets
from orchestration.services import alerts
from orchestration.services.objectives import rules_of
from orchestration.states import Compensation

log = structlog.get_logger(__name__)

#: Compensations that failed longer ago are in the list of runs; alerts would be late by then.
UNDONE_WITHIN = timedelta(days=1)
#: Runs that began longer ago are not looked through for them.
BEGAN_WITHIN = timedelta(days=30)


def evaluate(now: datetime) -> None:
    """One round; a fault with one objective or alert keeps no other from its turn."""
    wanted = list(budgets.objectives().filter(Q(page=True) | Q(ticket=True)))
    rules = {(one.pk, severity): rules_of(one, severity) for one in wanted for severity in Severity}
    windows = {span for some in rules.values() for rule in some for span in rule.windows}
    counts = budgets.burns(wanted, windows, now)
    is_open = _open_alerts()
    for one in wanted:
        for severity in Severity:
            key = (one.pk, severity)
            alert = is_open.pop((one.pk, str(severity)), None)
            _guarded(_judge, one, severity, rules[key], counts[one.pk], alert, now=now)
    for alert in is_open.values():
        _guarded(alerts.resolve_over, alert, "Its objective does not alert any more.", now)
    for run in _not_undone(now):
        _guarded(alerts.open_compensation, run=run, now=now)
    for alert in _to_tell(now):
        _guarded(alerts.tell_due, alert, now)


def _judge(
    objective: Objective, severity: Severity, rules: tuple[Rule, ...], counts: Mapping[timedelta, Counts],
    alert: Alert | None, *, now: datetime,
) -> None:  # fmt: skip
    if alert is not None:
        if burn.is_over(rules, objective.target, counts):
            alerts.resolve_over(alert, "The short window is clean again." if rules else "It is switched off.", now)
        return
    rule = burn.firing(rules, objective.target, counts)
    if rule is not None:
        facts = {"windows": {_minutes(span): [counts[span].bad, counts[span].total] for span in rule.windows}}
        alerts.open_burn(objective=objective, severity=severity, rule=str(rule), facts=facts, now=now)


def _open_alerts() -> dict[tuple[int, str], Alert]:
    rows = Alert.objects.filter(resolved_at__isnull=True, objective__isnull=False)
    found = rows.select_related("team", "escalation", "objective")
    return {(row.objective_id or 0, row.severity): row for row in found}


def _to_tell(now: datetime) -> list[Alert]:
    due = Q(told_at__isnull=True) | Q(next_at__lte=now)
    rows = Alert.objects.filter(due, state=Alert.State.OPEN).select_related("team", "escalation", "objective")
    return list(rows.order_by("pk"))


def _not_undone(now: datetime) -> list[Run]:
    rows = Run.objects.filter(
        compensation=Compensation.FAILED, pk__gte=floor(now - BEGAN_WITHIN), finished_at__gte=now - UNDONE_WITHIN
    ).select_related("workflow", "team")
    found = list(rows.defer("input", "output").order_by("pk"))
    known = set(Alert.objects.filter(run_id__in=[run.pk for run in found]).values_list("run_id", flat=True))
    return [run for run in found if run.pk not in known]


def _guarded(act: Callable[..., object], *args: Any, **more: Any) -> None:
    try:
        act(*args, **more)
    except Exception:  # a fault of ours, or of the database: the next round tries it again
        log.exception("alerts.round_failed")


def _minutes(span: timedelta) -> str:
    return str(int(span.total_seconds()) // 60)
