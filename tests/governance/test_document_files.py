"""Files of decisions and runbooks are read for what they say; what can't be read is named with its place."""

from datetime import date
from pathlib import Path

import pytest

from governance.decisions import STATUSES
from governance.decisions import parse as parse_decision
from governance.front_matter import MAX_FRONT_MATTER, Unreadable, split, take_title
from governance.models import Decision, Runbook
from governance.runbooks import files as runbook_files
from governance.runbooks.freshness import Freshness, freshness

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_front_matter_and_body_are_told_apart():
    parts = split("---\na: 1\nb: [x, y]\n---\n\n# T\n\ntext\n---\n", "f")
    assert parts.values == {"a": 1, "b": ["x", "y"]}
    assert parts.body == "\n# T\n\ntext\n---\n"


@pytest.mark.parametrize("text", ["", "# T\n", "no front matter\n---\n", "--- not\n---\n", "----\na: 1\n----\n"])
def test_a_file_without_front_matter_is_all_body(text):
    assert split(text, "f").values == {}
    assert split(text, "f").body == text


def test_windows_line_ends_and_a_byte_order_mark_make_no_difference():
    assert split("\ufeff---\r\na: 1\r\n---\r\nx\r\n", "f") == split("---\na: 1\n---\nx\n", "f")


def test_empty_front_matter_is_none():
    assert split("---\n---\nx", "f").values == {}
    assert split("---\n# a comment\n---\nx", "f").body == "x"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("---\na: [1\n---\n", r"^f:\d+:\d+: "),
        ("---\na: 1\na: 2\n---\n", r"^f:3:\d+: "),
        ("---\n- a\n---\n", r"^f:2:1: the front matter must be `key: value`"),
        ("---\n!!python/object:os.system {}\n---\n", r"^f:\d+:\d+: "),
        ("---\na: " + "x" * MAX_FRONT_MATTER + "\n---\n", "longer than 16,000"),
    ],
)
def test_unreadable_front_matter_is_named_with_its_place(text, message):
    with pytest.raises(Unreadable, match=message):
        split(text, "f")


def test_a_yaml_bomb_is_refused():
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(9)
    )
    with pytest.raises(Unreadable):
        split(f"---\n{bomb}---\n", "f")


@pytest.mark.parametrize(
    ("body", "title", "rest"),
    [
        ("\n# A title #\n\ntext", "A title", "text"),
        ("# 1. A title\ntext", "1. A title", "text"),
        ("## No title\n", "", "## No title\n"),
        ("text\n# Later\n", "", "text\n# Later\n"),
        ("# Only", "Only", ""),
    ],
)
def test_a_leading_title_is_taken_out_of_the_body(body, title, rest):
    assert take_title(body) == (title, rest)


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ("title: [a]", "x.md: title must be a text"),
        ("review_by: yesterday", "x.md: review_by is 'yesterday'; write the date as 2026-11-30"),
        ("review_by: 30/11/2026", "write the date as"),
        ("workflows: [1]", "x.md: workflows must be a list of names"),
        ("owner: [a]", "x.md: owner must be a text"),
    ],
)
def test_a_value_of_the_wrong_shape_is_named(head, message):
    with pytest.raises(Unreadable, match=message):
        runbook_files.parse("x", f"---\n{head}\n---\n")


@pytest.mark.parametrize("stem", ["Über", "a b", "0001-", "12", "-x", "x" * 64, "a/b", "a#b"])
def test_a_file_name_that_no_manifest_could_name_is_refused(stem):
    with pytest.raises(Unreadable, match="can't be a name"):
        runbook_files.parse(stem, "")


def test_a_runbook_file_gives_title_review_date_and_links():
    file = runbook_files.parse(
        "payments-slow",
        "---\ntitle: Payments is slow\nowner: payments\nworkflows: [a]\ndependencies: [b, b]\nreview_by: 2027-01-31\n"
        "alert: PaymentsSlow\n---\n\n## Meaning\n",
    )
    assert (file.slug, file.title, file.owner, file.status) == (
        "payments-slow",
        "Payments is slow",
        "payments",
        "active",
    )
    assert (file.workflows, file.dependencies, file.review_by) == (("a",), ("b",), date(2027, 1, 31))
    assert file.body == "## Meaning\n"
    assert file.rest == {"alert": "PaymentsSlow"}


def test_every_example_is_readable_without_a_notice():
    decisions = [parse_decision(path.read_text(), path.name) for path in (EXAMPLES / "decisions").glob("*.md")]
    runbooks = [runbook_files.parse(path.stem, path.read_text()) for path in (EXAMPLES / "runbooks").glob("*.md")]
    assert len(decisions) + len(runbooks) > 8
    assert all(file.warnings == () and file.number and file.status and file.date and file.body for file in decisions)
    assert all(file.notices == () and file.owner and file.body for file in runbooks)


def test_the_pure_lists_of_statuses_are_those_of_the_models():
    assert tuple(Decision.Status.values) == STATUSES
    assert tuple(Runbook.Status.values) == runbook_files.STATUSES


@pytest.mark.parametrize(
    ("review_by", "expected"),
    [
        (None, Freshness.NO_REVIEW_DATE),
        (date(2026, 3, 9), Freshness.STALE),
        (date(2026, 3, 10), Freshness.DUE),
        (date(2026, 3, 24), Freshness.DUE),
        (date(2026, 3, 25), Freshness.FRESH),
    ],
)
def test_a_runbook_is_stale_from_the_day_after_its_review_date(review_by, expected):
    assert freshness(review_by, date(2026, 3, 10)) is expected
