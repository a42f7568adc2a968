"""Reports that are kept: the same answer, no more of them than there is room for, and no error."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from governance.contracts import InvalidSchema, formats, kept
from governance.contracts.formats import compare_formats
from governance.contracts.openapi import comparing as openapi

TEXT, NUMBER = ("jsonschema", {"type": "string"}), ("jsonschema", {"type": "integer"})


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    told: list[object] = []
    compare = formats._compared
    monkeypatch.setattr(formats, "_compared", lambda *pair: told.append(pair) or compare(*pair))
    return told


def test_the_same_question_is_answered_once(asked: list[object]):
    first = compare_formats(TEXT, NUMBER)
    assert compare_formats(("jsonschema", {"type": "string"}), NUMBER) is first
    assert len(asked) == 1


def test_what_differs_in_anything_that_counts_is_another_question(asked: list[object]):
    for old, new, level, policy in (
        (TEXT, NUMBER, "BACKWARD", "strict"), (NUMBER, TEXT, "BACKWARD", "strict"), (TEXT, NUMBER, "FULL", "strict"),
        (TEXT, NUMBER, "BACKWARD", "tolerant"), (("avro", "string"), ("avro", "int"), "BACKWARD", "strict"),
        (("jsonschema", {"const": 1}), ("jsonschema", {"const": True}), "BACKWARD", "strict"),
        (("jsonschema", {"const": 1}), ("jsonschema", {"const": 1.5}), "BACKWARD", "strict"),
    ):  # fmt: skip
        report = compare_formats(old, new, level=level, policy=policy)
        assert (report.level, report.verdict) == (level, "breaking")
    assert len(asked) == 7


def test_avro_tells_a_number_from_the_same_one_with_a_point():
    old = ("avro", {"type": "record", "name": "R", "fields": []})
    for default, verdict in ((1, "safe"), (1.0, "breaking")):
        fields = [{"name": "n", "type": "int", "default": default}]
        assert compare_formats(old, ("avro", {"type": "record", "name": "R", "fields": fields})).verdict == verdict


def test_an_api_is_asked_about_anew_each_day(monkeypatch: pytest.MonkeyPatch):
    going = {"deprecated": True, "x-sunset": "2030-01-01", "responses": {"200": {"description": "ok"}}}
    whole = {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {"/a": {"get": going}}}
    told = []
    for day in (datetime(2029, 12, 31, tzinfo=UTC), datetime(2030, 1, 2, tzinfo=UTC)):
        at = type("At", (datetime,), {"now": classmethod(lambda cls, zone, day=day: day)})
        monkeypatch.setattr(formats, "datetime", at)
        monkeypatch.setattr(openapi, "datetime", at)
        told.append(compare_formats(("openapi", whole), ("openapi", {**whole, "paths": {}})).verdict)
    assert told == ["breaking", "safe"]


def test_an_error_is_told_each_time():
    for _ in range(2):
        with pytest.raises(InvalidSchema, match="new schema"):
            compare_formats(TEXT, ("jsonschema", {"type": "nothing"}))
    deep: dict[str, object] = {}
    for _ in range(3_000):
        deep = {"not": deep}
    with pytest.raises(InvalidSchema, match="nested"):
        compare_formats(TEXT, ("jsonschema", deep))


def test_the_oldest_goes_when_there_is_no_room(asked: list[object]):
    for most in range(kept.MOST + 1):
        compare_formats(TEXT, ("jsonschema", {"maxLength": most}))
    compare_formats(TEXT, ("jsonschema", {"maxLength": kept.MOST}))
    assert len(asked) == kept.MOST + 1
    compare_formats(TEXT, ("jsonschema", {"maxLength": 0}))
    assert len(asked) == kept.MOST + 2
