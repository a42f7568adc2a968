"""Plan and apply manifests: all of a batch or nothing, every problem at once.

Owns the order of kinds and the one transaction. Never parses: orchestration/manifest does; never asks who may: portal
does, with the owners that `plan` names.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction

from orchestration.errors import InvalidManifest
from orchestration.hooks import hooks
from orchestration.manifest import Difference, Problem, Resource, diff, load, notices
from orchestration.models import Dependency, Flag, RetryPolicy, Team, Workflow
from orchestration.services.appliers import DependencyApplier, FlagApplier, RetryPolicyApplier, TeamApplier
from orchestration.services.applying import Applier, Signature
from orchestration.services.governed import hold, require_reason
from orchestration.services.start_appliers import ScheduleApplier, TriggerApplier
from orchestration.services.workflow_applier import WorkflowApplier, policy_faults
from orchestration.services.world import World

#: What refers to others comes after them.
#: And policies of the gate come last: what is applied beside one is judged by those that held before.
ORDER = ("Team", "RetryPolicy", "Flag", "Dependency", "Contract", "Workflow", "Schedule", "Trigger", "GatePolicy")


#: What starts a workflow by itself.
STARTERS = ("Schedule", "Trigger")


@dataclass(frozen=True, slots=True)
class Document:
    """One manifest file: its text and the name that errors call it by."""

    text: str
    source: str


@dataclass(frozen=True, slots=True)
class Change:
    """What applying one resource would do. `action`: create, update, publish, propose (others must agree) or unchanged."""

    kind: str
    name: str
    version: str | None
    owner: str | None
    action: str
    differences: tuple[Difference, ...] = ()
    notices: tuple[Problem, ...] = ()
    #: The workflow that it starts by itself: whoever answers for that one must agree.
    starts: str | None = None


def plan(documents: Sequence[Document]) -> list[Change]:
    """What `apply` would do. Raises InvalidManifest with every problem of every document."""
    checked, world = _checked(documents)
    return [_change(resource, world) for resource, _ in checked]


def apply(
    documents: Sequence[Document], signature: Signature, authorise: Callable[[list[Change]], None] = lambda _: None
) -> list[Change]:
    """Apply all or nothing. Raises InvalidManifest as `plan`, InvalidInput for a missing reason.

    `authorise` is asked about the changes inside the transaction that makes them, and refuses by raising: what it was
    shown is what is applied, whatever others apply at the same time.
    """
    signature = Signature(signature.actor, require_reason(signature.reason), signature.source)
    try:
        return _apply(documents, signature, authorise)
    except IntegrityError:  # somebody applied the same names at the same moment: now that is seen, and compared with
        return _apply(documents, signature, authorise)


def _apply(
    documents: Sequence[Document], signature: Signature, authorise: Callable[[list[Change]], None]
) -> list[Change]:
    with transaction.atomic():
        hold()  # what is compared and asked about here is what is there when it is written
        checked, world = _checked(documents)
        changes = [_change(resource, world) for resource, _ in checked]
        authorise(changes)
        for (resource, text), change in zip(checked, changes, strict=True):
            if change.action != "unchanged":
                _applier(resource.kind).apply(resource, text, signature)
    return changes


def owner_teams(changes: Sequence[Change]) -> tuple[list[Team], bool]:
    """The teams whose maintainers may apply this, and whether it needs an admin (teams, shared policies, new owners)."""
    names = {change.owner for change in changes if change.owner}
    before = _present_owners(changes)
    teams = list(Team.objects.filter(name__in=names | before))
    unowned = any(change.kind == "Team" or change.owner is None for change in changes if change.action != "unchanged")
    return teams, unowned or len({team.name for team in teams}) < len(names)


def _present_owners(changes: Sequence[Change]) -> set[str]:
    """Teams that own it now, or own what it starts: taking something over, or starting it, needs their maintainer too."""
    names = {kind: [change.name for change in changes if change.kind == kind] for kind in ORDER}
    owners = set(Dependency.objects.filter(name__in=names["Dependency"]).values_list("owner__name", flat=True))
    shared: tuple[tuple[str, Any], ...] = (("RetryPolicy", RetryPolicy), ("Flag", Flag))
    for kind, model in shared:
        rows = model.objects.filter(name__in=names[kind], owner__isnull=False)
        owners |= set(rows.values_list("owner__name", flat=True))
    for kind in ("Workflow", "Contract", *STARTERS):
        applier = _appliers().get(kind)
        owners |= applier.owners(names[kind]) if applier is not None else set()  # type: ignore[attr-defined]
    started = [change.starts for change in changes if change.starts]
    return owners | set(Workflow.objects.filter(name__in=started).values_list("owner__name", flat=True))


def _checked(documents: Sequence[Document]) -> tuple[list[tuple[Resource, str]], World]:
    problems: list[Problem] = []
    found: list[tuple[Resource, str]] = []
    for document in documents:
        loaded = load(document.text, document.source)
        problems += loaded.problems
        found += [(resource, document.text) for resource in loaded.resources]
    seen: dict[tuple[str, str, str | None], Resource] = {}
    for resource, _ in found:
        key = (resource.kind, resource.name, resource.version)
        if key in seen and seen[key].source != resource.source:  # within one text `load` has said it
            place = f"{seen[key].source}:{seen[key].line}"
            problems.append(
                resource.problem_at(
                    "metadata.name", f"{resource.kind} {resource.name} is declared twice; first at {place}"
                )
            )
        seen.setdefault(key, resource)
    world = World([resource for resource, _ in found])
    for resource, _ in found:
        applier = _appliers().get(resource.kind)
        if applier is not None:
            problems += applier.check(resource, world)
    if problems:
        raise InvalidManifest(problems)
    return sorted(found, key=lambda pair: ORDER.index(pair[0].kind)), world


def _change(resource: Resource, world: World) -> Change:
    applier = _applier(resource.kind)
    current = applier.current(resource)
    common = (resource.kind, resource.name, resource.version, resource.owner)
    starts = resource.canonical["spec"]["workflow"].partition("@")[0] if resource.kind in STARTERS else None
    asked = policy_faults(resource, world) if resource.kind == "Workflow" else []
    told = (*notices(resource), *(problem for problem, refuses in asked if not refuses))
    if applier.is_applied(resource):
        return Change(*common, "unchanged", (), told, starts)
    if resource.version and applier.is_held(resource, world):
        return Change(*common, "propose", tuple(diff(current, resource.canonical)), told)
    action = "publish" if resource.version else ("create" if current is None else "update")
    return Change(*common, action, tuple(diff(current, resource.canonical)), told, starts)


def _appliers() -> dict[str, Applier]:
    own: dict[str, Applier] = {
        "Team": TeamApplier(),
        "RetryPolicy": RetryPolicyApplier(),
        "Flag": FlagApplier(),
        "Dependency": DependencyApplier(),
        "Workflow": WorkflowApplier(),
        "Schedule": ScheduleApplier(),
        "Trigger": TriggerApplier(),
    }
    return own | hooks.appliers


def _applier(kind: str) -> Applier:
    return _appliers()[kind]


__all__ = ["Change", "Document", "Signature", "apply", "owner_teams", "plan"]
