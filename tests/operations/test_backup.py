"""A backup is one moment, whole or not there, restored only where nothing is lost by it; and runs go on from it."""

from __future__ import annotations

import json
import stat
import subprocess
import threading
import time
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection
from django.utils import timezone

from governance.models import AuditEntry
from governance.services.auditing import verify
from orchestration import clock
from orchestration.engine.claim import claim
from orchestration.engine.wake import wake
from orchestration.engine.work import work
from orchestration.models import Attempt, Run, StepRun, Team, WorkerProcess
from orchestration.services import governed
from orchestration.services.runs import start_run
from portal.backups.archive import MANIFEST
from tests.engine import tasks
from tests.engine.harness import begin, echo, publish, pump, settle_down, step, write
from tests.operations.conftest import Elsewhere, everything, migrate

pytestmark = pytest.mark.django_db(transaction=True)

CHAIN = {
    "a": echo("${{ input.n }}"),
    **{name: echo("${{ input.n }}", needs=[before]) for before, name in zip("abc", "bcd", strict=True)},
}


def back_up(path: Path, **options: object) -> dict[str, object]:
    call_command("backup", str(path), verbosity=0, **options)
    with zipfile.ZipFile(path) as file:
        return json.loads(file.read(MANIFEST))


def restore(path: Path, **options: object) -> None:
    call_command("restore", str(path), verbosity=0, **options)


def without_time(rows: dict[str, list[str]]) -> dict[str, list[str]]:
    """Without what a restore changes on purpose."""
    return {
        table: lines for table, lines in rows.items() if table not in {"django_session", "orchestration_workerprocess"}
    }


def test_every_row_comes_back(elsewhere: Elsewhere, tmp_path: Path):
    finished = settle_down(begin(publish(CHAIN), {"n": 1}))
    begin(publish({"a": {"wait": {"for": "1h"}}}, name="patient"), {})
    Team.objects.create(name="ops", description="ünïcødé \\ ' \" \n\t")
    governed.save(Team(name="audited"), actor=None, reason="ünïcødé")
    before = everything()

    manifest = back_up(tmp_path / "b.plumbline")

    with elsewhere():
        restore(tmp_path / "b.plumbline")
        assert without_time(everything()) == without_time(before)
        assert Run.objects.get(pk=finished.pk).result == "succeeded"
        assert begin(publish({"a": echo(1)}, name="new"), {}).pk, "the sequences go on behind the rows"
        governed.save(Team(name="later"), actor=None, reason="r")
        assert (verify().ok, verify().entries) == (True, AuditEntry.objects.count()), "the audit chain goes on"
        with pytest.raises(IntegrityError, match="never changed or deleted"):
            AuditEntry.objects.all().delete()
    assert manifest["rows"] == {table: len(lines) for table, lines in before.items()}
    assert (manifest["open_runs"], manifest["database"]) == (1, connection.vendor)


def test_a_backup_taken_while_runs_start_and_end_is_one_moment_from_which_all_go_on(
    elsewhere: Elsewhere, tmp_path: Path
):
    version, stop = publish(CHAIN), threading.Event()
    faults: list[Exception] = []

    def load() -> None:
        try:
            while not stop.is_set():
                start_run(version=version, input={"n": 7})
                for step_id in list(StepRun.objects.filter(status="ready").values_list("pk", flat=True)[:2]):
                    work(step_id)
        except Exception as error:
            faults.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=load) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        ends = time.monotonic() + 60
        while Run.objects.filter(status="finished").count() < 20:
            assert time.monotonic() < ends
            time.sleep(0.05)
        held = None
        while held is None:  # the load may be quicker
            assert time.monotonic() < ends
            held = claim(begin(version, {"n": 7}).steps.get(name="a").pk)  # its worker will not be there
        manifests = [back_up(tmp_path / f"{number}.plumbline") for number in range(3)]
        wait_for_more = Run.objects.count() + 5
        while Run.objects.count() < wait_for_more:
            assert time.monotonic() < ends
            time.sleep(0.05)
    finally:
        stop.set()
        for thread in threads:
            thread.join(60)
    assert not faults
    assert manifests[0]["rows"]["orchestration_run"] < manifests[2]["rows"]["orchestration_run"], (
        "nothing moved meanwhile"
    )

    with elsewhere():
        restore(tmp_path / "2.plumbline")
        counts = manifests[2]["rows"]
        assert [model.objects.count() for model in (Run, StepRun, Attempt)] == [
            counts[f"orchestration_{name}"] for name in ("run", "steprun", "attempt")
        ]
        for run in Run.objects.filter(status="finished"):
            assert [found.status for found in run.steps.all()] == ["succeeded"] * 4, "half a transaction"
        assert Run.objects.exclude(status="finished").exists()
        before = {found.pk: found.output for found in StepRun.objects.filter(status="succeeded")}
        wake()
        assert not StepRun.objects.filter(pk=held.step.pk, status="running").exists(), "nobody will ever finish it"

        pump()

        assert set(Run.objects.values_list("status", "result")) == {("finished", "succeeded")}
        assert StepRun.objects.count() == 4 * Run.objects.count()
        assert set(StepRun.objects.values_list("status", "output")) == {("succeeded", "7")}
        outcomes = Attempt.objects.filter(outcome="succeeded").values_list("step", flat=True)
        assert len(outcomes) == len(set(outcomes))
        assert all(StepRun.objects.get(pk=pk).output == output for pk, output in before.items())


