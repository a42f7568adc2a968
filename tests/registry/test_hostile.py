"""Hostile input to every endpoint of the registry: an error in its shape, never a fault of ours, and nothing is written."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from governance.models import RegisteredSchema, SubjectVersion
from tests.registry.conftest import RECORD, Caller

pytestmark = pytest.mark.django_db
NAMES = [
    "\0",
    "a\0b",
    "../../etc/passwd",
    "%",
    "'; DROP TABLE x; --",
    "<script>",
    "a" * 5000,
    "\u202e",
    " ",
    "\n",
    "ä/ö?#",
    "{}",
    "-1",
    "\ud7ff",
]
NUMBERS = ["0", "-1", "-2", "1e3", "9" * 40, "٣", "latest ", "NaN", "0x1", "\0", "None"]
DEEP = "[" * 100_000
BODIES: list[Any] = [
    None, [], "text", 3, True, {"schema": None}, {"schema": []}, {"schema": ""}, {"schema": "\0"}, {"schema": "{"}, {"schema": DEEP},
    {"schema": '{"a":' * 5000 + "1" + "}" * 5000, "schemaType": "JSON"}, {"schema": "NaN", "schemaType": "JSON"},
    {"schema": '{"const": "\\u0000"}', "schemaType": "JSON"}, {"schema": '{"const": "\\ud800"}', "schemaType": "JSON"},
    {"schema": '{"$schema": "http://example.org/other"}', "schemaType": "JSON"}, {"schema": '{"$ref": "file:///etc/passwd"}', "schemaType": "JSON"},
    {"schema": '{"$ref": "http://127.0.0.1:1/x"}', "schemaType": "JSON"}, {"schema": '{"type": "nope"}', "schemaType": "JSON"},
    {"schema": '{"pattern": "(a+)+$("}', "schemaType": "JSON"}, {"schema": "[" + ",".join(["true"] * 10) + "]", "schemaType": "JSON"},
    {"schema": "1e999", "schemaType": "JSON"}, {"schema": "9" * 5000, "schemaType": "JSON"},
    {"schema": '"string"', "schemaType": "PROTOBUF"}, {"schema": '"string"', "schemaType": "x" * 10_000}, {"schema": '"string"', "id": -5},
    {"schema": '"string"', "id": 2**63}, {"schema": '"string"', "version": 10**30}, {"schema": '"string"', "id": True},
    {"schema": '"string"', "references": [None]}, {"schema": '"string"', "references": {"a": 1}},
    {"schema": '"string"', "references": [{"name": "a\0", "subject": "b\0", "version": 1}]},
    {"schema": '"string"', "references": [{"name": "a", "subject": "nobody", "version": 2**40}]},
    {"schema": '{"type":"record","name":"r","fields":[{"name":"a","type":"r2"}]}'}, {"schema": '{"type":"enum","name":"e","symbols":{}}'},
    {"schema": '{"type":"fixed","name":"f","size":-1}'}, {"schema": '{"type":{"type":{"type":[]}}}'}, {"schema": '{"type":"array"}'},
    {"schema": json.dumps({"type": "record", "name": "r", "fields": [{"name": "a", "type": {"type": "map"}}]})},
    {"schema": "x" * 1_100_000, "schemaType": "JSON"}, {"schema": '"string"', "metadata": {"properties": {"a": "\0"}}},
    {"schema": '"string"', "metadata": {"properties": []}}, {"compatibility": "\0"}, {"compatibility": {}}, {"mode": "\0"}, {"mode": []}, {},
]  # fmt: skip
POSTS = [
    "/subjects/{0}", "/subjects/{0}/versions", "/compatibility/subjects/{0}/versions", "/compatibility/subjects/{0}/versions/latest",
]  # fmt: skip
READS = [
    "/subjects/{0}/versions", "/subjects/{0}/versions/latest", "/subjects/{0}/versions/1/schema", "/subjects/{0}/versions/1/referencedby",
    "/subjects/{0}/metadata?key=a", "/config/{0}", "/mode/{0}", "/subjects?subjectPrefix={0}", "/schemas?subjectPrefix={0}",
]  # fmt: skip


def well_told(answer: Any) -> None:
    """A success, or an error in the shape of the API."""
    assert answer.status < 500, answer
    if answer.status >= 400:
        assert set(answer.body) == {"error_code", "message"}, answer
        assert isinstance(answer.body["error_code"], int)
        assert str(answer.body["error_code"])[:3] == str(answer.status)
        assert len(answer.body["message"]) < 4_000


@pytest.mark.parametrize("path", POSTS)
def test_every_body_gets_an_answer_in_shape(admin: Caller, path: str):
    admin.register("orders", RECORD)
    before = RegisteredSchema.objects.count(), SubjectVersion.objects.count()
    for body in BODIES:
        answer = admin.ask("POST", path.format("orders"), json.dumps(body).encode("utf-8", "surrogatepass"))
        well_told(answer)
        if path == POSTS[1]:
            assert answer.status in (200, 409, 422), (str(body)[:100], answer)
    if path != POSTS[1]:
        assert (RegisteredSchema.objects.count(), SubjectVersion.objects.count()) == before


@pytest.mark.parametrize("path", ["/config", "/config/orders", "/mode", "/mode/orders"])
def test_rules_of_any_shape_get_an_answer_in_shape(admin: Caller, path: str):
    for body in BODIES:
        well_told(admin.ask("PUT", path, json.dumps(body).encode("utf-8", "surrogatepass")))
    for raw in (b"", b"\xff\xfe", b"{", b'{"compatibility": "FULL"', b"\0", b'{"compatibility": 1e999}', DEEP.encode()):
        well_told(admin.ask("PUT", path, raw))
    well_told(admin.ask("PUT", path, b"{}", kind="application/json; charset=nothing"))


@pytest.mark.parametrize("path", READS)
def test_every_name_gets_an_answer_in_shape(admin: Caller, path: str):
    for name in NAMES:
        well_told(admin.get(path.format(quote(name, safe=""))))


def test_every_name_can_be_refused_or_registered_and_deleted(admin: Caller):
    for name in NAMES:
        at = f"/subjects/{quote(name, safe='')}"
        well_told(admin.post(f"{at}/versions", {"schema": json.dumps(RECORD)}))
        well_told(admin.put(f"/config/{quote(name, safe='')}", {"compatibility": "NONE"}))
        well_told(admin.put(f"/mode/{quote(name, safe='')}", {"mode": "READONLY"}))
        well_told(admin.delete(f"/mode/{quote(name, safe='')}"))
        well_told(admin.delete(at))
        well_told(admin.delete(f"{at}?permanent=true"))


def test_every_number_gets_an_answer_in_shape(admin: Caller):
    admin.register("orders", RECORD)
    for number in NUMBERS:
        part = quote(number, safe="")
        for path in (
            f"/subjects/orders/versions/{part}", f"/subjects/orders/versions/{part}/schema", f"/subjects/orders/versions/{part}/referencedby",
            f"/schemas/ids/{part}", f"/schemas/ids/{part}/schema", f"/schemas/ids/{part}/subjects", f"/schemas/ids/{part}/versions",
            f"/subjects?offset={part}", f"/schemas?limit={part}",
        ):  # fmt: skip
            well_told(admin.get(path))
        well_told(admin.post(f"/compatibility/subjects/orders/versions/{part}", {"schema": json.dumps(RECORD)}))
        well_told(admin.delete(f"/subjects/none/versions/{part}?permanent=true"))
