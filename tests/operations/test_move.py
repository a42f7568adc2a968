"""From the embedded SQLite to PostgreSQL: every row of every table, or nothing at all."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

from governance.gate.reviewing import review
from governance.models import (
    ActionItem,
    BrokenGlass,
    BulkChange,
    Change,
    Comment,
    Decision,
    DecisionRelation,
    Delegation,
    DependencyReview,
    ExerciseAction,
    GatePolicy,
    GoneReceiver,
    Pattern,
    Postmortem,
    PostmortemLink,
    RegisteredSchema,
    RegistryRule,
    Runbook,
    RunbookOrigin,
    SchemaReference,
    ScoreWaiver,
    TimelineMark,
    UpkeepItem,
    VerificationResult,
    Waiver,
    WebhookDelivery,
)
from governance.search.engines import SHADOWS
from governance.services.auditing import keep, verify
from governance.services.exercises import start_exercise
from orchestration import clock
from orchestration.engine.claim import claim
from orchestration.engine.event_store import NewEvent
from orchestration.engine.event_store import store as store_event
from orchestration.models import (
    Alert,
    AlertEvent,
    Breaker,
    BreakerTransition,
    BulkheadSlot,
    BulkRetry,
    BulkRetryItem,
    Dependency,
    DependencyEnd,
    InputEdit,
    LastGood,
    Objective,
    Parking,
    Payload,
    RateState,
    RollupDirty,
    Run,
    RunFlag,
    ScheduleTick,
    Series,
    Silence,
    StepRun,
    Team,
    TriggerFiring,
    WorkerProcess,
    Workflow,
)
from orchestration.services.governed import save
from orchestration.services.runs import retry_run
from orchestration.services.schedules import Range, start_backfill
from portal.backups import moving
from portal.config import database_settings
from portal.models import Digest, NotificationChoice, ReadMark, SavedView, Token, User
from portal.services.drafts import keep as keep_draft
from portal.services.images import store
from tests.alerts.counting import count
from tests.engine.harness import begin, echo, publish, pump, settle_down, write
from tests.engine.scheduling import schedule, trigger
from tests.operations.conftest import new_postgresql
from tests.servers import find_postgresql

ROOT = Path(__file__).resolve().parent.parent.parent
pytestmark = pytest.mark.django_db(transaction=True)
embedded = pytest.mark.skipif("connection.vendor != 'sqlite'", reason="it moves what is SQLite")


@pytest.fixture
def target(
    transactional_db: None, tmp_path: Path, django_db_blocker: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """The address of an empty PostgreSQL database."""
    # Tests may use the databases of the settings only; this one is made, and known, later.
    monkeypatch.setattr(BaseDatabaseWrapper, "ensure_connection", django_db_blocker._real_ensure_connection)
    found = find_postgresql(tmp_path)
    if found is None:
        pytest.skip("there is no PostgreSQL to move to")
    with found as server:
        address = server.url.rsplit("/", 1)[0]
        with new_postgresql(address) as name:
            yield f"{address}/{name}"


def fill() -> Run:
    """Something in every corner: the example company, and values that are told apart by their type; an open run."""
    call_command("load_examples", verbosity=0)
    change, approver = Change.objects.get(state="open"), User.objects.get(username="payments-approver")
    team = Team.objects.get(name="payments")
    review(change=change, person=approver, team=team, vote="approve", reason="ü", seen=change.content_hash)
    gate_rows(change, approver, team)
    user = User(username="zoë", email="z@example.org", time_zone="Europe/Zurich", last_login=timezone.now())
    user.set_password("a long enough password")
    save(user, actor=None, reason="a \\ backslash,\ta tab,\na line and \\N")
    user.groups.add(Group.objects.create(name="group"))
    user.user_permissions.add(Permission.objects.order_by("-pk")[0])
    token = Token(user=user, name="t", hash="0" * 64, hint="plb_", verbs=["operate", "é"], expires_at=timezone.now())
    save(token, actor=user, reason="r")
    keep_draft(user=user, place="/runbooks/new/", fields={"body": ["ü \\ \\N"], "workflows": ["a", "b"]})
    store(content=b"\x89PNG\r\n\x1a\n\x00\xff", user=user)
    team = Team.objects.create(name="odd", document={"a": [1, 2.5, None, True, "ü\\u"], "": {"nested": "\\N"}})
    team.history.update(history_change_reason="x" * 50)
    WebhookDelivery.objects.create(
        event_id="msg_1", type="change.applied", team=team, url="https://hooks.example/", payload='{"data": "ü"}',
        created_at=timezone.now(), next_at=timezone.now(), last_error="answered 500: ü",
    )  # fmt: skip
    DependencyEnd.objects.create(dependency=Dependency.objects.first(), link="ü", seen_at=timezone.now())
    breaker_rows()
    GoneReceiver.objects.create(team=team, url="https://hooks.example/", at=timezone.now())
    Session.objects.create(session_key="k", session_data="d", expire_date=timezone.now() + timedelta(days=1))
    publish({"a": echo("${{ input.text }}", needs=[]), "b": {"python": "test.fail", "needs": ["a"]}}, name="failing")
    failed = settle_down(begin(_version("failing"), {"text": "ä€😀" * 40_000}, key="key 1"))
    retry_run(run=failed, actor=user)
    pump()
    run = begin(publish({"a": write("undo a", 1), "b": echo(2, needs=["a"])}, name="held"))
    assert claim(StepRun.objects.get(run=run).pk) is not None
    control_rows(failed, user)
    parked = StepRun.objects.filter(run=failed).first()
    Parking.objects.create(step=parked, dependency="shop", kind="breaker", since=timezone.now(), message="ü")
    RunFlag.objects.create(run=failed, name="related-items", is_on=True, why="ü", at=timezone.now())
    waiting_rows(user)
    alert_rows(team)
    schedule_rows(user, run)
    inbox_rows(user, team)
    RunbookOrigin.objects.create(
        runbook=Runbook.objects.first(), path="a/ü.md", text="x\r\n\ufeff", revision=1, imported_at=timezone.now()
    )
    BulkChange.objects.create(
        key=uuid.uuid4(), kind="runbook", field="owner", value="payments", reason="ü", person=user, first_entry=1, last_entry=2,
        lines=[{"key": "payments-slow", "detail": "é"}], asked_at=timezone.now(),
    )  # fmt: skip
    keep(verify())
    return run


def schedule_rows(user: User, run: Run) -> None:
    """Something of everything that starts by itself."""
    now = timezone.now()
    backfill = start_backfill(
        schedule=schedule("odd", workflow="held@^1"), asked=Range(now - timedelta(days=1), now), actor=user, reason="ü"
    )
    common = {"schedule": backfill.schedule, "made_at": now}
    ScheduleTick.objects.create(at=now, outcome="failed", error="é", **common)
    ScheduleTick.objects.create(at=now, outcome="started", backfill=backfill, run=run, **common)
    found = trigger("odd", workflow="held@^1", when="event.data.ü == 'é'")
    TriggerFiring.objects.create(trigger=found, event_source="/ü", event_id="é", at=now, run=run)


def control_rows(run: Run, user: User) -> None:
    """An edited input, and a bulk retry with a run of its."""
    now = timezone.now()
    InputEdit.objects.create(run=run, step="b", input='{"a": "ü"}', actor=user, reason="é", at=now)
    job = BulkRetry.objects.create(key="k", filter={"result": "ü"}, total=1, actor=user, reason="ü", created_at=now)
    BulkRetryItem.objects.create(bulk=job, run_id=run.pk, workflow="failing", retried_as=run.pk, message="é")


def waiting_rows(user: User) -> None:
    """A question, an event that a step had, one that a step waits for, and the items of a loop."""
    steps = {
        "ask": {"approval": {"team": "payments"}}, "had": {"event": {"type": "order.paid", "correlation": "1"}},
        "hear": {"event": {"type": "order.paid"}}, "each": {"for_each": {"in": [1, 2], "as": "one"}, "python": "test.echo"},
    }  # fmt: skip
    store_event(
        NewEvent("/ü", "1", "order.paid", {"a": "ü"}, correlation="1", extensions={"x": True}, actor_id=user.pk)
    )
    begin(publish(steps, name="waiting"))
    pump()


def inbox_rows(user: User, team: Team) -> None:
    """What somebody saved, read and chose, and a digest."""
    now = timezone.now()
    save(SavedView(page="runs", name="ü", query="q=%C3%BC", owner=user, team=team), actor=user, reason="r")
    save(NotificationChoice(user=user, hidden=["é"], digest="weekly", changed_at=now), actor=user, reason="r")
    ReadMark.objects.create(user=user, key="decision:1:1", read_at=now)
    Digest.objects.create(user=user, period="2026-W48", began_at=now, next_at=now, error="ü")


def alert_rows(team: Team) -> None:
    """An alert, a silence, and what was counted of an objective."""
    now, objective = timezone.now(), Objective.objects.get(name="order-fulfilment.success")
    count(objective, now, 3, 1)
    RollupDirty.objects.create(grain="day", series=Series.objects.first(), ts=now)
    alert = Alert.objects.create(
        kind="burn", severity="page", subject="ü", team=team, escalation=team, objective=objective, opened_at=now,
        facts={"windows": {"60": [1, 2]}},
    )  # fmt: skip
    AlertEvent.objects.create(alert=alert, at=now, what="opened", text="é\n")
    silence = Silence(objective=objective, reason="ü", starts_at=now, ends_at=now + timedelta(days=1))
    save(silence, actor=None, reason="r")
    exercise, _ = start_exercise(runbook=Runbook.objects.get(slug="payments-slow"), actor=None, alert=alert)
    ExerciseAction.objects.create(
        exercise=exercise, position=4, attempt=1, kind="retry-failed-runs", parameters={"workflow": "ü"}, chosen=["é"],
        asked_at=now, claimed_until=now,
    )  # fmt: skip


def breaker_rows() -> None:
    """Something in every table of breakers."""
    now = timezone.now()
    Breaker.objects.create(
        name="shop", window={"slices": {"1": [1, 2, 3, 4]}}, since=now, forced_reason="ü\n", probe_seconds=0.1
    )
    BreakerTransition.objects.create(name="shop", at=now, source="closed", target="open", why="ü", figures={"calls": 2})
    BulkheadSlot.objects.create(dependency="shop", number=0, until=now)
    RateState.objects.create(name="shop", arrival=now.timestamp())
    LastGood.objects.create(workflow="w", step="s", input_hash="0" * 64, output='"ü"', at=now)


def gate_rows(change: Change, first: User, team: Team) -> None:
    """Something of everything that bends or tightens the gate."""
    now, second = timezone.now(), User.objects.get(username="admin")
    ends = now + timedelta(days=1)
    common = {"change": change, "reason": "ü", "expires_at": ends}
    rows = [
        BrokenGlass(first=first, second=second, content_hash="0" * 64, asked_at=now, **common),
        Waiver(contract=change.version.contract, team=team, fingerprint="f" * 16, text="é", person=first, given_at=now, **common),
        Delegation(team=team, giver=first, taker=second, reason="ü", starts_at=now, ends_at=ends),
        GatePolicy(name="more", document={"spec": {"approvals": 2}}, content_hash="0" * 64),
        RegistryRule(scope="é", level="FULL", mode="READONLY", settings={"normalize": True}),
        DependencyReview(dependency=Dependency.objects.first(), area="é", person=first, findings="ü", signed_at=now),
        *upkeep_rows(first, team),
    ]  # fmt: skip
    one, other = Decision.objects.order_by("number")[:2]
    rows.append(DecisionRelation(decision=one, other=other, kind="relates", words="Clarifies ü"))
    for row in rows:
        save(row, actor=first, reason="r")
    SchemaReference.objects.create(
        schema=RegisteredSchema.objects.first(), position=0, name="ü.json", subject="é", number=1
    )
    Comment.objects.create(change=change, author=first, text="ü\n", at=now)
    VerificationResult.objects.create(
        version=change.version, role="provider", participant="shop", commit="c0ffee", passed=False, at=now
    )


def upkeep_rows(person: User, team: Team) -> list[Any]:
    """Something of everything that is written after an incident, and to keep workflows up. Each saved before the next names it."""
    now, workflow = timezone.now(), Workflow.objects.first()
    postmortem = Postmortem(
        number=901, title="ü", owner=team, began_at=now, body="é\n", source="alert 1", frozen={"lines": [{"text": "ü"}]}
    )
    save(postmortem, actor=person, reason="r")
    return [
        PostmortemLink(postmortem=postmortem, workflow=workflow),
        TimelineMark(postmortem=postmortem, key="own:ü", at=now, text="é\n"),
        ActionItem(postmortem=postmortem, text="ü", owner=team, person=person, due=now.date(), since=now),
        Pattern(slug="of-our-own", title="ü", body="é\n"),
        ScoreWaiver(workflow=workflow, check_key="undo", person=person, reason="ü", given_at=now, expires_at=now),
        UpkeepItem(team=team, workflow=workflow, text="ü", made_at=now),
    ]  # fmt: skip


def _version(name: str) -> Any:
    from orchestration.models import WorkflowVersion

    return WorkflowVersion.objects.select_related("workflow").get(workflow__name=name)


@contextmanager
def there(url: str) -> Iterator[str]:
    """An alias for that database."""
    given = database_settings(url, embedded=False, data_dir=ROOT)
    connections.settings["there"] = connections.configure_settings({"default": {}, "there": given})["there"]
    try:
        yield "there"
    finally:
        connections["there"].close()
        del connections["there"], connections.settings["there"]


def rows_of(alias: str) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table as Python sees it."""
    by_table = {model._meta.db_table: model for model in apps.get_models(include_auto_created=True)}
    tables = set(connections[alias].introspection.table_names()) - {"django_migrations"} - SHADOWS
    return {
        table: [
            {name: bytes(value) if isinstance(value, memoryview) else value for name, value in row.items()}
            for row in by_table[table]._base_manager.using(alias).order_by("pk").values()
        ]
        for table in sorted(tables)
    }


