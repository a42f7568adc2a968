"""When the tasks of the control queue come round, from the typed configuration.

Owns that timetable; settings.py hands it to Celery. Never runs anything.
"""

from __future__ import annotations

from typing import Any

from celery.schedules import crontab

from portal.config import Config


def beat_schedule(config: Config) -> dict[str, Any]:
    """Name → task and pace. What the configuration switches off is left out."""
    # Without `expires`, which would compare beat's clock with the worker's: orchestration/pace.py melts what piles up.
    schedule = {
        "wake": _control("orchestration.tasks.wake", 0.5),
        "watch": _control("orchestration.tasks.watch", 30),
        "fold": _control("orchestration.tasks.fold", 2),
        "retry-in-bulk": _control("orchestration.tasks.retry_in_bulk", 2),
        "deliver": _control("governance.tasks.deliver", 2),
        "tend": _control("governance.tasks.tend", 5),
        "export-audit-head": _control("governance.tasks.export_audit_head", 3_600),
        # A slice each time; a walk along the whole chain begins once an hour.
        "verify-audit": _control("governance.tasks.verify_audit", 10),
    }
    if config.run_retention_days:
        # Little and often: an hour's worth at once would keep the timers waiting.
        schedule["prune"] = _control("orchestration.tasks.prune", 10)
    if config.event_retention_days:
        schedule["prune-events"] = _control("orchestration.tasks.prune_events", 60)
    if config.mail is not None:
        schedule["digests"] = _control("portal.tasks.send_digests", 60)
    if config.runbooks_export_dir is not None:
        schedule["export-runbooks"] = _control("governance.tasks.export_runbooks", crontab(hour=2, minute=40))
    return schedule


def _control(task: str, pace: float | crontab) -> dict[str, Any]:
    return {"task": task, "schedule": pace, "options": {"queue": "control"}}
