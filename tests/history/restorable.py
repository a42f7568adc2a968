"""Of each restorable kind one object with two revisions, and the address and form that restore the first."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

from governance.models import GatePolicy
from orchestration.models import Dependency, Flag, Objective, RetryPolicy, Schedule, Team, Trigger
from orchestration.services.governed import save
from orchestration.services.manifests import Document, Signature, apply
from orchestration.services.objectives import Wanted, change, create
from portal.history.registry import KINDS, kind_of
from portal.models import User
from tests.engine.harness import publish
from tests.history.objects import make

RESTORABLE = sorted(kind.slug for kind in KINDS.values() if kind.restorer is not None)
MANIFESTS: dict[str, tuple[str, dict[str, Any], dict[str, Any], type]] = {
    "dependency": (
        "Dependency", {"base_url": "http://a.example/", "failure_modes": [
            {"mode": "1e3", "effect": "yes: 0o17 # ünsafe", "response": "“wait”\nand see"}]},
        {"base_url": "http://b.example/", "timeout": {"start_to_close": "5s"}}, Dependency,
    ),
    "retry-policy": ("RetryPolicy", {"maximum_attempts": 3}, {"maximum_attempts": 5}, RetryPolicy),
    "flag": ("Flag", {"default": "off"}, {"default": "on", "rollout": {"percent": 5}}, Flag),
    "gate-policy": ("GatePolicy", {"review": "always"}, {"approvals": 2}, GatePolicy),
    "schedule": (
        "Schedule", {"workflow": "demo@^1", "cron": "@daily"}, {"workflow": "demo@^1", "cron": "@hourly", "catch_up": "all"}, Schedule,
    ),
    "trigger": (
        "Trigger", {"workflow": "demo@^1", "event": "a.b"}, {"workflow": "demo@^1", "event": "a.c", "when": "event.data"}, Trigger,
    ),
    "team": ("Team", {"channels": [{"webhook": "https://hooks.example/a", "secret": "team-hooks"}]}, {}, Team),
}  # fmt: skip


def send(
    kind: str, spec: dict[str, Any], owner: str = "checkout", escape: tuple[str, str] = ("", ""), **metadata: Any
) -> None:
    """Apply a manifest. `escape`: a character that YAML takes as an escape alone, and that escape."""
    owned = {"owner": owner} if kind in ("Dependency", "RetryPolicy", "Flag", "Schedule", "Trigger") else {}
    body = {
        "apiVersion": "plumbline/v1",
        "kind": kind,
        "metadata": {"name": "thing", **owned, **metadata},
        "spec": spec,
    }
    text = json.dumps(body, ensure_ascii=False)
    apply([Document(text.replace(*escape) if escape[0] else text, "m.yaml")], Signature(None, "as it came"))


def objective(team: Team, **fields: Any) -> Objective:
    publish({"a": {"value": 1}})
    wanted = {
        "name": "demo.success",
        "owner": team,
        "workflow": "demo",
        "indicator": "success",
        "page": False,
        **fields,
    }
    return create(wanted=Wanted(**wanted, target=Decimal("0.99")), actor=None, reason="new")


def edited(found: Objective, **changes: Any) -> None:
    values = {name: getattr(found, name) for name in Wanted.__dataclass_fields__}
    change(objective=found, wanted=Wanted(**values | changes), actor=None, reason="an edit")


def two_revisions(team: Team) -> dict[str, Any]:
    """By kind: its object, as it was made and as it was changed."""
    publish({"a": {"value": 1}})
    found: dict[str, Any] = {}
    for slug, (kind, old, new, model) in MANIFESTS.items():
        send(kind, old)
        send(kind, new, description="newer")
        found[slug] = model.objects.get(name="thing")
    found["objective"] = objective(team)
    edited(found["objective"], target=Decimal("0.9"), window_days=7, description="newer")
    found["action"] = make("action", team, None)
    found["action"].text, found["action"].due = "Do more", date(2099, 1, 2)
    save(found["action"], actor=None, reason="more")
    found["saved-view"] = make("saved-view", team, User.objects.create(username="owner"))
    found["saved-view"].name = "Theirs"
    save(found["saved-view"], actor=None, reason="renamed")
    return found


def ids(made: Any) -> list[int]:
    return list(made.history.order_by("history_id").values_list("history_id", flat=True))


def place(slug: str, made: Any) -> str:
    return f"{kind_of(slug).url(made)}restore/"


def form(made: Any, reason: str = "the old way was better") -> dict[str, Any]:
    return {"revision": ids(made)[0], "seen": ids(made)[-1], "reason": reason}