@embedded
def test_every_row_of_every_table_is_moved_and_runs_go_on_there(target: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(moving, "BATCH", 7)  # so that batches end in the middle of tables
    copy, locked = moving._copy, []

    def note(model: Any) -> int:
        locked.append(connection.in_atomic_block and connection._write_lock is not None)  # type: ignore[attr-defined]
        return copy(model)

    monkeypatch.setattr(moving, "_copy", note)
    run = fill()
    before = rows_of("default")
    empty = {table for table, rows in before.items() if not rows}
    assert Payload.objects.exists()
    assert empty <= {
        "portal_signinfailure", "auth_group_permissions", "orchestration_workerprocess", "orchestration_enginemark"
    }, "the comparison would say nothing of these"  # fmt: skip

    call_command("move_to_postgres", target, verbosity=0)

    assert all(locked), "nobody else may write while rows are copied"
    assert rows_of("default") == before, "the source stays as it was"
    with there(target) as alias:
        after = rows_of(alias)
        assert after.keys() == before.keys()
        for table, rows in before.items():
            assert after[table] == rows, table
            assert [[type(value) for value in row.values()] for row in after[table]] == [
                [type(value) for value in row.values()] for row in rows
            ], table
        behind = Group.objects.using(alias).create(name="behind the others")
        assert behind.pk > max(row["id"] for row in before["auth_group"]), "the sequences go on"
    assert _settle(run.pk, target) == "succeeded"


def _settle(run_id: uuid.UUID, url: str) -> str:
    """Drive the engine on that database in a process of its own; the run's result."""
    program = (
        "import sys, django; django.setup()\n"
        "from orchestration.engine import publish, wake\n"
        "publish.send = wake.send = len\n"
        "from orchestration.models import Run\n"
        "from tests.engine.harness import settle_down\n"
        "from django.db import IntegrityError\n"
        "from governance.models import AuditEntry\n"
        "from governance.selectors.search import Reader, search\n"
        "from governance.services.auditing import verify\n"
        "assert verify().ok and verify().entries, 'the audit chain is whole there'\n"
        "assert search('order-ful', reader=Reader()).hits[0].key == 'order-fulfilment', 'search goes on there'\n"
        "try:\n"
        "    AuditEntry.objects.update(reason='x')\n"
        "    raise AssertionError('the triggers are not there')\n"
        "except IntegrityError:\n"
        "    pass\n"
        "print(settle_down(Run.objects.get(pk=sys.argv[1])).result)\n"
    )
    environment = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    command = [sys.executable, "-c", program, str(run_id)]
    done = subprocess.run(command, env=environment, cwd=ROOT, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()[-1]


@embedded
def test_what_postgresql_can_not_hold_is_named_and_nothing_is_written(target: str):
    Team.objects.create(name="before", description="fine")
    bad = Team.objects.create(name="bad", description="a\x00b")

    with pytest.raises(CommandError, match=rf"orchestration_team {bad.pk}: description .*U\+0000"):
        call_command("move_to_postgres", target, verbosity=0)

    assert _teams(target) == []
    bad.history.all().delete()
    Team._base_manager.filter(pk=bad.pk).update(name="y" * 64, description="")  # SQLite takes what is too long
    with pytest.raises(CommandError, match=r"no row was written: .*too long"):
        call_command("move_to_postgres", target, verbosity=0)
    assert _teams(target) == []

    Team._base_manager.filter(pk=bad.pk).update(name="good")
    call_command("move_to_postgres", target, verbosity=0)
    assert _teams(target) == ["before", "good"]


def _teams(url: str) -> list[str]:
    with psycopg.connect(url) as link:
        return [name for (name,) in link.execute("SELECT name FROM orchestration_team ORDER BY name")]


@embedded
def test_a_target_with_rows_a_living_worker_and_a_bad_address_are_refused(target: str):
    Team.objects.create(name="late")
    call_command("move_to_postgres", target, verbosity=0)
    with pytest.raises(CommandError, match="is not empty"):
        call_command("move_to_postgres", target, verbosity=0)
    for url, words in (
        ("sqlite:///elsewhere", "not of a PostgreSQL"),
        ("mysql://host/name", "scheme 'mysql'"),
        ("postgresql://nobody@127.0.0.1:1/none", "can't be reached"),
    ):
        with pytest.raises(CommandError, match=words):
            call_command("move_to_postgres", url, verbosity=0)
    moment = clock.now()
    WorkerProcess.objects.create(id="w", hostname="h", pid=1, queue="steps", started_at=moment, seen_at=moment)
    with pytest.raises(CommandError, match="stop the portal"):
        call_command("move_to_postgres", target, verbosity=0)


def test_every_model_comes_after_those_that_it_refers_to():
    order = moving.models_in_order()
    place = {model: index for index, model in enumerate(order)}

    known = set(connection.introspection.table_names()) - {"django_migrations"} - SHADOWS
    assert {model._meta.db_table for model in order} == known
    for model in order:
        for other in moving._referred(model):
            assert other is model or place[other] < place[model]


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="there it is no SQLite")
def test_a_database_that_is_postgresql_already_is_not_moved():
    with transaction.atomic(), pytest.raises(CommandError, match="no SQLite"):
        call_command("move_to_postgres", "postgresql://h/n", verbosity=0)
