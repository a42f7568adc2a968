"""Every URL and endpoint, for every role, against the table of 1-architecture.md."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from governance.gate.glass import ask_to_break
from governance.models import (
    ActionItem,
    BulkChange,
    Change,
    Contract,
    Decision,
    Delegation,
    Pattern,
    Postmortem,
    Runbook,
    ScoreWaiver,
    TimelineMark,
    UpkeepItem,
    Waiver,
    WebhookDelivery,
)
from governance.services.bulk import Line
from governance.services.exercises import start_exercise
from orchestration.engine import publish as messages
from orchestration.engine.event_store import NewEvent
from orchestration.engine.event_store import store as store_event
from orchestration.models import (
    Alert,
    Approval,
    BulkRetry,
    BulkRetryItem,
    Dependency,
    Membership,
    Objective,
    Role,
    Run,
    Silence,
    StepRun,
    Team,
    Workflow,
    WorkflowVersion,
)
from orchestration.selectors.flags import revision_of
from orchestration.services.breakers import force
from orchestration.services.manifests import Document, Signature, apply
from orchestration.services.pauses import pause_run, pause_workflow
from orchestration.services.schedules import Range, pause, start_backfill
from portal.models import SavedView, Token, User
from portal.models.token import digest
from portal.permissions import ADMIN_VERBS, ROLE_VERBS, Verb
from portal.services.images import store
from tests.engine.flagging import declare
from tests.engine.harness import begin, publish, pump, write
from tests.engine.scheduling import schedule, trigger
from tests.governance.gatehouse import manifest
from tests.people import ROLES, person, token_for
from tests.portal.access_table import (
    ALLOWED,
    API,
    MAINTAIN_OR_REVIEW,
    OF_ANY_TEAM,
    OPERATOR_OF_ANY,
    OWN,
    PAGES,
    PUBLIC,
    SIGNED_IN,
    Entry,
    Picture,
)

pytestmark = pytest.mark.django_db
PREFIX = "api/v1/"


def routes() -> Iterator[str]:
    """Every route of the URL configuration but the catch-all of unknown API paths, and the registry's, whose callers are others:
    tests/registry/test_access.py has them."""

    def walk(patterns: list[URLPattern | URLResolver], before: str) -> Iterator[str]:
        for pattern in patterns:
            route = before + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, route)
            elif not route.endswith("^.*$") and not route.startswith("registry/"):
                yield route

    yield from walk(get_resolver().url_patterns, "")


def test_the_table_has_every_route_and_none_that_is_gone():
    listed = {PREFIX + entry.route for entry in API} | {entry.route for entry in PAGES}
    assert listed == set(routes())


def test_the_products_table_is_the_designs():
    for role in Role.values:
        assert set(ROLE_VERBS[role]) == ALLOWED[role]
    assert set(ADMIN_VERBS) == ALLOWED["admin"]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """One of everything that a URL can name, owned by team checkout."""
    monkeypatch.setattr(messages, "send", len)
    monkeypatch.setattr(messages, "_ask", lambda *_: None)
    team = Team.objects.create(name="checkout")
    version = publish({"a": {"python": "test.fail"}})
    waiting = publish({"a": {"wait": {"for": "1h"}}}, name="slow")
    failed, still_open = begin(version), begin(waiting)
    asking = begin(publish({"review": {"approval": {"team": "checkout"}}}, name="asking"))
    pump()
    Dependency.objects.create(
        name="payments",
        owner=team,
        document={"spec": {"base_url": "http://x.example", "review": {"every": "90d"}}},
        content_hash="x",
    )
    victim = User.objects.create(username="somebody")
    other_admin = User.objects.create(username="second-admin", is_superuser=True)
    assert other_admin.pk
    decision = Decision.objects.create(
        number=1, slug="one", title="One", date=date(2026, 1, 2), owner=team, body="text"
    )
    Decision.objects.create(number=2, slug="two", title="Two", date=date(2026, 1, 2), owner=team, body="text")
    runbook = Runbook.objects.create(slug="stuck", title="Stuck", owner=team, body="text")
    postmortem = Postmortem.objects.create(
        number=1, title="One", owner=team, body="text", began_at=datetime(2026, 1, 2, 10, tzinfo=UTC)
    )
    for document in (decision, runbook, postmortem):  # a second revision, so that there is one to restore
        document.body, document.revision = "newer", 2
        document.save()
    walked = Runbook.objects.create(
        slug="walked", title="W", owner=team, body="1. x\n   **Action** retry-failed-runs workflow=demo\n"
    )
    exercise, _ = start_exercise(runbook=walked, actor=victim)
    gate = gate_world(team)
    token = Token.objects.create(
        user=victim,
        name="t",
        hash=digest("victim"),
        hint="plb",
        verbs=[],
        expires_at=timezone.now() + timedelta(days=1),
    )
    delivery = WebhookDelivery.objects.create(
        event_id="msg_1", type="change.proposed", team=team, url="https://hooks.example", payload="{}",
        created_at=timezone.now(), failed_at=timezone.now(), last_error="answered 500",
    )  # fmt: skip
    return {
        "image": store(content=Picture().read(), user=victim).pk,
        "webhook-delivery": str(delivery.pk),
        "saved-view": str(SavedView.objects.create(page="runs", name="Ours", owner=victim, team=team).pk),
        "flag-revision": revision_of(declare(owner="checkout")),
        "approval": str(Approval.objects.get(run=asking).pk),
        "event": str(store_event(NewEvent("/shop", "0", "order.paid"))[0].pk),
        "team": team, "failed": str(failed.pk), "open": str(still_open.pk), "victim": str(victim.pk),
        "membership": str(Membership.objects.create(user=victim, team=team, role="viewer").pk),
        "victim-token": str(token.pk), "decision-history": decision.history.earliest().history_id,
        **gate,
        **alert_world(team),
        **schedule_world(),
        **control_world(team, waiting, victim),
        "exercise": str(exercise.pk),
        **postmortem_world(postmortem),
        "runbook-history": runbook.history.earliest().history_id,
    }  # fmt: skip


def control_world(team: Team, waiting: WorkflowVersion, person: User) -> dict[str, Any]:
    """A run and a workflow that are paused, a dependency that is, a run undone by halves, and a bulk retry."""
    paused = begin(waiting)
    pause_run(run_id=paused.pk, actor=None, reason="a test")
    halves = begin(publish({"a": write("a"), "b": {"python": "test.fail", "needs": ["a"]}}, name="halves"))
    pump()
    Run.objects.filter(pk=halves.pk).update(status="finished", result="failed", ending="failed", compensation="failed")
    StepRun.objects.filter(run=halves, name="a").update(compensation="failed", effect="happened")
    publish({"a": {"value": 1}}, name="halted")
    pause_workflow(name="halted", actor=None, reason="a test")
    Dependency.objects.create(
        name="held", owner=team, document={"spec": {"base_url": "http://x.example"}}, content_hash="x"
    )
    force(name="held", state="forced_open", reason="x", expires_at=timezone.now() + timedelta(days=1), actor=None)
    job = BulkRetry.objects.create(
        key="k0", filter={"result": "failed"}, total=1, actor=person, reason="x", created_at=timezone.now()
    )
    BulkRetryItem.objects.create(bulk=job, run_id=halves.pk, workflow="halves")
    queued = begin(waiting)
    Run.objects.filter(pk=queued.pk).update(status="queued", queued_for="share")
    return {
        "paused-run": str(paused.pk), "queued": str(queued.pk), "halves": str(halves.pk), "bulk-retry": str(job.pk),
    }  # fmt: skip


def postmortem_world(postmortem: Postmortem) -> dict[str, Any]:
    """A line and an action of the postmortem."""
    TimelineMark.objects.create(postmortem=postmortem, key="own:1", at=postmortem.began_at, text="x")
    item = ActionItem.objects.create(
        postmortem=postmortem, text="Do it", owner=postmortem.owner, due=date(2099, 1, 2), since=timezone.now()
    )
    workflow = Workflow.objects.get(name="demo")
    waiver = ScoreWaiver.objects.create(
        workflow=workflow, check_key="runbook", person=person("approver", postmortem.owner), reason="x",
        given_at=timezone.now(), expires_at=timezone.now() + timedelta(days=1),
    )  # fmt: skip
    upkeep = UpkeepItem.objects.create(team=postmortem.owner, text="x", made_at=timezone.now())
    pattern = Pattern.objects.create(slug="outbox", title="T", owner=postmortem.owner, body="text")
    pattern.body, pattern.revision = "newer", 2
    pattern.save()
    bulk = BulkChange.objects.create(
        key=uuid.uuid4(), kind="pattern", field="status", value="draft", reason="x", person=waiver.person, asked_at=timezone.now(),
        lines=[asdict(Line("outbox", 2))],
    )  # fmt: skip
    return {
        "bulk": str(bulk.pk), "score-waiver": str(waiver.pk), "upkeep": str(upkeep.pk),
        "pattern-history": pattern.history.earliest().history_id, **_action_world(item, postmortem),
    }  # fmt: skip


def _action_world(item: ActionItem, postmortem: Postmortem) -> dict[str, Any]:
    return {"action": str(item.pk), "postmortem-history": postmortem.history.earliest().history_id}


def schedule_world() -> dict[str, Any]:
    """Schedules and triggers, some of them paused, and a backfill that runs."""
    for paused in (schedule("paused"), trigger("paused-too")):
        pause(thing=paused, actor=None, reason="x")
    trigger()
    asked = Range(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC))
    backfill = start_backfill(schedule=schedule(), asked=asked, actor=None, reason="x")
    return {"backfill": str(backfill.pk)}


def alert_world(team: Team) -> dict[str, Any]:
    """An objective that burns, its alert, and a silence."""
    now = timezone.now()
    objective = Objective.objects.create(
        name="demo.success",
        owner=team,
        workflow="demo",
        indicator="success",
        target=Decimal("0.99"),
        page=False,
        runbook="stuck",
        since=now,
    )
    objective.description = "newer"  # a second revision, so that there is one to restore
    objective.save()
    alert = Alert.objects.create(
        kind="burn", severity="ticket", subject="demo.success", team=team, escalation=team, objective=objective, opened_at=now,
    )  # fmt: skip
    silence = Silence.objects.create(objective=objective, reason="x", starts_at=now, ends_at=now + timedelta(days=1))
    tomorrow = (now + timedelta(days=1)).isoformat()
    revisions = {
        "objective-first": objective.history.earliest().history_id,
        "objective-seen": objective.history.latest().history_id,
    }
    return {"alert": str(alert.pk), "silence": str(silence.pk), "tomorrow-moment": tomorrow, **revisions}


def gate_world(team: Team) -> dict[str, Any]:
    """Changes that wait, one that is approved, one whose glass somebody asks to break, and versions that can end."""
    author = person("maintainer", team)
    contracts = (("other.thing", "1.0.0", {}), ("other.thing", "1.1.0", {"title": "x"}))
    for name in ("order.placed", "order.paid", "order.shipped"):
        contracts += ((name, "1.0.0", True), (name, "2.0.0", False))
    for name, number, schema in contracts:
        metadata = {"name": name, "version": number, "owner": "checkout"}
        text = manifest("Contract", metadata, {"schema": schema})
        apply([Document(text, "c.yaml")], Signature(author, "for the walk"))
    metadata = {"name": "shop-api", "version": "1.0.0", "owner": "checkout"}
    text = manifest("Contract", metadata, {"format": "openapi", "schema": {"openapi": "3.1.0", "paths": {}}})
    apply([Document(text, "api.yaml")], Signature(author, "for the walk"))
    for number in ("1.0.0", "1.1.0"):
        publish({"a": {"value": 1}}, name="ended", version=number)
    for row in Change.objects.all():  # whoever comes later may review it too
        row.opened_at = timezone.now() + timedelta(hours=1)
        row.state = "approved" if row.name == "order.paid" else row.state
        row.save()
    change, approved, smashed = (Change.objects.get(name=f"order.{name}") for name in ("placed", "paid", "shipped"))
    tomorrow = timezone.now() + timedelta(days=1)
    ask_to_break(change=smashed, person=author, reason="x", expires_at=tomorrow, seen=smashed.content_hash)
    waiver = Waiver.objects.create(
        contract=Contract.objects.get(name="order.placed"), team=team, fingerprint="0" * 16, text="x", change=change,
        person=author, reason="x", given_at=timezone.now(), expires_at=tomorrow,
    )  # fmt: skip
    return {
        "change": str(change.pk), "change-hash": change.content_hash, "approved": str(approved.pk),
        "smashed": str(smashed.pk), "smashed-hash": smashed.content_hash, "waiver": str(waiver.pk),
        "change-finding": change.report["findings"][0]["fingerprint"], "tomorrow": tomorrow.date().isoformat(), "in a day": tomorrow.isoformat(),
    }  # fmt: skip


def filled(entry: Entry, world: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The path and body with the world's ids."""
    values = iter(str(world.get(arg, arg)) for arg in entry.args)
    path = re.sub(r"<[^>]+>", lambda _: next(values), entry.route)
    return path + entry.query, {
        key: world.get(value, value) if isinstance(value, str) else value for key, value in entry.body.items()
    }


