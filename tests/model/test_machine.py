"""Whatever happens to runs, in whatever order, the engine ends where its rules say."""

from __future__ import annotations

import os
from itertools import count

import pytest
import yaml
from hypothesis import given, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from orchestration.models import Team
from orchestration.services.manifests import Document, Signature, apply
from tests.model.driver import tries
from tests.model.machine import Machine
from tests.model.workflows import Flow, flows, manifest_of, publish_child

pytestmark = pytest.mark.django_db

#: How many examples, and in how many parts, which xdist can spread. The long form: CHAOS=long.
EXAMPLES, PARTS = (1_000, 10) if os.environ.get("CHAOS") == "long" else (100, 1)


@pytest.mark.parametrize("part", range(PARTS))
def test_the_engine_does_what_the_model_says(part: int):
    machine = seed(part)(type("Part", (Machine,), {}))
    run_state_machine_as_test(machine, settings=tries(EXAMPLES))


numbers = count(1)


@settings(tries(20))
@given(flow=flows())
def test_what_is_drawn_is_a_manifest_that_can_be_applied(flow: Flow):
    Team.objects.get_or_create(name="checkout")
    publish_child()
    apply(
        [Document(yaml.safe_dump(manifest_of(flow, next(numbers)), sort_keys=False), "drawn.yaml")],
        Signature(None, "a test"),
    )
