"""A contract version by paste or upload: checked before anything is written, proposed, and faults told in the lines typed."""

from __future__ import annotations

import html
import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from governance.models import Change, ContractVersion
from tests.governance.gatehouse import BREAKING, V1, WIDER, contract, people, sent, teams

__all__ = ["people", "teams"]
pytestmark = pytest.mark.django_db
PAGE = "/contracts/order.placed/propose/"


@pytest.fixture
def client_of(client, people):
    sent(contract("1.0.0", V1))

    def as_(who: str) -> Any:
        client.force_login(people[who])
        return client

    return as_


def form(version: str, schema: Any, press: str = "propose", **more: Any) -> dict[str, Any]:
    text = schema if isinstance(schema, str) else json.dumps(schema)
    return {
        "name": "order.placed", "version": version, "owner": "checkout", "policy": "tolerant", "compatibility": "",
        "description": "", "schema": text, "reason": "because", press: "1", **more,
    }  # fmt: skip


def text(answer: Any) -> str:
    return html.unescape(answer.content.decode())


def test_a_check_says_what_it_would_mean_and_writes_nothing(client_of):
    said = text(client_of("author").post(PAGE, form("2.0.0", BREAKING, "check")))
    for part in ("Breaking", "It would wait for checkout", "Nothing is written yet", "required-added"):
        assert part in said, part
    assert ContractVersion.objects.count() == 1


def test_what_is_safe_is_published_and_what_breaks_waits(client_of):
    client = client_of("author")
    assert client.post(PAGE, form("1.1.0", WIDER)).headers["Location"] == "/contracts/order.placed/"
    answer = client.post(PAGE, form("2.0.0", BREAKING))
    change = Change.objects.get()
    assert answer.headers["Location"] == f"/changes/{change.pk}/"
    assert change.author.username.startswith("maintainer")


def test_a_file_stands_in_for_the_paste_and_yaml_is_read_too(client_of):
    file = SimpleUploadedFile("order.yaml", b"type: object\nproperties:\n  id: {type: [string, integer]}\n")
    client = client_of("author")
    assert client.post(PAGE, form("1.1.0", "", file=file)).status_code == 302
    assert ContractVersion.objects.get(version="1.1.0").schema["properties"] == {"id": {"type": ["string", "integer"]}}


def test_faults_are_told_in_the_lines_that_were_typed_and_nothing_typed_is_lost(client_of):
    answer = client_of("author").post(PAGE, form("1.1.0", "type: object\nproperties: [\n"))
    assert answer.status_code == 422
    assert "properties: [" in text(answer)
    answer = client_of("author").post(PAGE, form("1.1.0", "type: object\nminimum: no number\n"))
    assert (answer.status_code, "because" in text(answer)) == (422, True)
    answer = client_of("author").post(PAGE, form("1.0.1", WIDER))
    assert "takes 1.1.0 or higher" in text(answer)


@pytest.mark.parametrize(
    "bad",
    [{"file": SimpleUploadedFile("x.json", b"\xff\xfe{")}, {"schema": ""}, {"schema": "\x00"}, {"version": "one"},
     {"owner": "logistics"}, {"reason": ""}, {"name": "other.thing"}, {"schema": "[" * 5000}],
)  # fmt: skip
def test_bad_input_is_a_form_with_words(client_of, bad: dict[str, Any]):
    answer = client_of("author").post(PAGE, form("1.1.0", WIDER) | bad)
    assert answer.status_code == 422, text(answer)
    assert ContractVersion.objects.count() == 1


def test_only_a_maintainer_of_the_owner_proposes(client_of):
    for who in ("owner", "stranger", "consumer"):
        assert client_of(who).get(PAGE).status_code == 403
        assert client_of(who).post(PAGE, form("1.1.0", WIDER)).status_code == 403


def test_a_new_contract_is_made_the_same_way(client_of):
    answer = client_of("author").post("/contracts/new/", form("1.0.0", V1) | {"name": "order.cancelled"})
    assert answer.headers["Location"] == "/contracts/order.cancelled/"
