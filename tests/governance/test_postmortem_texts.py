"""The sections of a postmortem's text: found however they are written, and what is missing before publishing."""

import pytest

from governance.postmortems.sections import missing, parse, skeleton
from tests.governance.incidents import GOOD_TEXT


def test_each_point_of_a_section_is_found():
    found = parse(GOOD_TEXT)
    assert found.summary == "Charges hung for half an hour."
    assert found.factors == ("The provider was slow.", "Nobody is told before the budget burns.")
    assert found.well == ("The saga refunded by key.",)
    assert found.lucky == ("It was night.",)
    assert missing(found) == []


@pytest.mark.parametrize(
    "written",
    [
        "* one\n* two", "1. one\n2. two", "1) one\n\n2) two", "### one\n\n### two", "+ one\n+ two\n",
        "Words before.\n\n- one\n- two", "- one\r\n- two\r\n",
    ],
)  # fmt: skip
def test_factors_may_be_written_in_any_list_or_as_headings(written: str):
    assert parse(f"## Contributing factors\n\n{written}").factors == ("one", "two")


def test_a_point_keeps_the_lines_below_it():
    assert parse("## Factors\n- one\n  and more\n- two").factors == ("one\nand more", "two")


def test_a_heading_within_code_is_no_section():
    body = "## Summary\n\n```\n## Contributing factors\n- no\n```\n\n## Contributing factors\n- yes\n"
    assert parse(body).factors == ("yes",)


def test_a_root_cause_is_answered_with_what_to_write_instead():
    (notice,) = parse("## Root cause\n\nThe database.").notices
    assert "several contributing factors" in notice


@pytest.mark.parametrize("body", ["", "## Summary\n\nx\n\n## Contributing factors\n\n- one", skeleton(), "\x00", "## "])
def test_what_is_missing_is_named(body: str):
    assert any("contributing factors" in fault for fault in missing(parse(body)))


def test_the_skeleton_has_no_point_yet():
    found = parse(skeleton("It hung."))
    assert (found.summary, found.factors, found.well, found.lucky) == ("It hung.", (), (), ())
