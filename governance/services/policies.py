"""How a GatePolicy is checked and written. It belongs to no team, so it takes an admin; it only ever adds to what is asked.

Changes that wait keep what policies asked of them when they were opened (gate/opening.py). Never judges a change.
"""

from __future__ import annotations

from typing import Any

from governance.gate.subjects import kinds
from governance.models import GatePolicy
from orchestration.manifest import Problem, Resource
from orchestration.services.applying import Signature
from orchestration.services.governed import save
from orchestration.services.world import World, suggestion


class GatePolicyApplier:
    """Kind GatePolicy."""

    def check(self, resource: Resource, world: World) -> list[Problem]:
        """See orchestration.services.manifests.Applier."""
        spec, problems = resource.canonical["spec"], []
        for at, kind in enumerate(spec.get("changes", [])):
            if kind not in kinds():
                hint = suggestion(kind, kinds()) or f"; there are {', '.join(kinds())}"
                problems.append(resource.problem_at(f"spec.changes[{at}]", f"no kind of change {kind!r}{hint}"))
        for field in ("owners", "teams"):
            for at, name in enumerate(spec.get(field, [])):
                if name not in world.teams:
                    hint = suggestion(name, world.teams) or "; apply a Team of that name first"
                    problems.append(resource.problem_at(f"spec.{field}[{at}]", f"no team {name!r}{hint}"))
        return problems

    def current(self, resource: Resource) -> dict[str, Any] | None:
        """See orchestration.services.manifests.Applier."""
        return GatePolicy.objects.filter(name=resource.name).values_list("document", flat=True).first()

    def is_applied(self, resource: Resource) -> bool:
        """See orchestration.services.manifests.Applier."""
        return GatePolicy.objects.filter(name=resource.name, content_hash=resource.content_hash).exists()

    def is_held(self, resource: Resource, world: World) -> bool:
        """See orchestration.services.manifests.Applier."""
        return False

    def apply(self, resource: Resource, text: str, signature: Signature) -> None:
        """See orchestration.services.manifests.Applier."""
        policy = GatePolicy.objects.filter(name=resource.name).first() or GatePolicy(name=resource.name)
        policy.document, policy.content_hash = resource.canonical, resource.content_hash
        policy.source = signature.source
        save(policy, actor=signature.actor, reason=signature.reason)
