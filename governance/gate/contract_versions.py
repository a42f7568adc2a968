"""Publishing a contract version: the subject of most changes. It is compared again each time it is judged.

Owns what happens to the version and its contract. Never compares by itself: services/assessing.py does.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from governance.contracts import InvalidSchema
from governance.contracts.formats import format_of
from governance.gate import telling
from governance.gate.subjects import Judgement
from governance.models import Change, Contract, ContractVersion
from governance.registry.grouping import grouped_apart, newest_registered
from governance.registry.numbering import enter
from governance.services.assessing import assess
from orchestration.errors import Conflict
from orchestration.models import Team
from orchestration.services.governed import save

PUBLISH = "contract.publish"
#: What a contract as a whole has of its newest manifest: policy, description, owner, format.
Facts = tuple[str, str, Team, str]


class PublishContract:
    """Kind contract.publish."""

    kind = PUBLISH
    done = "published"

    def judge(self, change: Change) -> Judgement:
        """See subjects.Subject."""
        version = _version(change)
        spec = version.canonical["spec"]
        apart = grouped_apart(version.contract.name, version.source)
        newest = newest_registered(version.contract.name, version.source, {version.pk, *apart})
        try:
            assessment = assess(
                name=version.contract.name, version=version.version, schema=version.schema,
                policy=spec.get("policy", "tolerant"), level=spec.get("compatibility"), owner=_owner(version),
                format=format_of(spec), beside=newest, apart=apart,
            )  # fmt: skip
        except InvalidSchema as error:  # of the two, one came by a way that asked less
            raise Conflict(f"{version} can't be compared with what is there: {error}") from None
        judgement, contract = assessment.judgement(version.content_hash), version.contract
        before = {
            "policy": contract.policy,
            "description": contract.description,
            "owner": contract.owner.name,
            "format": contract.format,
        }
        return replace(judgement, report={**judgement.report, "before": before})

    def do(self, change: Change, actor: Any, reason: str) -> None:
        """Publish it; what it says of the contract as a whole holds from now on."""
        version, contract = _version(change), _version(change).contract
        _become(version, ContractVersion.State.ACTIVE, actor, reason)
        facts = _brought(version)
        if _facts(contract) != facts:
            contract.policy, contract.description, contract.owner, contract.format = facts
            save(contract, actor=actor, reason=reason)
        enter(version)
        announce_published(version, actor, reason)

    def refuse(self, change: Change, actor: Any, reason: str) -> None:
        """It stays refused: who asks again raises the version."""
        _become(_version(change), ContractVersion.State.REJECTED, actor, reason)

    def undo(self, change: Change, reason: str) -> None:
        """Nothing new resolves to it; what runs with it goes on. The contract as a whole is what it was before."""
        version = _version(change)
        if version.state not in (ContractVersion.State.ACTIVE, ContractVersion.State.DEPRECATED):
            return  # it was retired meanwhile: it does not come back
        _become(version, ContractVersion.State.REJECTED, None, reason)
        _give_back(change, version, reason)


def announce_published(version: ContractVersion, actor: Any, reason: str) -> None:
    """Tell the teams that use the contract."""
    telling.tell_version("version.published", version, actor, reason)


def _give_back(change: Change, version: ContractVersion, reason: str) -> None:
    """What publishing it made of the contract, unless somebody made something else of it since."""
    contract, before = version.contract, change.report.get("before")
    if before is None or _facts(contract) != _brought(version):
        return
    owner = Team.objects.filter(name=before["owner"]).first() or contract.owner
    facts = (before["policy"], before["description"], owner, before.get("format", contract.format))
    if facts != _facts(contract):
        contract.policy, contract.description, contract.owner, contract.format = facts
        save(contract, actor=None, reason=reason)


def _facts(contract: Contract) -> Facts:
    return (contract.policy, contract.description, contract.owner, contract.format)


def _brought(version: ContractVersion) -> Facts:
    """What its manifest says of the contract as a whole."""
    spec, description = version.canonical["spec"], version.canonical["metadata"].get("description", "")
    return (spec.get("policy", "tolerant"), description, _owner(version), format_of(spec))


def _version(change: Change) -> ContractVersion:
    assert change.version is not None
    return change.version


def _owner(version: ContractVersion) -> Team:
    """Whom its manifest names: taking a contract over is agreed to with the version that does."""
    return Team.objects.filter(name=version.canonical["metadata"]["owner"]).first() or version.contract.owner


def _become(version: ContractVersion, state: ContractVersion.State, actor: Any, reason: str) -> None:
    version.state = state
    save(version, actor=actor, reason=reason)
