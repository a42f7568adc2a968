"""One object of every kind that has a history, made as plainly as its table allows, and an edit that each can take."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from governance.models import (
    ActionItem,
    BrokenGlass,
    Change,
    Contract,
    ContractVersion,
    Delegation,
    DependencyReview,
    Exercise,
    GatePolicy,
    Postmortem,
    RegistryRule,
    Runbook,
    ScoreWaiver,
    UpkeepItem,
    Waiver,
)
from orchestration.models import (
    Dependency,
    Flag,
    Membership,
    Objective,
    RetryPolicy,
    Schedule,
    Silence,
    Team,
    Trigger,
    Workflow,
    WorkflowVersion,
)
from portal.models import NotificationChoice, SavedView, Token, User

WHEN = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = datetime(2026, 4, 2, 8, 30, tzinfo=UTC)
#: What is changed of each, and the words of its page that say so.
EDITS: dict[str, tuple[str, Any, str]] = {
    "workflow": ("description", "Ships what was paid.", "none → Ships what was paid."),
    "workflow-version": ("state", "deprecated", "active → deprecated"),
    "contract": ("policy", "strict", "tolerant → strict"),
    "contract-version": ("sunset_at", LATER, "none → 2 Apr 2026, 08:30"),
    "dependency": ("document", {"spec": {"retry": "patient"}}, "retry: patient"),
    "retry-policy": ("document", {"spec": {"max_attempts": 5}}, "max_attempts: 5"),
    "schedule": (
        "document",
        {"spec": {"cron": "@hourly", "timezone": "Asia/Tokyo", "workflow": "ship@^1"}},
        "timezone: Asia/Tokyo",
    ),
    "trigger": (
        "document",
        {"spec": {"event": "order.paid", "when": "event.data", "workflow": "ship@^1"}},
        "when: event.data",
    ),
    "flag": ("switched", "off", "none → off"),
    "gate-policy": ("document", {"spec": {"review": "always"}}, "review: always"),
    "registry-rule": ("level", "FULL", "none → FULL"),
    "objective": ("window_days", 7, "28 days → 7 days"),
    "silence": ("ends_at", LATER, "1 Mar 2026, 12:00 → 2 Apr 2026, 08:30"),
    "team": ("description", "They ship.", "none → They ship."),
    "membership": ("role", "operator", "viewer → operator"),
    "user": ("is_active", False, "yes → no"),
    "token": ("revoked_at", LATER, "none → 2 Apr 2026, 08:30"),
    "notifications": ("hour", 17, "8 → 17"),
    "saved-view": ("name", "Ours, failed", "Ours → Ours, failed"),
    "change": ("state", "approved", "open → approved"),
    "broken-glass": ("state", "lapsed", "asked → lapsed"),
    "waiver": ("expires_at", LATER, "1 Mar 2026, 12:00 → 2 Apr 2026, 08:30"),
    "delegation": ("ends_at", LATER, "1 Mar 2026, 12:00 → 2 Apr 2026, 08:30"),
    "dependency-review": ("findings", "All is well now.", "Fine. → All is well now."),
    "score-waiver": ("reason", "Another reason.", "because → Another reason."),
    "upkeep": ("state", "done", "open → done"),
    "action": ("due", date(2026, 5, 6), "1 Mar 2026 → 6 May 2026"),
    "exercise": ("state", "completed", "running → completed"),
}


def make(slug: str, team: Team, user: User) -> Any:
    """One of that kind; of the user where it is somebody's."""
    person = {"person": user, "reason": "because"}
    made: dict[str, Any] = {
        "workflow": lambda: Workflow.objects.create(name="ship", owner=team),
        "workflow-version": lambda: WorkflowVersion.objects.create(
            workflow=make("workflow", team, user), version="1.0.0", precedence="1", canonical={}, text="", reason="x",
            content_hash="0",
        ),
        "contract": lambda: Contract.objects.create(name="order.placed", owner=team),
        "contract-version": lambda: ContractVersion.objects.create(
            contract=make("contract", team, user), version="1.0.0", precedence="1", schema={}, canonical={},
            content_hash="0", reason="x",
        ),
        "dependency": lambda: Dependency.objects.create(name="payments", owner=team, content_hash="0"),
        "retry-policy": lambda: RetryPolicy.objects.create(name="patient", owner=team, content_hash="0"),
        "schedule": lambda: Schedule.objects.create(
            name="nightly", owner=team, workflow="ship", content_hash="0", document={"spec": {"cron": "@hourly", "workflow": "ship@^1"}},
        ),
        "trigger": lambda: Trigger.objects.create(
            name="on-order", owner=team, workflow="ship", event="order.paid", content_hash="0",
            document={"spec": {"event": "order.paid", "workflow": "ship@^1"}},
        ),
        "flag": lambda: Flag.objects.create(name="related-items", owner=team, content_hash="0"),
        "gate-policy": lambda: GatePolicy.objects.create(name="strict-gate", content_hash="0"),
        "registry-rule": lambda: RegistryRule.objects.create(scope="orders"),
        "objective": lambda: Objective.objects.create(
            name="ship.success", owner=team, workflow="ship", indicator="success", target="0.995", since=WHEN
        ),
        "silence": lambda: Silence.objects.create(
            objective=make("objective", team, user), starts_at=WHEN, ends_at=WHEN, **person
        ),
        "team": lambda: Team.objects.create(name="shipping"),
        "membership": lambda: Membership.objects.create(team=team, user=user, role="viewer"),
        "user": lambda: User.objects.create(username="somebody"),
        "token": lambda: Token.objects.create(
            user=user, name="nightly", hash="sum-of-the-token", hint="plb_hint", expires_at=WHEN
        ),
        "notifications": lambda: NotificationChoice.objects.create(user=user, changed_at=WHEN),
        "saved-view": lambda: SavedView.objects.create(page="runs", name="Ours", owner=user, team=team),
        "change": lambda: Change.objects.create(
            kind="contract.publish", name="order.placed", number="2.0.0", owner=team, author=user, reason="because",
            verdict="breaking", report={}, content_hash="0", opened_at=WHEN, expires_at=WHEN,
        ),
        "broken-glass": lambda: BrokenGlass.objects.create(
            change=make("change", team, user), first=user, reason="because", content_hash="0", asked_at=WHEN,
            expires_at=WHEN,
        ),
        "waiver": lambda: Waiver.objects.create(
            contract=make("contract", team, user), team=team, fingerprint="f", text="x", given_at=WHEN, expires_at=WHEN,
            change=make("change", team, user), **person,
        ),
        "delegation": lambda: Delegation.objects.create(
            team=team, giver=user, taker=User.objects.create(username="taker"), reason="because", starts_at=WHEN,
            ends_at=WHEN,
        ),
        "dependency-review": lambda: DependencyReview.objects.create(
            dependency=make("dependency", team, user), area="security", person=user, findings="Fine.", signed_at=WHEN
        ),
        "score-waiver": lambda: ScoreWaiver.objects.create(
            workflow=make("workflow", team, user), check_key="runbook", given_at=WHEN, expires_at=WHEN, **person
        ),
        "upkeep": lambda: UpkeepItem.objects.create(team=team, text="Split it", made_at=WHEN),
        "action": lambda: ActionItem.objects.create(
            postmortem=Postmortem.objects.create(number=1, title="T", owner=team, body="", began_at=WHEN), text="Do it",
            owner=team, due=WHEN.date(), since=WHEN,
        ),
        "exercise": lambda: Exercise.objects.create(
            runbook=Runbook.objects.create(slug="stuck", title="T", owner=team, body=""), runbook_revision=1, steps=[],
            started_at=WHEN,
        ),
    }  # fmt: skip
    return made[slug]()
