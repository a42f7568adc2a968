"""The audit page, its files, its endpoint and its commands: what they show, how they are cut, and that they stay fast."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from governance.models import AuditEntry, AuditVerification
from governance.services.audit import record
from governance.services.auditing import keep, verify
from orchestration import clock
from orchestration.models import Team
from portal.models import User
from tests.docs.documents import ROOT, blocks
from tests.people import person, token_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader() -> Client:
    client = Client()
    client.force_login(person("viewer", Team.objects.create(name="checkout")))
    return client


def tell(name: str = "checkout", **more: object) -> AuditEntry:
    given = {"action": "changed", "kind": "team", "actor": None, "reason": "because", **more}
    return record(name=name, **given)


def names(answer) -> list[str]:
    return [row.entry.object_name for row in answer.context["rows"]]


def test_the_page_has_who_what_why_and_the_difference(reader: Client):
    actor = User.objects.create(username="ana")
    tell(
        actor=actor, via="token deploy", reason="<b>moved</b>",
        before={"owner": "checkout", "text": "x" * 300}, after={"owner": "payments", "text": "y" * 300, "tier": 2},
    )  # fmt: skip
    html = reader.get("/audit/").content.decode()
    for words in ("ana", "by token deploy", "&lt;b&gt;moved&lt;/b&gt;", "payments", "300 characters, sha256", "tier"):
        assert words in html
    assert "x" * 100 not in html


def test_the_newest_stand_first_and_pages_follow_each_other(reader: Client):
    for number in range(120):
        tell(f"n{number}")
    first = reader.get("/audit/")
    assert names(first) == [f"n{number}" for number in range(119, 69, -1)]
    tell("meanwhile")
    second = reader.get("/audit/" + first.context["next_url"])
    assert names(second) == [f"n{number}" for number in range(69, 19, -1)], "what comes meanwhile moves nothing"
    third = reader.get("/audit/" + second.context["next_url"])
    assert (len(names(third)), third.context["next_url"]) == (20, "")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("actor=ana", ["b"]),
        ("actor=system&action=deleted", ["c"]),
        ("kind=workflow", ["b"]),
        ("name=a", ["a"]),
        ("kind=team&name=b", []),
        ("from=2026-11-18", ["c", "b"]),
        ("to=2026-11-17", ["a"]),
        ("from=2026-11-18&to=2026-11-18", ["b"]),
        ("from=2026-11-18T09:00&to=2026-11-18T09:01", ["b"]),
        ("from=2030-01-01", []),
    ],
)
def test_each_filter_leaves_what_fits(reader: Client, monkeypatch: pytest.MonkeyPatch, query: str, found: list[str]):
    ana = User.objects.create(username="ana")
    told = ({"name": "a"}, {"name": "b", "actor": ana, "kind": "workflow"}, {"name": "c", "action": "deleted"})
    for day, one in zip((17, 18, 19), told, strict=True):
        monkeypatch.setattr(clock, "now", lambda day=day: datetime(2026, 11, day, 9, tzinfo=UTC))
        tell(**one)
    monkeypatch.undo()
    assert names(reader.get(f"/audit/?{query}")) == found
    lines = b"".join(reader.get(f"/audit/export.jsonl?{query}").streaming_content).splitlines()
    assert [json.loads(line)["name"] for line in lines] == found[::-1], "a file begins with the oldest"


def test_a_day_is_the_readers_own(reader: Client, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 11, 17, 23, 30, tzinfo=UTC))
    tell("late")
    monkeypatch.undo()
    User.objects.update(time_zone="Europe/Zurich")
    assert names(reader.get("/audit/?from=2026-11-18")) == ["late"]


def test_a_filter_that_can_not_be_read_is_named_and_nothing_is_shown(reader: Client):
    tell()
    for query, words in (
        ("from=yesterday", "From &#x27;yesterday&#x27; is no time"),
        ("cursor=x", "The cursor is not one"),
    ):
        answer = reader.get(f"/audit/?{query}")
        assert (answer.status_code, names(answer)) == (422, [])
        assert words in answer.content.decode()
    assert reader.get("/audit/export.csv?from=x").status_code == 422
    assert reader.get("/audit/?actor=").headers["Location"] == "/audit/"


def test_the_badge_says_how_the_chain_stands_and_since_when(reader: Client):
    assert "Chain not verified yet" in reader.get("/audit/").content.decode()
    tell()
    tell()
    keep(verify())
    AuditVerification.objects.update(at=clock.now() - timedelta(minutes=12, seconds=5))
    assert "Chain verified 12 min ago, 2 entries" in reader.get("/audit/").content.decode()
    AuditVerification.objects.update(at=clock.now() - timedelta(hours=4, seconds=5))
    assert "Chain last verified 4 h ago, 2 entries" in reader.get("/audit/").content.decode()
    AuditVerification.objects.update(problem="entry 2: the entry is missing")
    html = reader.get("/audit/").content.decode()
    assert "Chain broken" in html
    assert "Entry 2: the entry is missing." in html


def test_a_page_costs_a_fixed_number_of_queries(reader: Client, django_assert_num_queries):
    for number in range(60):
        tell(f"n{number}", after={"a": 1})
    # Session, user, roles, entries, verification, the words of two selects, saved views, teams that are and that were.
    with django_assert_num_queries(10):
        reader.get("/audit/")
    with django_assert_num_queries(12):
        reader.get("/audit/?from=2020-01-01&to=2030-01-01&kind=team")


def test_a_csv_file_has_a_head_and_no_cell_that_a_spreadsheet_would_run(reader: Client):
    tell("=1+1", reason='a "quoted", word', before={"a": "x"}, after={"a": "ü"})
    answer = reader.get("/audit/export.csv")
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))
    assert (rows[0]["name"], rows[0]["reason"], rows[0]["after"]) == ("'=1+1", 'a "quoted", word', '{"a": "ü"}')
    assert answer["Content-Disposition"].startswith('attachment; filename="plumbline-audit-2')


def test_a_jsonl_file_proves_itself_outside_by_the_documents_program(reader: Client):
    tell("ü", after={"n": 1.5, "list": [1, None]})
    tell("b")
    file = b"".join(reader.get("/audit/export.jsonl").streaming_content)
    (program,) = blocks(ROOT / "docs" / "audit.md", "python")
    for text, code in ((file, 0), (file.replace(b'"b"', b'"c"'), 1), (file.split(b"\n", 1)[1], 1)):
        done = subprocess.run([sys.executable, "-c", program], input=text, check=False, capture_output=True)
        assert done.returncode == code, done.stderr


def test_the_endpoint_gives_keyset_pages_and_refuses_unknown_filters(reader: Client):
    for number in range(5):
        tell(f"n{number}")
    secret = token_for(User.objects.get(), verbs=[])
    headers = {"Authorization": f"Bearer {secret}"}
    first = Client().get("/api/v1/audit?limit=2&kind=team", headers=headers).json()
    assert [item["name"] for item in first["items"]] == ["n4", "n3"]
    second = Client().get(f"/api/v1/audit?limit=9&cursor={first['next']}", headers=headers).json()
    assert ([item["name"] for item in second["items"]], second["next"]) == (["n2", "n1", "n0"], None)
    assert first["items"][0]["previous"] == first["items"][1]["hash"]
    assert Client().get("/api/v1/audit?object=x", headers=headers).status_code == 422
    assert Client().get("/api/v1/audit?cursor=x", headers=headers).status_code == 422
    assert Client().get("/api/v1/audit").status_code == 401


def test_the_command_writes_the_same_files(capsys):
    tell("a")
    call_command("export_audit")
    assert json.loads(capsys.readouterr().out)["name"] == "a"
    call_command("export_audit", format="csv", since="2100-01-01")
    assert capsys.readouterr().out.splitlines() == [
        "sequence,at,actor,via,action,kind,name,reason,before,after,previous,hash"
    ]
    with pytest.raises(CommandError, match="is no time"):
        call_command("export_audit", since="yesterday")
