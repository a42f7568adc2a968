"""Real worker processes, a real broker and the test database, all of this test's own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from tests import rabbitmq
from tests.processes.children import Processes, wait_until
from tests.processes.databases import url_of
from tests.processes.load import LONG, sized
from tests.processes.recorder import Recorder
from tests.rabbitmq import AnyBroker, RabbitMQ
from tests.servers import Broker

__all__ = ["Processes", "wait_until"]


#: What does not depend on the database: in the short form it runs on the server leg alone. A word of the test's name.
ON_ONE_LEG = (
    "test_celery_steps", "test_schedules", "test_fairness", "test_items", "wait_for_an_event", "test_traces",
    "test_webhooks", "test_alerts", "test_dependencies", "test_breakers",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out on the embedded leg what the server leg shows."""
    if LONG or connection.vendor != "sqlite":
        return
    skipped = pytest.mark.skip(reason="the server leg has it; here with CHAOS=long")
    for item in items:
        if "tests/processes/" in item.nodeid and any(word in item.nodeid for word in ON_ONE_LEG):
            item.add_marker(skipped)


@pytest.fixture
def broker() -> Iterator[AnyBroker]:
    """A broker of this test's own, as the leg has it: embedded with SQLite, Redis over TCP or RabbitMQ with PostgreSQL."""
    on_rabbitmq = os.environ.get("TEST_BROKER") == "rabbitmq" and rabbitmq.found()
    with RabbitMQ() if on_rabbitmq else Broker(tcp=connection.vendor == "postgresql") as found:
        yield found


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    with Recorder() as found:
        yield found


@pytest.fixture
def database(transactional_db: None) -> str:
    """The address of the database that the processes use: the leg's, unless a module says otherwise."""
    return url_of(connection.settings_dict)


@pytest.fixture
def processes(
    database: str, broker: AnyBroker, recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Processes]:
    """Starts workers that share this test's database, broker and recorder. This process itself sends no messages."""
    monkeypatch.setattr("orchestration.engine.publish.send", lambda ids: 0)  # the sweeper and the workers carry it
    environment = {
        **os.environ,
        "DATABASE_URL": database,
        "BROKER_URL": broker.url,
        "PLUMBLINE_DATA_DIR": str(tmp_path),
        "SECRET_KEY": settings.SECRET_KEY,
        "RECORDER_URL": recorder.url,
        # The long form shows the product's own lease; the short one has no time for it.
        "PLUMBLINE_LEASE_SECONDS": sized("2", "10"),
    }
    found = Processes(environment, tmp_path)
    yield found
    found.stop()
    connection.close()
