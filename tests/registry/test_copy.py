"""`plumbline registry copy`: another registry, over real HTTP, into the portal."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx
import pytest
from click.testing import CliRunner

from governance.models import Contract, ContractVersion
from orchestration.models import Team
from portal.cli.program import program
from tests.people import person, token_for
from tests.registry.conftest import BROKEN, RECORD

pytestmark = pytest.mark.django_db(transaction=True)
LINE = {"type": "record", "name": "Line", "fields": [{"name": "sku", "type": "string"}]}
CART = {"type": "record", "name": "Cart", "fields": [{"name": "lines", "type": {"type": "array", "items": "Line"}}]}
RULES = {"domainRules": [{"name": "pii", "mode": "WRITEREAD", "type": "ENCRYPT", "tags": ["PII"]}]}
#: Subject → version → (id, whether it is deleted, fields). The cart has a lower id than what it refers to.
HELD: dict[str, dict[int, tuple[int, bool, dict[str, Any]]]] = {
    "cart/value": {1: (7, False, {"schema": json.dumps(CART), "references": [{"name": "Line", "subject": "line", "version": 2}]})},
    "line": {2: (90, False, {"schema": json.dumps(LINE), "ruleSet": RULES})},
    "orders-value": {
        1: (12, True, {"schema": json.dumps(RECORD)}), 4: (13, False, {"schema": json.dumps(BROKEN)}),
        5: (40, False, {"schema": json.dumps({"type": "object"}), "schemaType": "JSON"}),
    },
    "proto": {1: (50, False, {"schema": 'syntax = "proto3";', "schemaType": "PROTOBUF"})},
}  # fmt: skip


FOR_ALL = {"compatibilityLevel": "BACKWARD", "normalize": True, "validateFields": None}
CONFIG = {
    "validateFields": False,
    "alias": "lines",
    "compatibilityLevel": "FULL",
    "normalize": True,
    "compatibilityGroup": "major",
}


class Source(BaseHTTPRequestHandler):
    """What the copy asks of a registry, as the Confluent API answers it."""

    def do_GET(self) -> None:
        parts = [unquote(part) for part in urlsplit(self.path).path.strip("/").split("/")]
        answer: Any = {"error_code": 40401, "message": "Subject not found."}
        if self.headers["Authorization"] != "Basic YTpi":
            answer = {"error_code": 401, "message": "Unauthorized"}
        elif parts == ["subjects"]:
            answer = list(HELD)
        elif parts == ["config"]:
            answer = FOR_ALL
        elif parts[0] == "config":
            answer = CONFIG if parts[1] == "line" else {"error_code": 40408, "message": "none"}
        elif parts[0] == "subjects" and len(parts) == 3:
            answer = [number for number, one in HELD[parts[1]].items() if "deleted=true" in self.path or not one[1]]
        elif parts[0] == "subjects":
            number, _, fields = HELD[parts[1]][int(parts[3])]
            answer = {"subject": parts[1], "version": int(parts[3]), "id": number, **fields}
        body = json.dumps(answer).encode()
        code = answer["error_code"] if isinstance(answer, dict) and "error_code" in answer else 200
        self.send_response(int(str(code)[:3]))
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@pytest.fixture
def source() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Source)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def call(live_server: Any) -> Any:
    team, _ = Team.objects.get_or_create(name="checkout")
    token = token_for(person("maintainer", team))

    def copy(*arguments: str) -> Any:
        environment = {"PLUMBLINE_URL": live_server.url, "PLUMBLINE_TOKEN": token, "PLUMBLINE_SOURCE_USER": "a:b"}
        return CliRunner().invoke(program, ["registry", "copy", *arguments], env=environment)

    copy.url, copy.headers = f"{live_server.url}/registry", {"Authorization": f"Bearer {token}"}  # type: ignore[attr-defined]
    copy.get = lambda path: httpx.get(copy.url + path, headers=copy.headers, timeout=60).json()  # type: ignore[attr-defined]
    copy.admin = lambda *arguments: copy(*arguments, "--token", token_for(person("admin")))  # type: ignore[attr-defined]
    return copy


def test_a_registry_is_copied_with_ids_numbers_references_levels_and_what_is_deleted(call: Any, source: str):
    done = call(source)
    assert done.exit_code == 1, done.output
    assert "copied 5 versions of 4 subjects" in done.output
    assert "✗ proto version 1 (id 50): Invalid schema: type PROTOBUF is not supported here" in done.output
    assert call.get("/subjects") == ["cart/value", "line", "orders-value"]
    assert call.get("/subjects/orders-value/versions") == [4, 5]
    assert call.get("/subjects/orders-value/versions?deleted=true") == [1, 4, 5]
    for number, schema in ((7, CART), (12, RECORD), (13, BROKEN), (90, LINE)):
        assert json.loads(call.get(f"/schemas/ids/{number}")["schema"]) == schema
    assert call.get("/schemas/ids/90")["ruleSet"] == RULES, "else nobody could decrypt what was written"
    assert call.get("/schemas/ids/7")["references"] == [{"name": "Line", "subject": "line", "version": 2}]
    kept = {name: value for name, value in CONFIG.items() if name != "alias"}
    assert call.get("/config/line") == kept
    assert kept["validateFields"] is False, "what is switched off there may be on for all here"
    assert "3 settings beside those" in done.output
    assert "✗ alias of line: line has versions of its own" in done.output
    assert call.get("/mode/line")["error_code"] == 40409, "what comes next is compared again"
    numbers = ContractVersion.objects.filter(contract__name="orders-value").order_by("precedence")
    assert list(numbers.values_list("version", flat=True)) == ["1.0.0", "2.0.0", "3.0.0"]
    assert Contract.objects.get(name="cart-value").owner.name == "checkout"


def test_what_is_set_for_all_is_told_and_set_when_that_is_wanted_by_who_may(call: Any, source: str):
    told = call(source, "--prefix", "orders")
    assert "set there for all subjects and not here: normalize true; --for-all sets it here" in told.output, told.output
    assert call.get("/config") == {"compatibilityLevel": "BACKWARD"}
    refused = call(source, "--prefix", "orders", "--for-all")
    assert (refused.exit_code, "✗ normalize for all: " in refused.output) == (1, True), refused.output
    assert call.admin(source, "--prefix", "orders", "--for-all", "--team", "checkout").exit_code == 0
    assert call.get("/config") == {"compatibilityLevel": "BACKWARD", "normalize": True}


@pytest.mark.parametrize(
    "told", [{"error_code": 403, "message": "Forbidden"}, {"error_code": 40408, "message": "none"}, []]
)
def test_a_source_that_tells_nothing_of_all_is_copied_all_the_same(
    told: Any, call: Any, source: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(f"{__name__}.FOR_ALL", told)
    done = call(source, "--prefix", "orders")
    assert (done.exit_code, "copied 3 versions of 1 subject" in done.output) == (0, True), done.output


def test_an_alias_that_is_set_here_leads_no_history_astray(call: Any, source: str):
    call(source, "--prefix", "orders")
    put = httpx.put(f"{call.url}/config/line", json={"alias": "orders-value"}, headers=call.headers, timeout=60)
    assert put.status_code == 200, put.text
    assert call.get("/subjects/line/versions") == [4, 5]
    call(source, "--prefix", "line")
    assert call.get("/subjects/line/versions") == [2]
    assert call.get("/subjects/orders-value/versions") == [4, 5]


def test_copying_again_changes_nothing(call: Any, source: str):
    call(source, "--prefix", "orders")
    before = list(ContractVersion.objects.values_list("pk", "state"))
    again = call(source, "--prefix", "orders")
    assert again.exit_code == 0, again.output
    assert list(ContractVersion.objects.values_list("pk", "state")) == before


def test_a_dry_run_copies_nothing(call: Any, source: str):
    told = call(source, "--dry-run")
    assert (told.exit_code, told.output) == (0, "would copy 6 versions of 4 subjects\n")
    assert not Contract.objects.exists()


def test_what_is_no_registry_is_said_and_no_mode_stays_behind(call: Any, source: str, live_server: Any):
    assert call("nowhere").exit_code == 2
    assert call("http://127.0.0.1:9").exit_code == 5
    assert call(f"{live_server.url}/healthz").exit_code == 5
    assert call(source, "--source-user", "a:wrong").exit_code == 3
