"""`plumbline check openapi` and `check avro`: two files, without a portal; and the exit codes of each answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.contracts.openapi.documents import ORDER, api, asking

YAML = """\
openapi: 3.1.0
paths:
  /orders:
    post:
      requestBody: {required: true, content: {application/json: {schema: {type: object, required: [id]}}}}
      responses:
        201: {description: made}
"""


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def make(name: str, document: Any) -> str:
        Path(name).write_text(document if isinstance(document, str) else json.dumps(document))
        return name

    return make


@pytest.mark.parametrize(
    ("revision", "code", "word"),
    [
        (asking({**ORDER, "properties": {**ORDER["properties"], "gift": {}}}), 0, "safe"),
        (asking({**ORDER, "required": ["id", "note"]}), 1, "breaking"),
        (api(), 3, "undecided"),
    ],
)
def test_two_files_are_compared_without_a_portal(cli, write, revision: Any, code: int, word: str):
    result = cli(
        "check",
        "openapi",
        write("a.json", asking(ORDER)),
        write("b.json", revision),
        PLUMBLINE_URL="http://127.0.0.1:1",
    )
    assert (result.exit_code, result.stdout.split(":")[0]) == (code, word), result.output
    if code == 1:
        assert (
            "✗ POST /orders: request body: 'note' is now required  [request-body-required-added /paths/"
            in result.stdout
        )
        assert 'breaks with: {"' in result.stdout
        assert "at POST /orders: request body" in result.stdout


def test_yaml_is_read_like_json_and_the_answer_is_one_document(cli, write):
    result = cli(
        "check", "openapi", write("a.yaml", YAML), write("b.yaml", YAML.replace("[id]", "[id, note]")), "--json"
    )
    assert result.exit_code == 1, result.output
    answer = json.loads(result.stdout)
    assert (answer["verdict"], answer["takes"]) == ("breaking", "major")
    assert [one["rule"] for one in answer["findings"]] == ["request-body-required-added"]
    assert "note" not in answer["witness"]


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ("{", "a.json: is neither JSON nor YAML"),
        ({"swagger": "2.0"}, "base: /openapi: swagger '2.0' is not read; convert the document to OpenAPI 3.0 or 3.1"),
    ],
)
def test_what_can_not_be_read_is_refused_with_its_place(cli, write, document: Any, told: str):
    result = cli("check", "openapi", write("a.json", document), write("b.json", api()))
    assert result.exit_code == 2
    assert told in result.output
    assert cli("check", "openapi", "gone.json", "b.json").exit_code == 2


def test_two_avro_schemas_are_compared_in_the_direction_that_is_asked(cli, write):
    old, new = write("old.avsc", "int"), write("new.avsc", '"long"')
    assert cli("check", "avro", old, new).exit_code == 0
    result = cli("check", "avro", old, new, "--level", "FORWARD")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "breaking: old.avsc → new.avsc",
        "  ✗ /: the old schema can't read what the new one writes: int can't read long  [type-changed /]",
    ]
    assert cli("check", "avro", old, write("odd.avsc", "{}")).exit_code == 2


def test_names_and_days_of_yaml_are_the_texts_that_json_has(cli, write):
    said = "{const: {2: a, true: b, null: c, 2026-01-31: d, 1.5: e}, default: 2026-01-31, patternProperties: {1: {}}}"
    whole = YAML.replace("{type: object, required: [id]}", said)
    names = {"2": "a", "true": "b", "null": "c", "2026-01-31": "d", "1.5": "e"}
    same = asking({"const": names, "default": "2026-01-31", "patternProperties": {"1": {}}})
    result = cli("check", "openapi", write("a.yaml", whole), write("b.json", same))
    assert (result.exit_code, result.stdout.split(":")[0]) == (0, "safe"), result.output
    assert "request-body" not in result.stdout
