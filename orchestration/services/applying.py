"""What applying a manifest asks of each kind (Applier), and what is recorded with it (Signature). Never applies anything."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from orchestration.manifest import Problem, Resource
from orchestration.services.world import World


@dataclass(frozen=True, slots=True)
class Signature:
    """Who applies, why, and where it came from (repository, commit, dirty, as git said)."""

    actor: Any
    reason: str
    source: dict[str, Any] = field(default_factory=dict)


class Applier(Protocol):
    """How one kind is checked, compared and written."""

    def check(self, resource: Resource, world: World) -> list[Problem]:
        """Problems that only the database can tell: names that don't exist, a version published with other content."""
        ...

    def current(self, resource: Resource) -> dict[str, Any] | None:
        """The canonical form that this one would replace or follow, for the diff; None when new."""
        ...

    def is_applied(self, resource: Resource) -> bool:
        """Whether exactly this content is applied already."""
        ...

    def is_held(self, resource: Resource, world: World) -> bool:
        """Whether applying it only proposes it, for others to agree to first."""
        ...

    def apply(self, resource: Resource, text: str, signature: Signature) -> None:
        """Write it. Runs inside the batch's transaction."""
        ...