def test_a_step_goes_on_with_the_key_that_it_had(elsewhere: Elsewhere, tmp_path: Path):
    run = begin(publish({"a": write("undo a", 1), "b": echo(2, needs=["a"])}))
    held = claim(step(run, "a").pk)
    assert held is not None
    key = held.step.idempotency_key
    back_up(tmp_path / "b.plumbline")

    with elsewhere():
        restore(tmp_path / "b.plumbline")
        assert settle_down(Run.objects.get(pk=run.pk)).result == "succeeded"
        assert step(run, "a").idempotency_key == key
        assert [found.outcome for found in Attempt.objects.filter(step__name="a").order_by("id")] == [
            "lost",
            "succeeded",
        ]


def test_sessions_stay_out_and_workers_are_forgotten(elsewhere: Elsewhere, tmp_path: Path):
    publish(CHAIN)
    secret = "a-session-key-that-opens-doors"
    Session.objects.create(session_key=secret, session_data="x", expire_date=timezone.now() + timedelta(days=9))
    WorkerProcess.objects.create(
        id="w", hostname="h", pid=1, queue="steps", started_at=clock.now(), seen_at=clock.now()
    )

    back_up(tmp_path / "b.plumbline")

    with zipfile.ZipFile(tmp_path / "b.plumbline") as file:
        assert all(secret.encode() not in file.read(name) for name in file.namelist())
    with elsewhere():
        restore(tmp_path / "b.plumbline")
        assert not Session.objects.exists()
        assert not WorkerProcess.objects.exists()
    assert Session.objects.exists()


def test_the_file_is_for_its_owner_and_never_overwritten_unasked(transactional_db: None, tmp_path: Path):
    path = tmp_path / "b.plumbline"
    back_up(path)
    first = path.read_bytes()

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(CommandError, match="is there already"):
        back_up(path)
    assert path.read_bytes() == first
    Team.objects.create(name="more")
    assert back_up(path, overwrite=True)["rows"]["orchestration_team"] == 1
    assert [found.name for found in tmp_path.iterdir()] == ["b.plumbline"], "nothing is left beside it"


