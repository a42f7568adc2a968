"""The OpenAPI document is valid, and no request that it allows, or nearly allows, makes a 5xx."""

from __future__ import annotations

import json
import os
from urllib.parse import quote, unquote

import pytest
import schemathesis
from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.core import NotSet

from orchestration.engine import publish as messages
from orchestration.models import Membership, Role, Team
from tests.engine.harness import begin, echo, publish, pump
from tests.people import person, token_for

METHODS = {"get", "post", "put", "patch", "delete"}
#: The long form: CHAOS=long.
EXAMPLES = 100 if os.environ.get("CHAOS") == "long" else 12


@pytest.fixture(scope="module")
def document() -> dict[str, object]:
    return SchemaGenerator().get_schema(request=None, public=True)


def test_the_document_is_openapi_3_1_without_warnings(capsys: pytest.CaptureFixture[str]):
    from django.core.management import call_command

    call_command("spectacular", "--format", "openapi-json", "--validate", "--fail-on-warn", "--file", os.devnull)
    assert "warning" not in capsys.readouterr().err.lower()


def operations() -> list[tuple[str, str]]:
    """Every (method, path) of the document, collected without a database."""
    found = SchemaGenerator().get_schema(request=None, public=True)
    return [(method, path) for path, item in found["paths"].items() for method in item if method in METHODS]


@pytest.mark.django_db
@pytest.mark.parametrize(("method", "path"), operations())
def test_no_input_makes_a_server_error(
    method: str, path: str, monkeypatch: pytest.MonkeyPatch, document: dict[str, object]
):
    monkeypatch.setattr(messages, "send", len)
    team = Team.objects.create(name="checkout")
    user = person("admin")
    for role in Role.values:
        Membership.objects.create(team=team, user=user, role=role)
    begin(publish({"a": echo(1)}))
    pump()
    client = Client(raise_request_exception=False)
    headers = {"Authorization": f"Bearer {token_for(user)}"}
    operation = schemathesis.openapi.from_dict(json.loads(json.dumps(document, default=str)))[path][method]

    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    @given(case=st.one_of(operation.as_strategy(), operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)))
    def fuzz(case: schemathesis.Case) -> None:
        body = b"" if isinstance(case.body, NotSet) else json.dumps(case.body, default=str).encode()
        answer = client.generic(
            case.method, quote(unquote(case.formatted_path)), body, "application/json", query_params=dict(case.query or {}),
            headers={**{key: str(value) for key, value in (case.headers or {}).items()}, **headers},
        )  # fmt: skip
        assert answer.status_code < 500, f"{case.method} {case.formatted_path} {body!r}: {answer.content[:300]!r}"

    fuzz()
