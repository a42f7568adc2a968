"""The chain: whole after whatever many writers do at once, and broken in the right place for whoever tampers with it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction

from governance import tasks, triggers
from governance.audit_chain import GENESIS, canonical, link
from governance.models import AuditEntry, AuditHead, AuditVerification
from governance.services import auditing
from governance.services.audit import facts, record
from governance.services.auditing import Head, Walk, export_head, read_heads, verify
from orchestration import clock
from orchestration.errors import InvalidInput
from orchestration.models import Membership, Team
from orchestration.pace import Pace
from orchestration.services import governed
from portal.models import User
from portal.services.teams import describe_team
from tests.processes.databases import url_of

pytestmark = pytest.mark.django_db
#: For those whose writers have connections of their own.
at_once = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parent.parent.parent
THREADS, EACH = 6, 25

WRITER = """
import sys, django
django.setup()
from orchestration.models import Team
from orchestration.services import governed
for number in range(int(sys.argv[2])):
    governed.save(Team(name=f"{sys.argv[1]}-{number}"), actor=None, reason="at once")
"""


def append(count: int) -> list[AuditEntry]:
    return [
        record(action="changed", kind="team", name="checkout", actor=None, reason=f"no. {n}", after={"n": n})
        for n in range(1, count + 1)
    ]


@contextmanager
def tampering() -> Iterator[None]:
    """As somebody who owns the database can: the triggers are away meanwhile."""
    triggers.remove(connection)
    try:
        yield
    finally:
        triggers.install(connection)


@at_once
def test_the_chain_is_whole_after_hundreds_of_entries_by_many_threads():
    barrier = threading.Barrier(THREADS)

    def write(index: int) -> None:
        try:
            barrier.wait(20)
            for number in range(EACH):
                governed.save(Team(name=f"t{index}-{number}"), actor=None, reason="at once")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(write, range(THREADS)))
    found = verify()
    assert (found.ok, found.problem, found.entries) == (True, "", THREADS * EACH)
    assert AuditHead.objects.get().hash == found.head_hash


@at_once
def test_the_chain_is_whole_after_hundreds_of_entries_by_many_processes():
    environment = {
        **os.environ,
        "DATABASE_URL": url_of(connection.settings_dict),
        "DJANGO_SETTINGS_MODULE": "tests.settings",
    }
    children = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, f"p{n}", "60"], env=environment, cwd=ROOT, stderr=subprocess.PIPE
        )
        for n in range(4)
    ]
    for child in children:
        _, said = child.communicate(timeout=120)
        assert child.returncode == 0, said.decode()
    found = verify()
    assert (found.ok, found.entries) == (True, 240)


@at_once
def test_writers_of_many_rows_and_of_locked_rows_never_wait_for_each_other():
    """One saves several objects in one transaction, the other locks one of them first: the log's turn comes before both."""
    teams = [Team.objects.create(name=f"t{number}") for number in range(2)]
    barrier = threading.Barrier(2)

    def many(number: int) -> None:
        with transaction.atomic():
            for team in Team.objects.order_by("name"):
                team.description = f"all {number}"
                governed.save(team, actor=None, reason="all of them")

    def one(number: int) -> None:
        describe_team(team=teams[1], description=f"one {number}", actor=None, reason="one of them")

    def often(work) -> None:
        try:
            barrier.wait(10)
            for number in range(30):
                work(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(often, (many, one)))
    assert verify().ok


@pytest.mark.parametrize(
    ("sql", "first_bad", "says"),
    [
        ("UPDATE governance_auditentry SET reason = 'nothing to see' WHERE sequence = 4", 4, "columns"),
        ("UPDATE governance_auditentry SET actor = 'somebody else' WHERE sequence = 9", 9, "columns"),
        ("UPDATE governance_auditentry SET canonical = previous WHERE sequence = 4", 4, "hash"),
        ("UPDATE governance_auditentry SET hash = previous WHERE sequence = 4", 4, "hash"),
        ("DELETE FROM governance_auditentry WHERE sequence = 1", 1, "missing"),
        ("DELETE FROM governance_auditentry WHERE sequence = 5", 5, "missing"),
        ("DELETE FROM governance_auditentry WHERE sequence > 7", 8, "missing"),
        ("DELETE FROM governance_auditentry", 1, "missing"),
        ("UPDATE governance_audithead SET sequence = 8", 8, "head"),
        ("UPDATE governance_audithead SET hash = 'ab'", 9, "head"),
        ("DELETE FROM governance_audithead", 1, "behind the head"),
    ],
)
def test_what_was_edited_removed_or_cut_is_found_at_its_place(sql: str, first_bad: int, says: str):
    append(9)
    assert verify().ok
    if "canonical = previous" in sql and connection.vendor == "postgresql":
        sql = sql.replace("= previous", "= previous::bytea")
    with tampering(), connection.cursor() as cursor:
        cursor.execute(sql)
    found = verify()
    assert (found.ok, found.first_bad) == (False, first_bad)
    assert says in found.problem


