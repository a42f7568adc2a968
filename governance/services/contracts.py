"""How a contract version is checked and published: immutable, its schema compiled before anything is written."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from governance.contracts.validation import InvalidSchema, compile_check
from governance.models import Contract, ContractVersion
from orchestration.manifest import Problem, Resource
from orchestration.models import Team
from orchestration.services.appliers import owner_problems
from orchestration.services.applying import Signature
from orchestration.services.governed import save
from orchestration.services.world import World
from orchestration.versions import newest, precedence


class ContractApplier:
    """Kind Contract."""

    def check(self, resource: Resource, world: World) -> list[Problem]:
        """See orchestration.services.manifests.Applier."""
        problems = owner_problems(resource, world)
        try:
            compile_check(resource.canonical["spec"]["schema"])
        except InvalidSchema as error:
            problems.append(resource.problem_at("spec.schema", f"not a valid JSON Schema: {error}"))
        published = ContractVersion.objects.filter(contract__name=resource.name, version=resource.version).first()
        if published is not None and published.content_hash != resource.content_hash:
            text = f"{resource.name}@{resource.version} is published with other content and can't change; raise the version"
            problems.append(resource.problem_at("metadata.version", text))
        return problems

    def current(self, resource: Resource) -> dict[str, Any] | None:
        """The version published last: what a reader compares with."""
        versions = ContractVersion.objects.filter(contract__name=resource.name)
        latest = newest(versions.values_list("version", flat=True))
        return versions.values_list("canonical", flat=True).get(version=latest) if latest else None

    def is_applied(self, resource: Resource) -> bool:
        """See orchestration.services.manifests.Applier."""
        return ContractVersion.objects.filter(
            contract__name=resource.name, version=resource.version, content_hash=resource.content_hash
        ).exists()

    def owners(self, names: Iterable[str]) -> set[str]:
        """The teams that own these contracts now."""
        return set(Contract.objects.filter(name__in=list(names)).values_list("owner__name", flat=True))

    def apply(self, resource: Resource, text: str, signature: Signature) -> None:
        """See orchestration.services.manifests.Applier."""
        assert resource.version is not None
        spec = resource.canonical["spec"]
        contract = Contract.objects.filter(name=resource.name).first() or Contract(name=resource.name)
        owner = Team.objects.get(name=resource.owner)
        facts = (owner.pk, resource.description, spec.get("format", "jsonschema"), spec.get("policy", "tolerant"))
        if contract.pk is None or facts != (contract.owner_id, contract.description, contract.format, contract.policy):
            contract.owner, contract.description, contract.format, contract.policy = owner, *facts[1:]
            save(contract, actor=signature.actor, reason=signature.reason)
        version = ContractVersion(
            contract=contract, version=resource.version, precedence=precedence(resource.version), schema=spec["schema"],
            canonical=resource.canonical, content_hash=resource.content_hash, source=signature.source,
            reason=signature.reason, published_by=signature.actor,
        )  # fmt: skip
        save(version, actor=signature.actor, reason=signature.reason)
