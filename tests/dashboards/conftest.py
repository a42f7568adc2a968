"""People who look, a workflow and a dependency, and a clock that stands on this minute."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from orchestration import clock
from orchestration.models import WorkflowVersion
from orchestration.services.manifests import Document, Signature, apply
from tests.engine.conftest import no_messages
from tests.engine.harness import echo, publish
from tests.signed_in import sign_in, team

__all__ = ["no_messages", "sign_in", "team"]

PAYMENTS = """
apiVersion: plumbline/v1
kind: Dependency
metadata: {name: payments, owner: checkout, description: Takes money.}
spec: {base_url: "https://payments.example/v2", objectives: {latency: {p95: 2s}}}
"""


@pytest.fixture
def reader(sign_in: Any) -> Any:
    return sign_in("viewer")


@pytest.fixture
def now() -> datetime:
    """In the past, so that nothing is counted in an interval that has not begun."""
    return clock.now() - timedelta(seconds=1)


@pytest.fixture
def orders(team: Any) -> WorkflowVersion:
    """reserve → charge (calls payments) → gift (only when asked for) → ship, published long ago."""
    apply([Document(PAYMENTS, "payments.yaml")], Signature(None, "a test"))
    charge = echo(1, needs=["reserve"], dependency="payments")
    gift = echo(1, needs=["charge"], when="input.gift")
    steps = {"reserve": echo(1), "charge": charge, "gift": gift, "ship": echo(1, needs=["charge"])}
    version = publish(steps, name="orders")
    _long_ago(version)
    return version


def _long_ago(version: WorkflowVersion) -> None:
    """So that its release is no mark on the charts of these tests."""
    rows = WorkflowVersion._base_manager.filter(pk=version.pk)
    rows.update(published_at=version.published_at - timedelta(days=90))
