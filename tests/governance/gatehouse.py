"""What tests of the gate share: contracts and workflows as text, people with roles, a breaking change that waits."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import yaml

from governance.gate.reviewing import review
from governance.models import Change, ContractVersion
from orchestration import clock
from orchestration.models import Membership, Team
from orchestration.services.manifests import Document, Signature, apply
from portal.models import User
from tests.engine import tasks  # noqa: F401 - registers the functions that workflows name
from tests.people import person
from tests.undoing import NO_UNDOING

V1: dict[str, Any] = {
    "type": "object",
    "properties": {"id": {"type": "string"}, "qty": {"type": "integer"}},
    "required": ["id"],
}
WIDER = V1 | {"properties": V1["properties"] | {"qty": {"type": "number"}}}
BREAKING = V1 | {"required": ["id", "qty"]}


def manifest(kind: str, metadata: dict[str, Any], spec: dict[str, Any]) -> str:
    return yaml.safe_dump({"apiVersion": "plumbline/v1", "kind": kind, "metadata": metadata, "spec": spec})


def contract(version: str, schema: Any, *, owner: str = "checkout", **spec: Any) -> str:
    metadata = {"name": "order.placed", "version": version, "owner": owner}
    return manifest("Contract", metadata, {"schema": schema, **spec})


def workflow(owner: str, name: str = "ship", range_: str = "^1", version: str = "1.0.0") -> str:
    spec = {
        "input": {"contract": f"order.placed@{range_}"},
        "steps": {"a": {"python": "test.echo", "with": {"value": 1}, **NO_UNDOING}},
    }
    return manifest("Workflow", {"name": name, "version": version, "owner": owner}, spec)


def policy(name: str = "strict-gate", **spec: Any) -> str:
    return manifest("GatePolicy", {"name": name}, spec)


def sent(text: str, author: User | None = None) -> list[str]:
    return [change.action for change in apply([Document(text, "m.yaml")], Signature(author, "because"))]


def state(version: str) -> str:
    return ContractVersion.objects.get(version=version).state


def vote(change: Change, who: User, team: Team, what: str = "approve", **more: Any) -> Change:
    seen = more.pop("seen", Change.objects.get(pk=change.pk).content_hash)
    return review(change=change, person=who, team=team, vote=what, reason="looked at it", seen=seen)


def approver(team: Team, name: str) -> User:
    """Somebody who has been approver of the team for days."""
    user, _ = User.objects.get_or_create(username=name)
    made = Membership.objects.create(user=user, team=team, role="approver")
    row = made.history.get()
    row.history_date = clock.now() - timedelta(days=9)
    row.save()
    return user


@pytest.fixture
def teams() -> tuple[Team, Team]:
    return Team.objects.create(name="checkout"), Team.objects.create(name="logistics")


@pytest.fixture
def people(teams: tuple[Team, Team]) -> dict[str, User]:
    checkout, logistics = teams
    return {
        "author": person("maintainer", checkout), "owner": person("approver", checkout),
        "consumer": person("approver", logistics), "stranger": person("stranger"),
    }  # fmt: skip


@pytest.fixture
def change(teams: tuple[Team, Team], people: dict[str, User]) -> Change:
    """A breaking version 2.0.0, proposed by the author; logistics uses the contract."""
    sent(contract("1.0.0", V1))
    sent(workflow("logistics"))
    assert sent(contract("2.0.0", BREAKING), people["author"]) == ["propose"]
    return Change.objects.get()
