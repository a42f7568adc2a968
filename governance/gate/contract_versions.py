"""Publishing a contract version: the subject of most changes. It is compared again each time it is judged.

Owns what happens to the version and its contract. Never compares by itself: services/assessing.py does.
"""

from __future__ import annotations

from typing import Any

from governance.gate import telling
from governance.gate.subjects import Judgement
from governance.models import Change, ContractVersion
from governance.services.assessing import assess
from orchestration.models import Team
from orchestration.services.governed import save

PUBLISH = "contract.publish"


class PublishContract:
    """Kind contract.publish."""

    kind = PUBLISH
    done = "published"

    def judge(self, change: Change) -> Judgement:
        """See subjects.Subject."""
        version = _version(change)
        spec = version.canonical["spec"]
        assessment = assess(
            name=version.contract.name, version=version.version, schema=version.schema,
            policy=spec.get("policy", "tolerant"), level=spec.get("compatibility"), owner=_owner(version),
        )  # fmt: skip
        return assessment.judgement(version.content_hash)

    def do(self, change: Change, actor: Any, reason: str) -> None:
        """Publish it; what it says of the contract as a whole holds from now on."""
        version, contract = _version(change), _version(change).contract
        _become(version, ContractVersion.State.ACTIVE, actor, reason)
        spec, description = version.canonical["spec"], version.canonical["metadata"].get("description", "")
        facts = (spec.get("policy", "tolerant"), description, _owner(version))
        if (contract.policy, contract.description, contract.owner) != facts:
            contract.policy, contract.description, contract.owner = facts
            save(contract, actor=actor, reason=reason)
        announce_published(version, actor, reason)

    def refuse(self, change: Change, actor: Any, reason: str) -> None:
        """It stays refused: who asks again raises the version."""
        _become(_version(change), ContractVersion.State.REJECTED, actor, reason)

    def undo(self, change: Change, reason: str) -> None:
        """Nothing new resolves to it; what runs with it goes on."""
        _become(_version(change), ContractVersion.State.REJECTED, None, reason)


def announce_published(version: ContractVersion, actor: Any, reason: str) -> None:
    """Tell the teams that use the contract."""
    telling.tell_version("version.published", version, actor, reason)


def _version(change: Change) -> ContractVersion:
    assert change.version is not None
    return change.version


def _owner(version: ContractVersion) -> Team:
    """Whom its manifest names: taking a contract over is agreed to with the version that does."""
    return Team.objects.filter(name=version.canonical["metadata"]["owner"]).first() or version.contract.owner


def _become(version: ContractVersion, state: ContractVersion.State, actor: Any, reason: str) -> None:
    version.state = state
    save(version, actor=actor, reason=reason)
