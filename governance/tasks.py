"""Celery's tasks of governance: what falls due at the gate, rounds of webhooks, and the audit chain's head and walk.

The round of webhooks goes to a thread of its own: a message on the control queue must be short, since timers wait behind it, and
a receiver may take ten seconds to answer. Losing or doubling a message changes nothing but the time.
"""

from __future__ import annotations

import threading

import structlog
from celery import shared_task
from django.conf import settings
from django.db import connection

from governance.gate import rounds
from governance.playbooks import automatic
from governance.services import delivering
from governance.services.auditing import Walk, export_head, is_due, keep
from governance.services.runbook_folder import write_folder
from orchestration import clock
from orchestration.pace import Pace

log = structlog.get_logger(__name__)

#: Beat asks every two seconds for webhooks, and every five for the gate.
_delivering, _pruning, _tending, _reminding = Pace(1.0), Pace(60.0), Pace(2.0), Pace(60.0)
_playing, _writing = Pace(2.0), Pace(60.0)
_round: threading.Thread | None = None


@shared_task(name="governance.tasks.tend", ignore_result=True, acks_late=False)
def tend() -> None:
    """Do what falls due at the gate, once a minute remind whom it waits for, and start what alerts start by themselves."""
    with _tending.turn() as due:
        if due:
            rounds.tend()
    with _reminding.turn() as due:
        if due:
            rounds.remind()
    with _playing.turn() as due:
        if due:
            automatic.tend()


@shared_task(name="governance.tasks.deliver", ignore_result=True, acks_late=False)
def deliver() -> None:
    """Begin a round when something is due and none is under way in this process."""
    global _round  # noqa: PLW0603 - one round for the process
    with _delivering.turn() as due:
        if due and (_round is None or not _round.is_alive()) and delivering.anything_due():
            _round = threading.Thread(target=_deliver, name="webhooks", daemon=True)
            _round.start()
    with _pruning.turn() as due:
        if due:
            delivering.prune()


def _deliver() -> None:
    try:
        delivering.deliver()
    except Exception:  # what was claimed is due again when its claim ends
        log.exception("webhooks.round_failed")
    finally:
        connection.close()


@shared_task(name="governance.tasks.export_runbooks", ignore_result=True, acks_late=False)
def export_runbooks() -> None:
    """Once a night: all runbooks as a folder of files, to be read when the portal is down."""
    folder = settings.PLUMBLINE.runbooks_export_dir
    if folder is None:
        return  # the message came from a beat that knew another setting
    with _writing.turn() as due:
        if due:
            try:
                log.info("runbooks.exported", folder=str(folder), runbooks=write_folder(folder, clock.now()))
            except OSError as error:  # the next night tries again
                log.error("runbooks.not_exported", folder=str(folder), error=str(error))


#: Seconds that one slice of a walk may keep the control worker from waking what is due.
WALK_SLICE = 0.25

_exporting, _walking = Pace(60.0), Pace(5.0)
#: The walk that this process is at; one that is lost with the process begins anew.
_walk: Walk | None = None


@shared_task(name="governance.tasks.export_audit_head", ignore_result=True, acks_late=False)
def export_audit_head() -> None:
    """Once an hour: where the audit chain ends, to a file that can be copied elsewhere."""
    with _exporting.turn() as due:
        if due:
            export_head()


@shared_task(name="governance.tasks.verify_audit", ignore_result=True, acks_late=False)
def verify_audit() -> None:
    """A slice of the hourly walk along the audit chain; the next one goes on."""
    with _walking.turn() as due:
        if due and (_walk is not None or is_due()):
            _go_on()


def _go_on() -> None:
    global _walk  # noqa: PLW0603 - one walk for the process
    walk = _walk or Walk()
    _walk = None  # should this slice fail, the next one begins anew
    found = walk.step(WALK_SLICE)
    if found is None:
        _walk = walk
        return
    keep(found)
    if not found.ok:
        log.error("audit_chain_broken", first_bad=found.first_bad, problem=found.problem)
