"""The Celery application and what a worker process does when it starts and stops. Owns no task: each app's tasks.py does."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.signals import (
    beat_init,
    setup_logging,
    task_prerun,
    worker_init,
    worker_process_init,
    worker_process_shutdown,
    worker_ready,
    worker_shutdown,
)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
#: Django's checks ask every URL, so each worker would hold all pages: 37 MB and a second of processor time. Every command of
#: manage.py has them run.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

#: Seconds that a process that was asked to stop gives the steps in its hands; longer ones are rescued elsewhere. Within what
#: deploy/ gives a worker before it is killed; the embedded supervisor's ten seconds are a person waiting at a terminal.
STEPS_END_WITHIN, STEPS_END_WITHIN_EMBEDDED = 45.0, 8.0

app = Celery("plumbline")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["orchestration", "governance", "portal"])


@setup_logging.connect
def _keep_our_logs(**_: Any) -> None:
    """Connected so that Celery leaves the loggers to portal/logs.py."""


@worker_init.connect
def _share_connections(**_: Any) -> None:
    from orchestration.pooled import share_connections

    share_connections()


@task_prerun.connect
def _fresh_connections(**_: Any) -> None:
    """A database that restarted must not cost a task: drop connections that no longer answer."""
    from django.db import close_old_connections

    close_old_connections()


@worker_ready.connect
def _live(sender: Any, **_: Any) -> None:
    from orchestration.engine.relief import start_relief
    from orchestration.engine.worker import start_heartbeat

    queues = ",".join(sorted(queue.name for queue in sender.task_consumer.queues))
    if sender.controller.pool_cls.__module__ != "celery.concurrency.prefork":
        start_heartbeat(queues)
        start_relief()


@worker_process_init.connect
def _live_child(**_: Any) -> None:
    """A prefork child holds leases under its own id, so it beats for itself. A solo worker says this too, and first."""
    from orchestration.engine.relief import start_relief
    from orchestration.engine.worker import start_heartbeat

    start_heartbeat("steps")
    start_relief()


@beat_init.connect
def _relieve(**_: Any) -> None:
    """Where no worker is up, steps are freed all the same, and wait for the first that is."""
    from orchestration.engine.relief import start_relief

    start_relief()


@worker_shutdown.connect
@worker_process_shutdown.connect
def _leave(**_: Any) -> None:
    """Steps in hand come to their end first, and their runs go back for others to take."""
    from django.conf import settings

    from orchestration.engine.conductor import close
    from orchestration.engine.relief import stop_relief
    from orchestration.engine.worker import stop_heartbeat
    from orchestration.telemetry import tracing

    stop_relief()
    close(STEPS_END_WITHIN_EMBEDDED if settings.PLUMBLINE.embedded else STEPS_END_WITHIN)
    stop_heartbeat()
    tracing.close(tracing.AT_EXIT)
