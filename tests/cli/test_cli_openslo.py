"""`plumbline export openslo` and `import openslo`: what they ask, what they say, and how they end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from .portal_stub import Reply, problem

TEXT = "apiVersion: openslo/v1\nkind: SLO\n"
LINES = [
    {"source": "a.yaml", "document": 1, "kind": "SLO", "name": "one", "action": "create", "notes": ["page is off: x"], "problem": ""},
    {"source": "a.yaml", "document": 2, "kind": "SLO", "name": "two", "action": "refused", "notes": [], "problem": "only Occurrences"},
]  # fmt: skip


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    Path("a.yaml").write_text(TEXT)
    return "a.yaml"


def test_export_prints_the_documents_and_nothing_else(stub, cli):
    stub.on("GET", "/openslo", Reply(body={"text": TEXT, "objectives": 1}))
    result = cli("export", "openslo", "--team", "checkout")
    assert (result.exit_code, result.stdout) == (0, TEXT)
    assert stub.requests[-1].query == {"team": "checkout"}


def test_export_writes_a_file(stub, cli, file):
    stub.on("GET", "/openslo", Reply(body={"text": TEXT, "objectives": 1}))
    assert cli("export", "openslo", "-o", "out.yaml").exit_code == 0
    assert Path("out.yaml").read_text() == TEXT


@pytest.mark.parametrize(("refused", "code"), [(1, 1), (0, 0)])
def test_import_reports_each_document_and_says_no_where_one_was_refused(stub, cli, file, refused: int, code: int):
    stub.on("POST", "/openslo", Reply(body={"lines": LINES, "refused": refused}))
    result = cli("import", "openslo", file, "--reason", "r")
    assert result.exit_code == code
    for words in ("+ create one (a.yaml, document 1)", "· page is off: x", "✗ refused two", "only Occurrences"):
        assert words in result.stdout


def test_import_under_json_prints_the_report(stub, cli, file):
    answer: dict[str, Any] = {"lines": LINES, "refused": 0}
    stub.on("POST", "/openslo", Reply(body=answer))
    assert json.loads(cli("--json", "import", "openslo", file, "--reason", "r", "--dry-run").stdout) == answer


def test_a_refusal_of_the_portal_keeps_its_exit_code(stub, cli, file):
    stub.on("POST", "/openslo", problem(403, "no", "forbidden"))
    assert cli("import", "openslo", file, "--reason", "r").exit_code == 3