def test_a_backup_that_fails_leaves_the_old_one(
    transactional_db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "b.plumbline"
    back_up(path)
    first = path.read_bytes()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(zipfile.ZipFile, "writestr", full)  # the last thing that is written
    with pytest.raises(CommandError, match="No space left on device"):
        back_up(path, overwrite=True)

    assert path.read_bytes() == first
    assert [found.name for found in tmp_path.iterdir()] == ["b.plumbline"]


def test_a_damaged_or_cut_backup_is_refused_before_anything_is_changed(elsewhere: Elsewhere, tmp_path: Path):
    settle_down(begin(publish(CHAIN), {"n": 1}))
    path = tmp_path / "b.plumbline"
    back_up(path)
    whole = path.read_bytes()

    with elsewhere():
        for at in range(0, len(whole) - 64, len(whole) // 30):
            # One bit would not do: a compressed page of zeros may come out the same from a changed one.
            damaged = bytes(byte ^ 0xFF for byte in whole[at : at + 64])
            for broken in (whole[:at], whole[:at] + damaged + whole[at + 64 :], b""):
                path.write_bytes(broken)
                with pytest.raises(CommandError, match=r"no whole backup|damaged"):
                    restore(path)
        assert connection.introspection.table_names() == []


def test_a_manifest_that_tells_of_another_database_is_refused(elsewhere: Elsewhere, tmp_path: Path):
    back_up(tmp_path / "b.plumbline")
    _rewrite(tmp_path / "b.plumbline", sha256="0" * 64)

    with elsewhere(), pytest.raises(CommandError, match="damaged"):
        restore(tmp_path / "b.plumbline")


def test_a_database_that_is_not_empty_is_replaced_only_by_its_name(elsewhere: Elsewhere, tmp_path: Path):
    Team.objects.create(name="original")
    back_up(tmp_path / "b.plumbline")

    with elsewhere():
        migrate()
        Team.objects.create(name="precious")
        name = Path(elsewhere.name).name
        with pytest.raises(CommandError, match=f"not empty.*--replace {name}"):
            restore(tmp_path / "b.plumbline")
        with pytest.raises(CommandError, match="nothing was changed"):
            restore(tmp_path / "b.plumbline", replace="another")
        assert [team.name for team in Team.objects.all()] == ["precious"]

        restore(tmp_path / "b.plumbline", replace=name)

        assert [team.name for team in Team.objects.all()] == ["original"]


def test_nothing_is_restored_under_living_workers_and_what_was_only_migrated_counts_as_empty(
    elsewhere: Elsewhere, tmp_path: Path
):
    Team.objects.create(name="original")
    back_up(tmp_path / "b.plumbline")

    with elsewhere():
        migrate()
        row = {"id": "w", "hostname": "host", "pid": 1, "queue": "steps", "started_at": clock.now()}
        worker = WorkerProcess.objects.create(seen_at=clock.now(), **row)
        with pytest.raises(CommandError, match=r"1 worker processes.*host:1.*stop the portal"):
            restore(tmp_path / "b.plumbline")

        worker.seen_at = clock.now() - timedelta(seconds=25)
        worker.save()
        restore(tmp_path / "b.plumbline")
        assert Team.objects.get().name == "original"


def test_a_backup_of_a_later_release_is_refused_and_named(elsewhere: Elsewhere, tmp_path: Path):
    manifest = back_up(tmp_path / "b.plumbline")
    later = [*manifest["migrations"], ["orchestration", "9999_later"]]
    _rewrite(tmp_path / "b.plumbline", migrations=later, plumbline="9.9.9")

    with elsewhere(), pytest.raises(CommandError, match=r"Plumbline 9.9.9 .*orchestration.9999_later"):
        restore(tmp_path / "b.plumbline")


def test_a_backup_of_an_earlier_release_is_migrated(elsewhere: Elsewhere, tmp_path: Path):
    with elsewhere():
        migrate()
        call_command("migrate", "orchestration", "0013", verbosity=0)
        back_up(tmp_path / "b.plumbline")
        migrate()
        restore(tmp_path / "b.plumbline")

        call_command("migrate", check_unapplied=True, verbosity=0)  # exits 1 when one is missing


def test_a_backup_of_the_other_kind_is_refused_with_the_way_to_go(elsewhere: Elsewhere, tmp_path: Path):
    back_up(tmp_path / "b.plumbline")
    other = "sqlite" if connection.vendor == "postgresql" else "postgresql"
    with zipfile.ZipFile(tmp_path / "b.plumbline") as file:
        data = file.read(next(name for name in file.namelist() if name != MANIFEST))
    _rewrite(tmp_path / "b.plumbline", data, database=other)

    with elsewhere(), pytest.raises(CommandError, match="move_to_postgres"):
        restore(tmp_path / "b.plumbline")


def test_a_copy_to_look_at_ends_its_open_runs_without_acting(elsewhere: Elsewhere, tmp_path: Path):
    run = begin(publish({"a": write("undo a", 1), "b": {"wait": {"for": "1h"}, "needs": ["a"]}}))
    pump()
    back_up(tmp_path / "b.plumbline")
    tasks.calls.clear()

    with elsewhere():
        restore(tmp_path / "b.plumbline", terminate_open_runs=True)
        found = Run.objects.get(pk=run.pk)
        assert (found.status, found.result, found.compensation) == ("finished", "terminated", "none")
        pump()
    assert tasks.calls == []
    assert Run.objects.get(pk=run.pk).status != "finished", "the original goes on"


@pytest.mark.skipif("connection.vendor != 'postgresql'")
def test_the_password_is_on_no_command_line(transactional_db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(connection.settings_dict, "PASSWORD", "opensesame")
    seen: list[tuple[list[str], dict[str, str]]] = []
    popen = subprocess.Popen

    def note(command: list[str], **options: object) -> subprocess.Popen[bytes]:
        seen.append((command, options.get("env") or {}))  # type: ignore[arg-type]
        return popen(command, **options)  # type: ignore[call-overload, no-any-return]

    monkeypatch.setattr(subprocess, "Popen", note)
    back_up(tmp_path / "b.plumbline")

    command, environment = seen[-1]
    assert "opensesame" not in " ".join(command)
    assert environment["PGPASSWORD"] == "opensesame"


def _rewrite(path: Path, data: bytes | None = None, **changed: object) -> None:
    with zipfile.ZipFile(path) as file:
        manifest = json.loads(file.read(MANIFEST)) | changed
        member = next(name for name in file.namelist() if name != MANIFEST)
        data = file.read(member)
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("database.dump" if manifest["database"] == "postgresql" else "database.sqlite3", data)
        file.writestr(MANIFEST, json.dumps(manifest))
