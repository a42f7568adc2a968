"""Every kind of governed object that has a history, in one table. A test holds that no governed model is left out.

Owns which fields matter and why some kinds are never restored. Never reads a row.
"""

from __future__ import annotations

from django.urls import reverse

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
    RegistryRule,
    ScoreWaiver,
    UpkeepItem,
    Waiver,
)
from orchestration.errors import NotFound
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
from orchestration.services.world import suggestion
from portal.history import restorers
from portal.history.kinds import Kind, admins, of_person, of_person_alone, of_team
from portal.models import NotificationChoice, SavedView, Token, User

_WORKFLOWS, _CONTRACTS, _CHANGES = ("Workflows", "workflows"), ("Contracts", "contracts"), ("Changes", "changes")
_TEAMS, _USERS, _ACCOUNT = ("Ownership", "ownership"), ("Users", "admin-users"), ("Account", "account")
_VERSION = ("state", "deprecated_at", "sunset_at", "successor", "retired_at", "reason", "published_by", "source")
_NEVER_CHANGES = "A published version never changes; its state moves on by publishing, deprecating and retiring."
_BY_VERSION = "It follows the manifest of its newest version: publish a version that says what you want."
_KEPT = "It is kept as it was given. It ends by its date or by hand; then give another."

KINDS: dict[str, Kind] = {
    kind.slug: kind
    for kind in (
        Kind(
            "workflow", Workflow, ("owner", "description"), lambda row: reverse("workflow", args=[row.name]),
            _WORKFLOWS, key="name", fixed=_BY_VERSION,
        ),
        Kind(
            "workflow-version", WorkflowVersion, _VERSION,
            lambda row: reverse("workflow-manifest", args=[row.workflow.name, row.version]), _WORKFLOWS,
            fixed=_NEVER_CHANGES,
        ),
        Kind(
            "contract", Contract, ("owner", "description", "format", "policy"),
            lambda row: reverse("contract", args=[row.name]), _CONTRACTS, key="name", fixed=_BY_VERSION,
        ),
        Kind(
            "contract-version", ContractVersion, (*_VERSION, "warned_at"),
            lambda row: reverse("contract", args=[row.contract.name]), _CONTRACTS, fixed=_NEVER_CHANGES,
        ),
        Kind(
            "dependency", Dependency, ("document", "source"), lambda row: reverse("dependency", args=[row.name]),
            ("Dependencies", "dependencies"), key="name", restorer=restorers.OwnedManifest(), aside=("source",),
        ),
        Kind(
            "schedule", Schedule, ("document", "source", "paused", "paused_reason"),
            lambda row: reverse("schedule", args=[row.name]), ("Schedules and triggers", "schedules"), key="name",
            restorer=restorers.OwnedManifest(), aside=("source", "paused", "paused_reason"),
        ),
        Kind(
            "trigger", Trigger, ("document", "source", "paused", "paused_reason"),
            lambda row: reverse("trigger", args=[row.name]), ("Schedules and triggers", "schedules"), key="name",
            restorer=restorers.OwnedManifest(), aside=("source", "paused", "paused_reason"),
        ),
        Kind(
            "retry-policy", RetryPolicy, ("document", "source"), lambda row: reverse("dependencies"),
            ("Dependencies", "dependencies"), key="name", restorer=restorers.OwnedManifest(), aside=("source",),
        ),
        Kind(
            "flag", Flag, ("switched", "document", "source"), lambda row: reverse("flag", args=[row.name]),
            ("Flags", "flags"), key="name", restorer=restorers.OwnedManifest(), aside=("switched", "source"),
        ),
        Kind(
            "gate-policy", GatePolicy, ("document", "source"), lambda row: reverse("gate-policies"), _CHANGES,
            key="name", restorer=restorers.AdminManifest(), aside=("source",),
        ),
        Kind(
            "registry-rule", RegistryRule, ("level", "mode", "settings"), lambda row: reverse("contracts"), _CONTRACTS,
            fixed="Clients set them, over the registry's API; set it anew.",
        ),
        Kind(
            "objective", Objective,
            (
                "name", "owner", "description", "workflow", "step", "dependency", "indicator", "threshold", "target",
                "window_days", "degraded_is_bad", "page", "page_failures", "page_within", "ticket", "ticket_failures",
                "ticket_within", "runbook", "source", "since", "recounted_at", "retired_at",
            ),
            lambda row: reverse("objective", args=[row.name]), ("Objectives", "objectives"), key="name",
            restorer=restorers.ObjectiveRestorer(), aside=("source", "since", "recounted_at", "retired_at"),
        ),
        Kind(
            "silence", Silence, ("objective", "severity", "reason", "person", "starts_at", "ends_at"),
            lambda row: reverse("objective", args=[row.objective.name]), ("Objectives", "objectives"), fixed=_KEPT,
        ),
        Kind(
            "team", Team, ("description", "document"), lambda row: reverse("ownership-of", args=[row.name]), _TEAMS,
            key="name", read=of_team("id"), restorer=restorers.TeamRestorer(),
        ),
        Kind(
            "membership", Membership, ("team", "user", "role"), lambda row: reverse("ownership-of", args=[row.team.name]),
            _TEAMS, read=of_person("user_id"), fixed="Roles are given and taken away on the team’s page.",
        ),
        Kind(
            "user", User, ("username", "first_name", "email", "time_zone", "is_active", "is_superuser"),
            lambda row: reverse("admin-user", args=[row.pk]), _USERS, key="username",
            read=admins, fixed="Name and address are edited on the account’s page; a password is never kept, so none comes back.",
        ),
        Kind(
            "token", Token, ("name", "user", "team", "verbs", "expires_at", "revoked_at"),
            lambda row: reverse("account"), _ACCOUNT, read=of_person("user_id"),
            fixed="A token is never changed but by being revoked; make another.",
        ),
        Kind(
            "notifications", NotificationChoice, ("hidden", "unmailed", "digest", "weekday", "hour"),
            lambda row: reverse("preferences"), _ACCOUNT, read=of_person_alone("user_id"),
            fixed="Choose anew on the page of notifications.",
        ),
        Kind(
            "saved-view", SavedView, ("name", "page", "query", "owner", "team"),
            lambda row: f"{reverse(row.page)}?{row.query}", _ACCOUNT,
            read=of_person_alone("owner_id", shared="team_id"), restorer=restorers.ViewRestorer(),
        ),
        Kind(
            "change", Change,
            ("state", "author", "reason", "verdict", "proposal", "rollout", "apply_at", "expires_at", "decided_at"),
            lambda row: reverse("change", args=[row.pk]), _CHANGES,
            fixed="What was decided stays decided; propose it again.",
        ),
        Kind(
            "broken-glass", BrokenGlass,
            ("state", "first", "reason", "second", "second_reason", "broken_at", "expires_at", "follow_up"),
            lambda row: reverse("change", args=[row.change_id]), _CHANGES, fixed="It is a record of what two people did.",
        ),
        Kind(
            "waiver", Waiver, ("contract", "team", "text", "person", "reason", "given_at", "expires_at"),
            lambda row: reverse("change", args=[row.change_id]), _CHANGES, fixed=_KEPT,
        ),
        Kind(
            "delegation", Delegation, ("team", "giver", "taker", "reason", "starts_at", "ends_at"),
            lambda row: reverse("account"), _ACCOUNT, fixed=_KEPT,
        ),
        Kind(
            "dependency-review", DependencyReview, ("dependency", "area", "person", "findings", "signed_at"),
            lambda row: reverse("dependency", args=[row.dependency.name]), ("Dependencies", "dependencies"),
            fixed="A sign-off is what one person found on one day; sign off again.",
        ),
        Kind(
            "score-waiver", ScoreWaiver, ("workflow", "check_key", "person", "reason", "given_at", "expires_at"),
            lambda row: reverse("workflow-scorecard", args=[row.workflow.name]), ("Scorecards", "scorecards"),
            fixed=_KEPT,
        ),
        Kind(
            "upkeep", UpkeepItem, ("team", "workflow", "text", "effort", "state", "ended_at"),
            lambda row: reverse("upkeep"), ("Upkeep", "upkeep"), fixed="What ended stays ended; add it again.",
        ),
        Kind(
            "action", ActionItem,
            ("text", "owner", "person", "due", "check_kind", "target", "days", "state", "closed_by", "evidence", "link"),
            lambda row: f"{reverse('postmortem', args=[row.postmortem.number])}#actions",
            ("Postmortems", "postmortems"), restorer=restorers.ActionRestorer(), aside=("state", "closed_by", "evidence", "link"),
        ),
        Kind(
            "exercise", Exercise, ("runbook", "state", "started_by", "holder", "started_at", "ended_at", "summary"),
            lambda row: reverse("exercise", args=[row.pk]), ("Runbooks", "runbooks"),
            fixed="It is a log of what was done; start another exercise.",
        ),
    )
}  # fmt: skip
#: For links out of the audit log: those that it calls by the very name that addresses have.
_BY_NOUN = {kind.noun: kind for kind in KINDS.values() if kind.key == "name"}


def kind_of(slug: str) -> Kind:
    """Raises NotFound, which suggests."""
    kind = KINDS.get(slug)
    if kind is None:
        raise NotFound(f"no kind {slug[:40]!r} has a history here{suggestion(slug[:40], KINDS)}")
    return kind


def kind_by_noun(noun: str) -> Kind | None:
    """As the audit log calls it, where the names in the log are those of addresses."""
    return _BY_NOUN.get(noun)
