"""The queue of writers before SQLite: let go whatever ends the transaction, and fair."""

from __future__ import annotations

import fcntl
import os
import threading
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction

from orchestration.models import Team

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "sqlite", reason="it is SQLite's"),
]


def held() -> bool:
    return connection.connection is not None and connection._write_lock is not None  # type: ignore[attr-defined]


def others_can_write(seconds: float = 5) -> bool:
    """Whether another connection gets its turn."""
    done = threading.Event()

    def write() -> None:
        with transaction.atomic():
            Team.objects.get_or_create(name="other")
        connection.close()
        done.set()

    threading.Thread(target=write, daemon=True).start()
    return done.wait(seconds)


def test_the_lock_is_held_in_a_transaction_and_let_go_after_it():
    with transaction.atomic():
        assert held()
        with transaction.atomic():
            assert held()
        assert held(), "a savepoint is not the transaction"
    assert not held()
    assert others_can_write()


def test_it_is_let_go_when_the_transaction_fails():
    with pytest.raises(RuntimeError), transaction.atomic():
        raise RuntimeError
    assert not held()
    Team.objects.create(name="twice")
    with pytest.raises(IntegrityError), transaction.atomic():
        Team.objects.create(name="twice")
    assert not held()
    assert others_can_write()


def test_it_is_let_go_when_the_transaction_can_not_begin(monkeypatch: pytest.MonkeyPatch):
    wrapper: Any = connection.cursor().db

    def refuse(*_: Any) -> None:
        raise OperationalError("database is locked")

    parent = type(wrapper).__mro__[1]
    monkeypatch.setattr(parent, "_start_transaction_under_autocommit", refuse)
    with pytest.raises(OperationalError), transaction.atomic():
        pass
    monkeypatch.undo()
    assert not held()
    assert others_can_write()


def test_it_is_let_go_when_the_connection_is_closed_in_the_middle():
    atomic = transaction.atomic()
    atomic.__enter__()
    Team.objects.create(name="half")
    connection.close()
    assert others_can_write()
    atomic.__exit__(None, None, None)
    assert not Team.objects.filter(name="half").exists()


def test_a_writer_waits_for_its_turn_and_then_has_it():
    with transaction.atomic():
        waiting = threading.Thread(target=lambda: others_can_write(20))
        waiting.start()
        assert not others_can_write(0.3)
    waiting.join(20)
    assert others_can_write()
    assert Path(f"{connection.settings_dict['NAME']}.lock").exists()


def test_a_write_outside_a_transaction_waits_for_its_turn_too():
    Team.objects.create(name="checkout")
    assert not held()
    waited = threading.Event()

    def write() -> None:
        Team._base_manager.filter(name="checkout").update(description="written")
        connection.close()
        waited.set()

    descriptor = os.open(f"{connection.settings_dict['NAME']}.lock", os.O_RDWR)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    writing = threading.Thread(target=write)
    writing.start()
    try:
        assert not waited.wait(0.3), "SQLite itself is free: only the queue is not"
        assert Team.objects.get(name="checkout").description == "", "a read waits for nobody"
    finally:
        os.close(descriptor)
    writing.join(20)
    assert Team.objects.get(name="checkout").description == "written"


def test_a_write_outside_a_transaction_lets_go_whatever_becomes_of_it():
    Team.objects.create(name="twice")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE orchestration_team SET description = %s", ["all"])
        cursor.executemany("UPDATE orchestration_team SET description = %s", [["a"], ["b"]])
        with pytest.raises(IntegrityError):
            cursor.execute("INSERT INTO orchestration_team (id) SELECT id FROM orchestration_team")
    assert not held()
    assert others_can_write()
    with transaction.atomic():
        Team._base_manager.update(description="c")
        assert held(), "the transaction's turn is not over with one of its writes"
    assert not held()