def expected(entry: Entry, role: str) -> str:
    if entry.rule == PUBLIC:
        return "allowed"
    if role == "anonymous":
        return "sign in"
    if entry.rule in {SIGNED_IN, OWN}:
        return "allowed"
    if entry.rule == OF_ANY_TEAM:
        return "allowed" if Verb.MAINTAIN in ALLOWED[role] or role == "stranger" else "denied"
    if entry.rule == OPERATOR_OF_ANY:
        return "allowed" if Verb.OPERATE in ALLOWED[role] or role == "stranger" else "denied"
    if entry.rule == MAINTAIN_OR_REVIEW:
        return "allowed" if ALLOWED[role] & {Verb.MAINTAIN, Verb.REVIEW} else "denied"
    assert isinstance(entry.rule, Verb)
    return "allowed" if entry.rule in ALLOWED[role] else "denied"


def found(answer: HttpResponse) -> str:
    if answer.status_code == 403:
        return "denied"
    if answer.status_code == 401 or (
        answer.status_code == 302 and "/sign-in/" in answer["Location"] and "next=" in answer["Location"]
    ):
        return "sign in"
    return "allowed" if answer.status_code < 400 else f"{answer.status_code}: {answer.content[:200]!r}"


@pytest.mark.parametrize("role", ROLES)
def test_every_page_answers_each_role_as_the_table_says(role: str, world: dict[str, Any]):
    client, user = reader(role, world)
    wrong = []
    for entry in PAGES:
        with transaction.atomic():
            path, body = filled(entry, world)
            answer = client.generic(entry.method, f"/{path}", **form(entry.method, body))
            # A form that does not offer the team refuses it as a value (422): nothing is written either way.
            refused = answer.status_code == 422 and expected(entry, role) == "denied"
            if found(answer) != expected(entry, role) and not refused:
                wrong.append(f"{entry.method} /{path}: {found(answer)}, should be {expected(entry, role)}")
            transaction.set_rollback(True)
        if user is not None and entry.route == "sign-out/":
            client.force_login(user)
    assert not wrong, "\n" + "\n".join(wrong)


