"""A second, empty database of the same kind, to which this process can move for a while; and no messages sent."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection

from orchestration import clock
from orchestration.engine import plans
from orchestration.engine import publish as messages
from orchestration.selectors import targets
from tests.engine import tasks


@pytest.fixture(autouse=True)
def _no_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "send", len)
    monkeypatch.setattr("orchestration.engine.wake.send", len)
    tasks.calls.clear()
    tasks.failing.clear()


@dataclass
class Elsewhere:
    """Another installation's database."""

    name: str

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """This process is that installation meanwhile."""
        before = connection.settings_dict["NAME"]
        self._become(self.name)
        try:
            yield
        finally:
            self._become(before)

    def _become(self, name: str) -> None:
        connection.close()
        connection.settings_dict["NAME"] = name
        clock.forget()
        targets.forget()
        plans.forget()


@pytest.fixture
def elsewhere(transactional_db: None, tmp_path: Path) -> Iterator[Elsewhere]:
    if connection.vendor == "sqlite":
        yield Elsewhere(str(tmp_path / "elsewhere.sqlite3"))
        return
    with new_postgresql(server_of(connection.settings_dict)) as name:
        yield Elsewhere(name)


def server_of(place: dict[str, Any]) -> str:
    """The address of the server, without a database."""
    password = f":{place['PASSWORD']}" if place["PASSWORD"] else ""
    return f"postgresql://{place['USER']}{password}@{place['HOST']}:{place['PORT'] or 5432}"


@contextmanager
def new_postgresql(server: str) -> Iterator[str]:
    """The name of a database that is there meanwhile."""
    name = f"elsewhere_{secrets.token_hex(4)}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as link:
        link.execute(f"CREATE DATABASE {name}")
        try:
            yield name
        finally:
            link.execute(f"DROP DATABASE {name} WITH (FORCE)")


def everything(using: Any = connection) -> dict[str, list[str]]:
    """Every row of every table, as sorted lines."""
    found = {}
    with using.cursor() as cursor:
        for table in sorted(using.introspection.table_names()):
            cursor.execute(f'SELECT * FROM "{table}"')
            found[table] = sorted(repr(row) for row in cursor.fetchall())
    return found


def migrate() -> None:
    call_command("migrate", verbosity=0, interactive=False)
