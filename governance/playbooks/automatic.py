"""An alert starts the runbook that allows it, and the leading automatic actions run; also what a killed process left undone.

One exercise an alert, which a constraint sees to; at most so many an hour as the runbook allows. An automatic action touches only
what the runbook's own team owns: its maintainers could do the same by hand. Owns the round. Never decides that something burns.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta

import structlog
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from governance.models import Exercise, ExerciseAction, Runbook
from governance.playbooks.play import Outcome
from governance.playbooks.plays import play_of
from governance.playbooks.running import claim, perform, put_down, record
from governance.runbooks.actions import AUTOMATIC
from governance.selectors.runbooks import runbook_of_alert
from governance.services.exercises import begin
from orchestration import clock
from orchestration.errors import PlumblineError
from orchestration.models import Alert
from orchestration.services.governed import hold

log = structlog.get_logger(__name__)

#: An alert that opened longer ago starts nothing any more: by then people are at it.
RECENT = timedelta(hours=1)
HOUR = timedelta(hours=1)
#: Seconds that one round may keep the control worker from what is due.
SLICE = 0.25


def tend() -> None:
    """One round. Harmless when doubled or lost."""
    if not Runbook.objects.filter(auto_start__isnull=False).exists() and not _due(clock.now()).exists():
        return
    for alert in _fired(clock.now()):
        try:
            start_by(alert)
        except Exception:  # one alert keeps no other from its turn; the next round tries again
            log.exception("playbook.start_failed", alert=alert.pk)
    finish()


def start_by(alert: Alert) -> Exercise | None:
    """The exercise of this alert's runbook, if that allows it and the hour has room; None otherwise."""
    found = runbook_of_alert(alert)
    if found is None or not found.auto_start or found.status != Runbook.Status.ACTIVE:
        return None
    try:
        with transaction.atomic():
            hold()  # one after the other: two rounds at once count the same hour
            now = clock.now()
            lately = Exercise.objects.filter(runbook=found, by_alert=True, started_at__gt=now - HOUR).count()
            if lately >= found.auto_start:
                return None
            exercise = begin(runbook=found, actor=None, alert=alert, by_alert=True)
            _put_down_leading(exercise, now)
    except IntegrityError:
        return None  # somebody was first
    except PlumblineError as error:
        log.warning("playbook.not_started", alert=alert.pk, runbook=found.slug, why=str(error))
        return None
    return exercise


def finish() -> None:
    """Do what is pending and nobody is at, in the order it was asked for, until the slice is over."""
    ends = time.monotonic() + SLICE
    for action in _due(clock.now()).select_related("exercise__runbook", "person").order_by("pk"):
        if claim(action):
            if _is_stopped(action):
                record(action, Outcome("Not run: the one before it failed.", is_good=False))
            else:
                perform(action)
        if time.monotonic() > ends:
            return


def _fired(now: datetime) -> list[Alert]:
    rows = Alert.objects.filter(
        resolved_at__isnull=True, told_at__isnull=False, opened_at__gte=now - RECENT
    ).select_related("objective", "team")
    started = Exercise.objects.filter(by_alert=True, alert__in=rows).values_list("alert", flat=True)
    return list(rows.exclude(pk__in=list(started)).order_by("pk"))


def _due(now: datetime) -> QuerySet[ExerciseAction]:
    free = Q(claimed_until__isnull=True) | Q(claimed_until__lte=now)
    return ExerciseAction.objects.filter(free, state=ExerciseAction.State.PENDING)


def _put_down_leading(exercise: Exercise, now: datetime) -> None:
    for position, step in enumerate(exercise.steps, 1):
        action = step.get("action")
        if not action or action["problem"] or action["parameters"].get(AUTOMATIC) != "yes":
            return
        try:
            team = play_of(action["kind"]).team(action["parameters"])
            if team is None or team.pk != exercise.runbook.owner_id:
                return
            put_down(exercise, position, now)
        except PlumblineError as error:  # what can't be done now is left to whoever comes
            log.warning("playbook.left_to_people", exercise=exercise.pk, step=position, why=str(error))
            return


def _is_stopped(action: ExerciseAction) -> bool:
    before = ExerciseAction.objects.filter(exercise=action.exercise_id, position__lt=action.position, person=None)
    return action.person_id is None and before.filter(state=ExerciseAction.State.FAILED).exists()
