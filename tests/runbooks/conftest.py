"""A team with a runbook about a workflow and a service, and people who work through it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from governance.models import Runbook
from governance.services.runbooks import create_runbook
from orchestration.engine import publish as messages
from orchestration.models import Dependency, Team
from tests.people import person
from tests.signed_in import sign_in, team  # noqa: F401 - fixtures

BODY = """## Diagnosis

1. **Do** Look at payments.
   **Expect** It is well.
   **If not** Go on.

## Mitigation

1. **Do** Retry what failed at a.
   **Expect** They succeed.
   **Action** retry-failed-runs workflow=demo step=a
2. **Do** Isolate payments.
   **Action** force-breaker dependency=payments state=forced_open for=1h
3. **Do** Try one.
   **Action** run-workflow workflow=demo
4. **Do** Tell the others.
   **Action** call-webhook team=checkout message="payments is slow"
"""


@pytest.fixture(autouse=True)
def no_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "send", len)
    monkeypatch.setattr("orchestration.engine.wake.send", len)


@pytest.fixture
def operator(team: Team) -> Any:  # noqa: F811
    return person("operator", team)


@pytest.fixture
def payments(team: Team) -> Dependency:  # noqa: F811
    return Dependency.objects.create(
        name="payments", owner=team, document={"spec": {"base_url": "http://x.example"}}, content_hash="0"
    )


@pytest.fixture
def book(team: Team, payments: Dependency) -> Callable[..., Runbook]:  # noqa: F811
    """Write a runbook; every field has a default."""

    def make(slug: str = "payments-slow", **fields: Any) -> Runbook:
        wanted = {
            "slug": slug, "title": "Payments is slow", "body": BODY, "status": "active", "owner": team, "review_by": None,
            "workflows": [], "dependencies": ["payments"], "actor": None, "reason": "first text", **fields,
        }  # fmt: skip
        return create_runbook(**wanted)

    return make