@pytest.mark.parametrize("role", ROLES)
def test_every_endpoint_answers_each_role_as_the_table_says(role: str, world: dict[str, Any]):
    client, _ = reader(role, world)
    wrong = []
    for entry in API:
        with transaction.atomic():
            path, body = filled(entry, world)
            text = json.dumps(body) if entry.method != "GET" else ""
            answer = client.generic(entry.method, f"/{PREFIX}{path}", text, entry.content_type)
            if found(answer) != expected(entry, role):
                wrong.append(f"{entry.method} /{PREFIX}{path}: {found(answer)}, should be {expected(entry, role)}")
            transaction.set_rollback(True)
    assert not wrong, "\n" + "\n".join(wrong)


def test_another_persons_token_can_not_be_revoked(world: dict[str, Any]):
    user = person("maintainer", world["team"])
    client = Client()
    client.force_login(user)
    assert client.post(f"/account/tokens/{world['victim-token']}/revoke/", {"reason": "x"}).status_code in {403, 404}
    headers = {"Authorization": f"Bearer {token_for(user)}"}
    assert client.delete(f"/api/v1/tokens/{world['victim-token']}", headers=headers).status_code in {403, 404}
    assert Token.objects.get(pk=world["victim-token"]).revoked_at is None


def test_a_deactivated_person_is_out_at_once(world: dict[str, Any]):
    user = person("maintainer", world["team"])
    client = Client()
    client.force_login(user)
    headers = {"Authorization": f"Bearer {token_for(user)}"}
    user.is_active = False
    user.save()
    assert "/sign-in/" in client.get("/").headers.get("Location", "")
    assert Client().get("/api/v1/runs", headers=headers).status_code == 401


