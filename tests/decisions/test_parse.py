"""Each record, in whichever style, is read for what it states; and is given back byte by byte."""

import pytest

from governance.decisions import parse, render
from tests.decisions import cases_adr_tools, cases_madr, cases_others, cases_seen, cases_whole
from tests.decisions.case import Case

CASES = [*cases_madr.CASES, *cases_adr_tools.CASES, *cases_others.CASES, *cases_seen.CASES, *cases_whole.CASES]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_record_is_read_for_what_it_states(case: Case):
    found = parse(case.text, case.path)
    assert (found.number, found.title, found.status) == (case.number, case.title, case.status)
    assert found.date == case.day
    assert sorted((link.kind, link.number or 0) for link in found.links) == sorted((k, n or 0) for k, n in case.links)
    assert dict(found.people) == case.people
    assert found.is_record, found.reason
    if case.raw is not None:
        assert found.raw_status == case.raw
    if case.warns:
        assert any(case.warns in warning and case.path in warning for warning in found.warnings)
    else:
        assert found.warnings == ()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_unedited_record_is_its_source(case: Case):
    assert render(parse(case.text, case.path)) == case.text


def test_there_are_as_many_cases_as_styles_need():
    assert len(CASES) >= 100
    assert len({case.name for case in CASES}) == len(CASES)
