"""A sandbox on a port of its own, and a client for it."""

import http.client
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from examples.sandbox.app import Sandbox
from examples.sandbox.server import SandboxServer


@dataclass
class Answer:
    status: int
    body: dict[str, Any]
    headers: dict[str, str]


@dataclass
class Clock:
    """Set to moments that the script of trouble names."""

    now: float = 310.0

    def quiet(self) -> None:
        self.now = 310.0  # no burst, nothing slow

    def burst(self) -> None:
        self.now = 3.0  # inventory bursts, payments is fine

    def slow(self) -> None:
        self.now = 375.0  # payments is slow, inventory is fine

    def __call__(self) -> float:
        return self.now


@dataclass
class Client:
    """Calls over real HTTP, keeping one connection."""

    server: SandboxServer
    clock: Clock
    slept: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", self.server.server_port, timeout=10)

    def call(
        self, method: str, path: str, body: Any = None, *, key: str | None = None, token: str | None = "sandbox-token"
    ) -> Answer:
        headers = {"Content-Type": "application/json"}
        if key:
            headers["Idempotency-Key"] = key
        if token:
            headers["Authorization"] = f"Bearer {token}"
        payload = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        self.connection.request(method, path, payload, headers)
        response = self.connection.getresponse()
        raw = response.read()
        assert response.headers["Content-Type"] == "application/json"
        return Answer(response.status, json.loads(raw) if raw else {}, dict(response.headers))


@pytest.fixture
def sandbox() -> Iterator[Client]:
    clock = Clock()
    slept: list[float] = []
    server = SandboxServer(0, Sandbox(seed=7, clock=clock), sleep=slept.append)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    client = Client(server, clock, slept)
    yield client
    client.connection.close()
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture
def listed_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    """As when the operator lists the module of the examples."""
    listed = SimpleNamespace(PLUMBLINE=SimpleNamespace(task_modules=["examples.tasks"]))
    monkeypatch.setattr("orchestration.steps.registry.settings", listed)
