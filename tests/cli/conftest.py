"""The stub of the portal as a fixture, and a way to call the command against it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from click.testing import CliRunner, Result

from portal.cli import client, following
from portal.cli.program import program

from .portal_stub import TOKEN, StubPortal


@pytest.fixture
def stub() -> Iterator[StubPortal]:
    portal = StubPortal()
    yield portal
    portal.server.shutdown()
    portal.server.server_close()


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pauses, no proxy, and nothing of the caller's own settings."""
    monkeypatch.setattr(client, "DELAYS", (0.0, 0.0, 0.0))
    monkeypatch.setattr(following, "SHORT_POLL", 0.01)
    for name in ("PLUMBLINE_URL", "PLUMBLINE_TOKEN", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def cli(stub: StubPortal) -> Callable[..., Result]:
    def call(*arguments: str, text: str | None = None, **env: str) -> Result:
        environment = {"PLUMBLINE_URL": stub.url, "PLUMBLINE_TOKEN": TOKEN} | env
        result = CliRunner().invoke(program, list(arguments), input=text, env=environment)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return call
