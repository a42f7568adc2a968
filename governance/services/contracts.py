"""How a contract version is checked and published: immutable, its schema compiled and compared before anything is written.

What is proved safe is published at once; the rest is proposed, and waits at the gate (governance/gate).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from governance.contracts import InvalidSchema as ContractFault
from governance.contracts.formats import format_of
from governance.contracts.validation import check_schema
from governance.gate.contract_versions import PUBLISH, announce_published
from governance.gate.opening import asks, open_change
from governance.gate.subjects import Object
from governance.models import Contract, ContractVersion
from governance.registry.grouping import grouped_apart, newest_registered
from governance.registry.numbering import enter
from governance.services.assessing import Assessment, assess, is_enough, lowest
from orchestration.manifest import Problem, Resource
from orchestration.models import Team
from orchestration.services.appliers import owner_problems
from orchestration.services.applying import Signature
from orchestration.services.governed import save
from orchestration.services.world import World
from orchestration.versions import newest, precedence

_PROPOSED = ContractVersion.State.PROPOSED


class ContractApplier:
    """Kind Contract."""

    def check(self, resource: Resource, world: World) -> list[Problem]:
        """See orchestration.services.manifests.Applier."""
        problems = owner_problems(resource, world)
        try:
            check_schema(format_of(resource.canonical["spec"]), resource.canonical["spec"]["schema"])
        except ContractFault as error:
            problems.append(resource.problem_at("spec.schema", str(error)))
        known = ContractVersion.objects.filter(contract__name=resource.name, version=resource.version).first()
        if known is not None and known.state == ContractVersion.State.REJECTED:
            text = f"{resource.name}@{resource.version} was refused at the gate; raise the version to ask again"
            problems.append(resource.problem_at("metadata.version", text))
        elif known is not None and known.state != _PROPOSED and known.content_hash != resource.content_hash:
            text = f"{resource.name}@{resource.version} is published with other content and can't change; raise the version"
            problems.append(resource.problem_at("metadata.version", text))
        return problems or self._version_problems(resource, world)

    def is_held(self, resource: Resource, world: World) -> bool:
        """See orchestration.services.manifests.Applier."""
        try:
            return bool(self._asks(resource, world.once(resource, lambda: self._assessed(resource))))
        except ContractFault:
            return True  # `check` says what is wrong with it

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
        apart = grouped_apart(resource.name, signature.source)
        assessment = self._assessed(resource, apart, newest_registered(resource.name, signature.source, apart))
        version = ContractVersion.objects.filter(
            contract=contract.pk, version=resource.version, state=_PROPOSED
        ).first()
        # One that waits already, and is edited so that nobody need be asked any more, is published by its change.
        goes_through = bool(self._asks(resource, assessment)) or version is not None
        facts = (owner.pk, resource.description, format_of(spec), spec.get("policy", "tolerant"))
        present = (contract.owner_id, contract.description, contract.format, contract.policy)
        if contract.pk is None or (facts != present and not goes_through):  # what waits changes nothing yet
            contract.owner, contract.description, contract.format, contract.policy = owner, *facts[1:]
            save(contract, actor=signature.actor, reason=signature.reason)
        version = version or ContractVersion(
            contract=contract, version=resource.version, precedence=precedence(resource.version)
        )
        version.schema, version.canonical, version.content_hash = (
            spec["schema"],
            resource.canonical,
            resource.content_hash,
        )
        version.source, version.reason, version.published_by = signature.source, signature.reason, signature.actor
        version.state = _PROPOSED if goes_through else ContractVersion.State.ACTIVE
        save(version, actor=signature.actor, reason=signature.reason)
        if goes_through:
            thing = Object(PUBLISH, contract.name, version.version, contract.owner, version)
            open_change(thing, assessment.judgement(version.content_hash), signature)
        else:
            enter(version)
            announce_published(version, signature.actor, signature.reason)

    def _asks(self, resource: Resource, assessment: Assessment) -> list[Team]:
        """Whom it would ask; a first version nobody, unless a policy wants it."""
        judgement = assessment.judgement(resource.content_hash)
        return asks(PUBLISH, resource.name, resource.version or "", assessment.teams[0], judgement)

    def _version_problems(self, resource: Resource, world: World) -> list[Problem]:
        """A schema that can't be compared, and a version that says less than the change is."""
        if not Team.objects.filter(name=resource.owner).exists():
            return []  # a new team of this batch: nothing of its was published before
        try:
            found = world.once(resource, lambda: self._assessed(resource))
        except ContractFault as error:
            return [resource.problem_at("spec.schema", str(error).removeprefix("new schema: "))]
        if found.base is None or found.report is None or is_enough(found):
            return []
        what = {"safe": "widens what is accepted", "breaking": "breaks", "undecided": "may break"}[found.report.verdict]
        if found.report.bump == "patch":
            what = "differs in words only"
        text = (
            f"compared with {found.base.version} this {what}, which takes {lowest(found.base.version, found.takes)}"
            f" or higher; {resource.version} says less"
        )
        return [resource.problem_at("metadata.version", text)]

    def _assessed(
        self, resource: Resource, apart: Collection[int] = (), beside: ContractVersion | None = None
    ) -> Assessment:
        assert resource.version is not None
        spec = resource.canonical["spec"]
        owner = Team.objects.filter(name=resource.owner).first() or Team(name=resource.owner or "")
        return assess(
            name=resource.name, version=resource.version, schema=spec["schema"], policy=spec.get("policy", "tolerant"),
            level=spec.get("compatibility"), owner=owner, format=format_of(spec), beside=beside, apart=apart,
        )  # fmt: skip
