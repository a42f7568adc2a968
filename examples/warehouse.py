"""The warehouse's own Celery app, as a team has one beside Plumbline: its own tasks on its own queue, no Django.

Owns what becomes of goods that come back. Never opens Plumbline's database: `celery` steps send it messages, and their
results go back the same way. Started by the supervisor with the examples:
`celery -A examples.warehouse worker -Q warehouse`.
"""

import os
from typing import Any

from celery import Celery

#: More of an article than this is looked at before it goes back to stock.
UNSEEN_AT_MOST = 2

app = Celery("warehouse", broker=os.environ.get("BROKER_URL", ""))
app.conf.update(
    task_default_queue="warehouse",
    imports=["orchestration.callbacks"],  # tells Plumbline why a task failed; needs Celery alone
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    worker_hijack_root_logger=False,
)


class NothingCameBack(Exception):
    """A line of no articles: nothing can become of it."""


@app.task(name="warehouse.judge")
def judge(sku: str, quantity: int) -> dict[str, Any]:
    """What becomes of a line: small quantities go back to stock, larger ones are looked at first. Asked twice it answers
    the same, and nothing has happened. Raises NothingCameBack."""
    if quantity < 1:
        raise NothingCameBack(f"{quantity} of {sku}")
    return {"sku": sku, "quantity": quantity, "fate": "inspected" if quantity > UNSEEN_AT_MOST else "restocked"}
