"""Which error types a dependency is to blame for."""

from __future__ import annotations

import pytest

from orchestration.policies.faults import fault_of


@pytest.mark.parametrize("error_type", ["timeout", "timeout.heartbeat", "http.504", "python.TimeoutError"])
def test_an_answer_that_did_not_come_in_time_is_a_timeout(error_type: str) -> None:
    assert fault_of(error_type) == "timeout"


@pytest.mark.parametrize(
    "error_type",
    ["connection", "connection.reset", "http.500", "http.502", "http.503", "http.599", "http.body",
     "python.ConnectionError", "python.ConnectionResetError", "python.ConnectionRefusedError"],
)  # fmt: skip
def test_a_broken_service_or_connection_is_an_error(error_type: str) -> None:
    assert fault_of(error_type) == "error"


@pytest.mark.parametrize(
    "error_type",
    ["", "http.301", "http.400", "http.404", "http.408", "http.409", "http.422", "http.429", "http.501", "http.505",
     "http.request", "http.refused", "http.5", "http.5000", "expect", "expression", "contract.violation",
     "payload.invalid", "payload.too_large", "secret.unknown", "worker.lost", "timeout.schedule_to_start",
     "timeout.schedule_to_close", "timeout.run", "python.ValueError", "python.unknown", "connections"],
)  # fmt: skip
def test_what_the_dependency_is_not_to_blame_for_does_not_count(error_type: str) -> None:
    assert fault_of(error_type) == ""
