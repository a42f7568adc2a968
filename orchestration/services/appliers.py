"""How teams, retry policies, flags and dependencies are checked and written. Each change is one history row with its reason."""

from __future__ import annotations

from typing import Any

from orchestration.hooks import hooks
from orchestration.manifest import Problem, Resource
from orchestration.models import Dependency, Flag, RetryPolicy, Team
from orchestration.selectors import targets
from orchestration.services.applying import Signature
from orchestration.services.governed import save
from orchestration.services.objective_sync import follow_dependency
from orchestration.services.world import API, World, suggestion


def owner_problems(resource: Resource, world: World) -> list[Problem]:
    """A problem when the owner is no team."""
    if resource.owner is None or resource.owner in world.teams:
        return []
    hint = suggestion(resource.owner, world.teams) or "; apply a Team of that name first"
    return [resource.problem_at("metadata.owner", f"no team {resource.owner!r}{hint}")]


class TeamApplier:
    """Kind Team."""

    def check(self, resource: Resource, world: World) -> list[Problem]:
        """See services.manifests.Applier."""
        named = resource.canonical.get("spec", {}).get("stand_in")
        if named is None:
            return []
        if named == resource.name:
            return [resource.problem_at("spec.stand_in", "a team can't stand in for itself; name another")]
        if named not in world.teams:
            hint = suggestion(named, world.teams) or "; apply a Team of that name first"
            return [resource.problem_at("spec.stand_in", f"no team {named!r}{hint}")]
        return []

    def current(self, resource: Resource) -> dict[str, Any] | None:
        """See services.manifests.Applier."""
        team = Team.objects.filter(name=resource.name).first()
        return (team.document or {}) if team else None

    def is_applied(self, resource: Resource) -> bool:
        """See services.manifests.Applier."""
        return Team.objects.filter(name=resource.name, content_hash=resource.content_hash).exists()

    def is_held(self, resource: Resource, world: World) -> bool:
        """See services.manifests.Applier."""
        return False

    def apply(self, resource: Resource, text: str, signature: Signature) -> None:
        """See services.manifests.Applier."""
        team = Team.objects.filter(name=resource.name).first() or Team(name=resource.name)
        team.description = resource.description
        team.document, team.content_hash = resource.canonical, resource.content_hash
        save(team, actor=signature.actor, reason=signature.reason)


class RetryPolicyApplier:
    """Kind RetryPolicy."""

    def check(self, resource: Resource, world: World) -> list[Problem]:
        """See services.manifests.Applier."""
        return owner_problems(resource, world)

    def current(self, resource: Resource) -> dict[str, Any] | None:
        """See services.manifests.Applier."""
        return RetryPolicy.objects.filter(name=resource.name).values_list("document", flat=True).first()

    def is_applied(self, resource: Resource) -> bool:
        """See services.manifests.Applier."""
        return RetryPolicy.objects.filter(name=resource.name, content_hash=resource.content_hash).exists()

    def is_held(self, resource: Resource, world: World) -> bool:
        """See services.manifests.Applier."""
        return False

    def apply(self, resource: Resource, text: str, signature: Signature) -> None:
        """See services.manifests.Applier."""
        policy = RetryPolicy.objects.filter(name=resource.name).first() or RetryPolicy(name=resource.name)
        policy.owner = Team.objects.get(name=resource.owner) if resource.owner else None
        policy.document, policy.content_hash = resource.canonical, resource.content_hash
        policy.source = signature.source
        save(policy, actor=signature.actor, reason=signature.reason)
        targets.forget()


class FlagApplier:
    """Kind Flag."""

    def check(self, resource: Resource, world: World) -> list[Problem]:
        """See services.manifests.Applier."""
        return owner_problems(resource, world)

    def current(self, resource: Resource) -> dict[str, Any] | None:
        """See services.manifests.Applier."""
        return Flag.objects.filter(name=resource.name).values_list("document", flat=True).first()

    def is_applied(self, resource: Resource) -> bool:
        """See services.manifests.Applier."""
        return Flag.objects.filter(name=resource.name, content_hash=resource.content_hash).exists()

    def is_held(self, resource: Resource, world: World) -> bool:
        """See services.manifests.Applier."""
        return False

    def apply(self, resource: Resource, text: str, signature: Signature) -> None:
        """See services.manifests.Applier. How it is switched by hand stays."""
        flag = Flag.objects.filter(name=resource.name).first() or Flag(name=resource.name)
        flag.owner = Team.objects.get(name=resource.owner) if resource.owner else None
        flag.description = resource.description
        flag.document, flag.content_hash = resource.canonical, resource.content_hash
        flag.source = signature.source
        save(flag, actor=signature.actor, reason=signature.reason)


class DependencyApplier:
    """Kind Dependency."""

    def check(self, resource: Resource, world: World) -> list[Problem]:
        """See services.manifests.Applier."""
        problems = owner_problems(resource, world)
        named = resource.canonical["spec"].get("retry")
        if isinstance(named, str) and named not in world.retry_policies:
            hint = suggestion(named, world.retry_policies)
            problems.append(resource.problem_at("spec.retry", f"no RetryPolicy {named!r}{hint}"))
        api = resource.canonical["spec"].get("api")
        if api is not None and world.contract(api, API)[2] is None and not self.is_applied(resource):
            why = hooks.contracts.unusable(api.partition("@")[0], API) or "apply it first, with `format: openapi`"
            problems.append(resource.problem_at("spec.api", f"no active version of API {api}; {why}"))
        return problems

    def current(self, resource: Resource) -> dict[str, Any] | None:
        """See services.manifests.Applier."""
        return Dependency.objects.filter(name=resource.name).values_list("document", flat=True).first()

    def is_applied(self, resource: Resource) -> bool:
        """See services.manifests.Applier."""
        return Dependency.objects.filter(name=resource.name, content_hash=resource.content_hash).exists()

    def is_held(self, resource: Resource, world: World) -> bool:
        """See services.manifests.Applier."""
        return False

    def apply(self, resource: Resource, text: str, signature: Signature) -> None:
        """See services.manifests.Applier."""
        dependency = Dependency.objects.filter(name=resource.name).first() or Dependency(name=resource.name)
        dependency.owner = Team.objects.get(name=resource.owner)
        dependency.description = resource.description
        dependency.document, dependency.content_hash = resource.canonical, resource.content_hash
        dependency.source = signature.source
        save(dependency, actor=signature.actor, reason=signature.reason)
        follow_dependency(dependency, actor=signature.actor, reason=signature.reason)
        targets.forget()
