"""For the user's own Celery app: tells Plumbline why a task of theirs failed. Import it where the app is made.

Celery calls an error callback that it finds in the worker with the exception; one that it does not find it sends on with the
failed task's id alone. So this has the name of orchestration.tasks.celery_failed, and sends that on with the exception's
class and text. Needs Celery and nothing else of this package: the file may be copied. Never imported by Plumbline itself.
"""

from __future__ import annotations

from typing import Any

from celery import current_app, shared_task

NAME = "orchestration.tasks.celery_failed"
#: As orchestration/limits.py has it.
MAX_ERROR_TEXT = 4_000
#: Straight to Plumbline's queue over the default exchange, whatever this app routes by; see orchestration/steps/celery.py.
TO_PLUMBLINE: dict[str, Any] = {
    "exchange": "", "exchange_type": "topic", "routing_key": "control", "serializer": "json", "ignore_result": True,
}  # fmt: skip


@shared_task(name=NAME, ignore_result=True)
def celery_failed(request: Any, exc: BaseException, traceback: Any, step_id: int, fence: int) -> None:
    """Called by Celery in the worker, or in its parent where the process died."""
    told = {"step_id": step_id, "fence": fence, "error": type(exc).__name__, "message": text_of(exc)}
    current_app.send_task(NAME, (request.id,), told, add_to_parent=False, **TO_PLUMBLINE)


def text_of(exc: BaseException) -> str:
    """Its words as JSON can carry them, whatever the class does when it is asked for them."""
    try:
        text = str(exc)
    except Exception:
        text = "its text can't be had"
    return text[:MAX_ERROR_TEXT].encode(errors="replace").decode()
