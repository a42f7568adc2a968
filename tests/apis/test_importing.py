"""OpenAPI documents come in as versions of contracts, through the API and the command."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from django.test import Client

from governance.models import Change, Contract, ContractVersion
from orchestration.models import Team
from portal.cli.program import program
from tests.apis.shop import PAYMENTS, changed, charging, dependency
from tests.governance.gatehouse import sent
from tests.people import person, token_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def take(client: Client) -> Any:
    """Sends documents as a maintainer of payments; the lines of the report."""
    Team.objects.create(name="checkout")
    headers = {"Authorization": f"Bearer {token_for(person('maintainer', Team.objects.create(name='payments')))}"}

    def send(*documents: Any, status: int = 200, **more: Any) -> list[dict[str, Any]]:
        texts = [one if isinstance(one, str) else yaml.safe_dump(one) for one in documents]
        body = {
            "documents": [{"text": text, "source": f"{n}.yaml"} for n, text in enumerate(texts)],
            "owner": "payments", "reason": "as built", **more,
        }  # fmt: skip
        answer = client.post("/api/v1/apis", body, content_type="application/json", headers=headers)
        assert answer.status_code == status, answer.content
        lines: list[dict[str, Any]] = answer.json().get("lines", [])
        return lines

    return send


def test_a_document_becomes_a_version_under_its_title_and_says_what_it_is(take: Any):
    (line,) = take(json.dumps(PAYMENTS))
    assert (line["name"], line["version"], line["action"]) == ("payments-api", "1.0.0", "publish"), line
    made = Contract.objects.get()
    assert (made.format, made.owner.name, made.description) == ("openapi", "payments", "Charges and their refunds.")
    assert ContractVersion.objects.get().schema == PAYMENTS
    assert take(PAYMENTS)[0]["action"] == "unchanged"


def test_what_breaks_a_caller_waits_and_the_line_says_where(take: Any):
    take(PAYMENTS)
    sent(dependency())
    sent(charging())
    document = changed(**{"/charges": None})
    document["info"] = PAYMENTS["info"] | {"version": "2.0.0"}
    (line,) = take(document)
    assert (line["action"], line["change"]) == ("propose", Change.objects.get().pk)


def test_a_name_and_a_version_stand_in_for_the_documents_own(take: Any):
    document = PAYMENTS | {"info": {"title": "Payments API", "version": "2026-11-27"}}
    (refused,) = take(document)
    assert refused["problem"] == "/info/version: '2026-11-27' is no semantic version; write it as 1.2.3"
    (line,) = take(document, name="charges", version="1.0.0")
    assert (line["name"], line["version"], line["action"]) == ("charges", "1.0.0", "publish")


@pytest.mark.parametrize(("text", "says"), [
    ("a: 1", "the document: /openapi: no openapi is not read; convert the document to OpenAPI 3.0 or 3.1"),
    ("{openapi: 3.1.0, paths: {}}", "/info/title: the document has no title; add one"),
    ("{openapi: 3.1.0, paths: 7}", "the document: /paths: wants a mapping; this is int"),
    ("[]", "the document: an OpenAPI document is a mapping; this is list"),
    ("a: [", "0.yaml:1"),
    ("openapi: 3.1.0\npaths: {/a: {get: {parameters: [{$ref: '#/components/parameters/B'}]}}}", "leads nowhere"),
    ("openapi: 3.1.0\npaths: {/a: {$ref: 'https://elsewhere.example/x'}}", "lies outside; bundle all into one document"),
])  # fmt: skip
def test_what_is_no_api_is_refused_with_place_and_remedy_and_keeps_no_other_from_it(take: Any, text: str, says: str):
    refused, taken = take(text, PAYMENTS)
    assert says in refused["problem"]
    assert taken["action"] == "publish"


def test_a_dry_run_and_somebody_elses_team_change_nothing(take: Any):
    assert take(PAYMENTS, dry_run=True)[0]["action"] == "publish"
    take(PAYMENTS, owner="checkout", status=403)
    assert not Contract.objects.exists()


def test_the_command_takes_a_document_under_another_version(live_server: Any, tmp_path: Any):
    team = Team.objects.create(name="payments")
    env = {"PLUMBLINE_URL": live_server.url, "PLUMBLINE_TOKEN": token_for(person("maintainer", team))}
    path = tmp_path / "api.yaml"
    path.write_text(yaml.safe_dump(PAYMENTS))
    said = ["--owner", "payments", "--reason", "r"]
    taken = CliRunner().invoke(program, ["import", "openapi", str(path), *said, "--version", "1.0.4"], env=env)
    assert (taken.exit_code, f"+ {path}: payments-api 1.0.4" in taken.output) == (0, True), taken.output
    path.write_text("a: 1")
    refused = CliRunner().invoke(program, ["import", "openapi", str(path), *said], env=env)
    assert (refused.exit_code, "no openapi is not read" in refused.output) == (1, True), refused.output
