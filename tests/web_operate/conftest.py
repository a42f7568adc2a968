"""Real runs, made through the engine in this process, and people who look at them."""

from __future__ import annotations

import pytest

from orchestration.services.manifests import Document, Signature, apply
from tests.dashboards.filling import fold_all
from tests.engine import tasks
from tests.engine.conftest import no_messages
from tests.engine.harness import begin, echo, publish, settle_down, write
from tests.signed_in import sign_in, team

__all__ = ["no_messages", "sign_in", "team"]


@pytest.fixture
def operator(sign_in):
    return sign_in("operator")


@pytest.fixture
def viewer(sign_in):
    return sign_in("viewer")


@pytest.fixture
def version(team):
    """reserve (a write) → charge → ship; charge is the one that tests make fail."""
    charge = echo("paid", needs=["reserve"], retry={"initial_interval": "1s", "jitter": "none", "maximum_attempts": 2})
    return publish(
        {"reserve": write("free it", "held"), "charge": charge, "ship": echo("gone", needs=["charge"])}, name="order"
    )


@pytest.fixture
def failed_run(version):
    """charge failed twice, reserve was undone."""
    tasks.failing["charge"] = 99
    run = settle_down(begin(version, {"card_number": "4111", "name": "A <b>customer</b>"}), stride=2)
    fold_all()
    return run


@pytest.fixture
def open_run(version):
    """Started, and nobody works on it."""
    return begin(version, {"name": "x"})


CONTRACT = """
apiVersion: plumbline/v1
kind: Contract
metadata: {name: order.placed, version: 1.0.0, owner: checkout}
spec:
  schema:
    type: object
    required: [id, lines]
    properties:
      id: {title: Order number, type: string, pattern: "^ord_", default: ord_1}
      gift: {title: Gift, type: boolean}
      lines:
        title: Lines
        type: array
        minItems: 1
        default: [{sku: TEA, quantity: 1}]
        items:
          type: object
          required: [sku, quantity]
          properties:
            sku: {type: string, title: SKU}
            quantity: {type: integer, minimum: 1, title: Quantity}
"""


@pytest.fixture
def contracted(team):
    """A workflow whose input has a contract."""
    apply([Document(CONTRACT, "contract.yaml")], Signature(None, "a test"))
    return publish({"one": echo("${{ input.id }}")}, name="order-form", input={"contract": "order.placed@^1"})
