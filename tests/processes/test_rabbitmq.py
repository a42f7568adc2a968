"""RabbitMQ as the broker: a few of the failure tests in their short form. `make chaos` runs all of them with it, in their long one."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from django.db import connection

from tests import rabbitmq
from tests.processes.test_celery_steps import (  # noqa: F401 - run here too, with this module's broker
    test_what_went_wrong_in_their_task_is_told_where_their_app_imports_our_callbacks,
)
from tests.processes.test_kills import (  # noqa: F401
    test_every_run_survives_twenty_killed_workers_with_one_key_per_step,
)
from tests.processes.test_outages import test_runs_go_on_when_the_broker_forgets_every_message  # noqa: F401

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="the embedded default has a broker of its own"),
    pytest.mark.skipif(os.environ.get("TEST_BROKER") == "rabbitmq", reason="every other module has it already"),
    pytest.mark.skipif(not rabbitmq.found(), reason="no RabbitMQ answers; set TEST_RABBITMQ_URL"),
]


@pytest.fixture
def broker() -> Iterator[rabbitmq.RabbitMQ]:
    with rabbitmq.RabbitMQ() as found:
        yield found