def test_a_token_does_what_its_verbs_say_and_no_more(world: dict[str, Any]):
    """The same endpoints through a token that carries one verb of a maintainer's, or none."""
    user = person("maintainer", world["team"])
    for verbs in ([], [Verb.OPERATE], [Verb.MAINTAIN]):
        headers = {"Authorization": f"Bearer {token_for(user, verbs=list(verbs))}"}
        for entry in API:
            if not isinstance(entry.rule, Verb):
                continue
            with transaction.atomic():
                path, body = filled(entry, world)
                answer = Client().generic(
                    entry.method, f"/{PREFIX}{path}", json.dumps(body), "application/json", headers=headers
                )
                wanted = {entry.rule, *entry.also}
                assert found(answer) == ("allowed" if wanted <= set(verbs) else "denied"), (verbs, entry.route)
                transaction.set_rollback(True)


def test_a_token_never_makes_another_token(world: dict[str, Any]):
    headers = {"Authorization": f"Bearer {token_for(person('maintainer', world['team']))}"}
    body = json.dumps({"name": "t", "verbs": [], "expires_in_days": 1})
    assert Client().post("/api/v1/tokens", body, "application/json", headers=headers).status_code == 403


def reader(role: str, world: dict[str, Any]) -> tuple[Client, User | None]:
    """A browser signed in with the role, and who it is; the world then names a token of theirs."""
    client = Client()
    world["own-token"] = world["own-delegation"] = "1"
    if role == "anonymous":
        return client, None
    user = person(role, world["team"])
    client.force_login(user)
    world["own-token"] = str(own_token(user).pk)
    given = Delegation.objects.create(
        team=world["team"], giver=user, taker=person("admin"), reason="x", starts_at=timezone.now(),
        ends_at=timezone.now() + timedelta(days=1),
    )  # fmt: skip
    world["own-delegation"] = str(given.pk)
    return client, user


def own_token(user: User) -> Token:
    token_for(user)
    return Token.objects.filter(user=user).latest("id")


def form(method: str, body: dict[str, Any]) -> dict[str, Any]:
    if method == "GET":
        return {}
    if any(isinstance(value, Picture) for value in body.values()):
        return {"data": encode_multipart(BOUNDARY, body), "content_type": MULTIPART_CONTENT}
    from urllib.parse import urlencode

    return {"data": urlencode(body), "content_type": "application/x-www-form-urlencoded"}