@pytest.mark.parametrize("column", ["at", "canonical", "hash", "reason"])
def test_an_entry_that_can_not_even_be_read_is_found(column: str):
    if connection.vendor == "postgresql":
        pytest.skip("a column there holds its own type only")
    append(5)
    with tampering(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE governance_auditentry SET {column} = '{{no' WHERE sequence = 3")
    assert (verify().ok, verify().first_bad) == (False, 3)


def test_entries_that_changed_places_are_found():
    append(6)
    with tampering(), connection.cursor() as cursor:
        for was, now in ((2, 100), (3, 2), (100, 3)):
            cursor.execute("UPDATE governance_auditentry SET sequence = %s WHERE sequence = %s", [now, was])
    assert verify().first_bad == 2


def test_an_entry_that_was_put_in_is_found():
    append(3)
    forged = AuditEntry.objects.get(sequence=3)
    forged.sequence, forged.previous = 4, forged.hash
    forged.canonical = canonical(facts(forged))
    forged.hash = link(forged.previous, forged.canonical)
    forged.save(force_insert=True)
    assert (verify().first_bad, verify().problem) == (4, "an entry stands behind the head")
    with tampering():
        AuditEntry.objects.filter(sequence=4).update(sequence=0)
    assert (verify().first_bad, verify().problem) == (0, "an entry was put before the first one")


def test_a_tail_that_was_cut_with_its_head_shows_beside_an_exported_head(tmp_path: Path, capsys):
    append(5)
    heads = tmp_path / "heads.jsonl"
    heads.write_text(json.dumps({"at": "…", "entries": 5, "hash": AuditHead.objects.get().hash}) + "\n")
    third = AuditEntry.objects.get(sequence=3)
    with tampering():
        AuditEntry.objects.filter(sequence__gt=3).delete()
        AuditHead.objects.update(sequence=3, hash=third.hash)
    assert verify().ok, "a chain alone can't show it"
    with pytest.raises(SystemExit) as ended:
        call_command("verify_audit", head=heads)
    assert ended.value.code == 1
    assert "broken at entry 4: the tail was cut off" in capsys.readouterr().err


def test_a_chain_that_was_written_anew_shows_beside_an_exported_head():
    append(5)
    exported = Head(4, AuditEntry.objects.get(sequence=4).hash)
    assert verify([exported]).ok
    with tampering():
        AuditEntry.objects.all().delete()
        AuditHead.objects.all().delete()
    append(6)
    assert verify().ok
    assert (verify([exported]).ok, verify([exported]).first_bad) == (False, 4)


def test_the_head_is_exported_to_a_file_that_only_grows(settings, capsys):
    path = settings.PLUMBLINE.data_dir / auditing.HEADS
    path.unlink(missing_ok=True)
    export_head()
    append(2)
    tasks._exporting = Pace(0)
    tasks.export_audit_head()
    assert read_heads(path) == [Head(0, GENESIS), Head(2, AuditHead.objects.get().hash)]
    assert path.stat().st_mode & 0o077 == 0
    call_command("verify_audit", head=path)
    assert "2 entries, the chain is whole, as 2 exported heads say" in capsys.readouterr().out
    path.unlink()


def test_a_file_of_heads_that_cannot_be_read_is_named_with_its_line(tmp_path: Path):
    with pytest.raises(CommandError, match="can't be read"):
        call_command("verify_audit", head=tmp_path / "none")
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"entries": 0, "hash": "x"}\n{"entries": "many"}\n')
    with pytest.raises(InvalidInput, match=r"bad\.jsonl:2 is no exported head"):
        read_heads(bad)


def test_a_walk_in_slices_comes_to_the_same(monkeypatch: pytest.MonkeyPatch):
    append(10)
    monkeypatch.setattr(auditing, "BATCH", 3)
    walk, slices = Walk(), 1
    while (found := walk.step(0)) is None:
        slices += 1
        append(1)  # what is written meanwhile is the next walk's
    assert slices == 4
    assert (found.ok, found.entries) == (True, 10)


def test_the_hourly_walk_is_kept_for_the_page_and_begins_again_after_an_hour(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tasks, "_walking", Pace(0))
    monkeypatch.setattr(tasks._walking, "PAUSE", 0)
    append(3)
    tasks.verify_audit()
    assert (AuditVerification.objects.get().entries, AuditVerification.objects.get().problem) == (3, "")
    with tampering():
        AuditEntry.objects.filter(sequence=2).update(reason="another")
    tasks.verify_audit()
    assert AuditVerification.objects.get().problem == "", "not due yet"
    clock.advance(auditing.APART)
    tasks.verify_audit()
    assert AuditVerification.objects.get().problem.startswith("entry 2: ")


def test_a_lost_head_is_taken_up_where_the_entries_end():
    append(3)
    AuditHead.objects.all().delete()
    assert append(1)[0].sequence == 4
    assert verify().ok


def test_deleting_a_person_leaves_what_they_did():
    user = User.objects.create(username="leaver")
    governed.save(Team(name="ops"), actor=user, reason="r")
    membership = Membership(team=Team.objects.get(), user=user, role="viewer")
    governed.save(membership, actor=user, reason="r")
    governed.delete(membership, actor=user, reason="r")
    user.delete()
    assert set(AuditEntry.objects.values_list("actor", flat=True)) == {"leaver"}
    assert verify().ok
