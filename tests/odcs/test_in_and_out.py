"""Data contracts in and out, through the API, the pages and the command."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from ruamel.yaml import YAML

from governance.models import Change, Contract, ContractVersion, SubjectVersion
from orchestration.models import Team
from tests.governance.gatehouse import V1, contract, sent
from tests.odcs.conftest import ORDERS, faults
from tests.people import person, token_for

pytestmark = pytest.mark.django_db
READ = YAML(typ="safe", pure=True)


class Api:
    def __init__(self, client: Client, role: str, team: Team) -> None:
        self.client, self.headers = client, {"Authorization": f"Bearer {token_for(person(role, team))}"}

    def take(self, *texts: str, **more: Any) -> list[dict[str, Any]]:
        body = {
            "documents": [{"text": text, "source": f"{n}.yaml"} for n, text in enumerate(texts)],
            "owner": "checkout",
            "reason": "r",
            **more,
        }
        answer = self.client.post("/api/v1/odcs", body, content_type="application/json", headers=self.headers)
        assert answer.status_code == 200, answer.content
        lines: list[dict[str, Any]] = answer.json()["lines"]
        return lines

    def give(self, name: str, version: str) -> Any:
        answer = self.client.get(f"/api/v1/contracts/{name}/versions/{version}/odcs", headers=self.headers)
        assert answer.status_code == 200
        return READ.load(answer.json()["text"])


@pytest.fixture
def api(client: Client, teams: list[Team]) -> Api:
    return Api(client, "maintainer", teams[0])


def test_what_goes_in_comes_out_with_all_that_it_says(api: Api):
    (line,) = api.take(ORDERS)
    assert (line["name"], line["version"], line["action"]) == ("orders", "1.0.0", "publish"), line
    given = api.give("orders", "1.0.0")
    assert given == READ.load(ORDERS)
    assert faults(given) == []
    made = Contract.objects.get()
    assert (made.format, made.owner.name, made.description) == ("odcs", "checkout", "Orders as they were placed.")
    assert not SubjectVersion.objects.exists(), "clients of the registry don't know the format"
    assert api.take(ORDERS)[0]["action"] == "unchanged"


def test_what_readers_would_miss_waits_for_those_who_approve_its_roles(api: Api):
    api.take(ORDERS)
    broken = (
        ORDERS.replace("version: 1.0.0", "version: 2.0.0")
        .replace("name: total, logicalType: number", "name: total, logicalType: boolean")
        .replace(", logicalTypeOptions: {minimum: 0}", "")
    )
    (line,) = api.take(broken)
    change = Change.objects.get()
    assert (line["action"], line["change"], change.verdict) == ("propose", change.pk, "breaking"), line
    asked = dict(change.requests.values_list("team__name", "why"))
    assert asked == {"checkout": asked["checkout"], "payments": "approves role reader of it"}
    assert "total" in str(change.report["findings"])


def test_a_version_that_says_too_little_and_one_that_is_none_are_refused(api: Api):
    api.take(ORDERS)
    more = ORDERS.replace(
        "logicalTypeOptions: {minimum: 0}}",
        "logicalTypeOptions: {minimum: 0}}\n      - {name: note, logicalType: string}",
    )
    lines = api.take(
        more.replace("version: 1.0.0", "version: 1.0.1"), more.replace("version: 1.0.0", "version: one"), "a: [", "- 1", "a: 1\n---\nb: 2",
        more.replace("version: 1.0.0", "version: 1.1.0"),
    )  # fmt: skip
    assert [line["action"] for line in lines] == ["refused"] * 5 + ["publish"]
    assert "1.1.0 or higher" in lines[0]["problem"]
    assert "semantic version" in lines[1]["problem"]
    assert "can't be read as YAML" in lines[2]["problem"]
    assert "a mapping" in lines[3]["problem"]
    assert "2 documents" in lines[4]["problem"]


def test_a_dry_run_and_somebody_elses_team_change_nothing(api: Api, client: Client, teams: list[Team]):
    assert api.take(ORDERS, dry_run=True)[0]["action"] == "publish"
    assert not Contract.objects.exists()
    stranger = Api(client, "maintainer", teams[1])
    api.take(ORDERS.replace("Orders", "Other"))
    assert (
        "may not"
        in stranger.take(ORDERS.replace("Orders", "Other").replace("1.0.0", "1.1.0"), owner="payments")[0]["problem"]
    )
    assert list(ContractVersion.objects.values_list("version", flat=True)) == ["1.0.0"]


def test_any_contract_goes_out_as_a_valid_document_that_has_all_of_it(api: Api):
    rich = V1 | {"properties": V1["properties"] | {
        "at": {"type": "string", "format": "date-time", "description": "When"}, "any": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "tags": {"type": "array", "items": {"type": "string", "maxLength": 3}, "uniqueItems": True}, "open": True,
        "to": {"type": "object", "properties": {"street": {"type": "string"}}, "required": ["street"]},
    }}  # fmt: skip
    sent(contract("1.0.0", rich))
    given = api.give("order.placed", "1.0.0")
    assert faults(given) == []
    assert given["customProperties"] == [{"property": "plumblineJsonSchema", "value": rich}]
    fields = {one["name"]: one for one in given["schema"][0]["properties"]}
    assert (fields["id"]["required"], fields["qty"]["logicalType"], fields["at"]["logicalType"]) == (
        True,
        "integer",
        "timestamp",
    )
    assert fields["tags"]["items"] == {"logicalType": "string", "logicalTypeOptions": {"maxLength": 3}}
    sent(
        contract("2.0.0", {"type": "record", "name": "R", "fields": []}, format="avro").replace(
            "order.placed", "order.sent"
        )
    )
    assert faults(api.give("order.sent", "2.0.0")) == []


def test_the_end_of_a_version_goes_along(api: Api):
    from datetime import UTC, datetime

    api.take(ORDERS)
    version = ContractVersion.objects.get()
    version.state, version.sunset_at = "deprecated", datetime(2031, 1, 2, tzinfo=UTC)
    version.save()
    given = api.give("orders", "1.0.0")
    assert given["status"] == "deprecated"
    assert {"property": "endOfSupport", "value": "2031-01-02"} in given["slaProperties"]
    assert len(given["slaProperties"]) == 4
    assert faults(given) == []


def test_the_page_shows_what_is_promised_and_gives_the_document(api: Api, client: Client, teams: list[Team]):
    api.take(ORDERS.replace('url: "https://chat.example/shop"', 'url: "javascript:alert(1)"'))
    client.force_login(person("viewer", teams[0]))
    page = client.get("/contracts/orders/").content.decode()
    for words in (
        "Open Data Contract Standard",
        "9.95 USD per megabyte",
        "retention",
        "3 y",
        "rowCount is over 1000",
        "timestamp",
        "payments, na",
        "db.example / shop / sales",
    ):
        assert words in page, words
    assert "javascript:" not in page.split('<pre class="code"')[0]
    answer = client.get("/contracts/orders/1.0.0/odcs/")
    assert 'filename="orders-1.0.0.odcs.yaml"' in answer.headers["Content-Disposition"]
    assert faults(READ.load(answer.content.decode())) == []


@pytest.mark.django_db(transaction=True)
def test_the_command_takes_and_gives(live_server: Any, tmp_path: Any):
    from click.testing import CliRunner

    from portal.cli.program import program

    team, _ = Team.objects.get_or_create(name="checkout")
    env = {"PLUMBLINE_URL": live_server.url, "PLUMBLINE_TOKEN": token_for(person("maintainer", team))}
    (tmp_path / "orders.yaml").write_text(ORDERS)
    taken = CliRunner().invoke(
        program, ["import", "odcs", str(tmp_path / "orders.yaml"), "--owner", "checkout", "--reason", "r"], env=env
    )
    assert (taken.exit_code, "orders 1.0.0" in taken.output) == (0, True), taken.output
    out = tmp_path / "out.yaml"
    given = CliRunner().invoke(program, ["export", "odcs", "orders@1.0.0", "-o", str(out)], env=env)
    assert given.exit_code == 0, given.output
    assert READ.load(out.read_text()) == READ.load(ORDERS)
    (tmp_path / "orders.yaml").write_text("a: 1")
    refused = CliRunner().invoke(
        program, ["import", "odcs", str(tmp_path), "--owner", "checkout", "--reason", "r"], env=env
    )
    assert refused.exit_code == 1, refused.output
