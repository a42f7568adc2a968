"""A contract's schema never makes the portal read a file or call an address: planning one is open to every reader."""

from __future__ import annotations

import json
import socket

import pytest

from governance.contracts.validation import InvalidSchema, compile_check
from tests.people import person, token_for

CONTRACT = """
apiVersion: plumbline/v1
kind: Contract
metadata: {{name: order.placed, version: 1.0.0, owner: checkout}}
spec: {{schema: {schema}}}
"""


@pytest.fixture
def listener():
    """An address inside, which must hear of nobody."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        yield server


def heard(server):
    try:
        server.accept()[0].close()
    except TimeoutError:
        return False
    return True


@pytest.mark.parametrize("key", ["$ref", "$schema", "$dynamicRef"])
def test_an_address_in_a_schema_is_refused_and_not_called(key, listener):
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/meta"
    with pytest.raises(InvalidSchema):
        compile_check({"properties": {"x": {key: url}}, key: url})
    assert not heard(listener)


def test_a_file_in_a_schema_is_refused_and_not_read(tmp_path):
    (tmp_path / "secret.json").write_text('{"enum": ["the secret"]}')
    with pytest.raises(InvalidSchema) as refusal:
        compile_check({"$ref": (tmp_path / "secret.json").as_uri()})
    assert "lies outside the contract" in str(refusal.value)
    assert "the secret" not in str(refusal.value)


def test_references_within_the_schema_and_to_the_drafts_own_work():
    check = compile_check({"$ref": "#/$defs/a", "$defs": {"a": {"type": "string"}}})
    assert check(1)
    assert not check("x")
    assert not compile_check({"$schema": "http://json-schema.org/draft-07/schema#", "type": "object"})({})


@pytest.mark.django_db
@pytest.mark.parametrize("endpoint", ["validate", "plan"])
def test_a_reader_who_plans_such_a_contract_gets_its_place_and_calls_nobody(endpoint, client, team, listener):
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    text = CONTRACT.format(schema=json.dumps({"$ref": url}))
    answer = client.post(
        f"/api/v1/manifests/{endpoint}", {"documents": [{"source": "c.yaml", "text": text}]}, "application/json",
        headers={"Authorization": f"Bearer {token_for(person('viewer', team), verbs=[])}"},
    )  # fmt: skip
    assert answer.json()["problems"][0]["path"].endswith("schema")
    assert not heard(listener)
