"""Files of decisions and runbooks are read for what they say; what can't be read is named with its place."""

from datetime import date
from pathlib import Path

import pytest

from governance.decisions import files as decision_files
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


def test_a_decision_file_gives_number_slug_status_and_what_else_it_says():
    text = """---
status: superseded by ADR-0004
date: 2026-01-02
owner: checkout
workflows: order-fulfilment
supersedes: 1
decision-makers: [a, b]
---
# Use a saga

Because.
"""
    file = decision_files.parse("0003-use-a-saga", text)
    assert (file.number, file.slug, file.title) == (3, "use-a-saga", "Use a saga")
    assert (file.status, file.superseded_by, file.supersedes) == ("superseded", 4, (1,))
    assert (file.date, file.owner, file.workflows) == (date(2026, 1, 2), "checkout", ("order-fulfilment",))
    assert file.body == "Because.\n"
    assert file.rest == {"decision-makers": ["a", "b"]}
    assert file.notices == ()


def test_a_decision_file_that_says_nothing_still_loads():
    file = decision_files.parse("why-we-wait", "Just text.")
    assert (file.number, file.slug, file.title, file.status) == (0, "why-we-wait", "Why we wait", "draft")


@pytest.mark.parametrize("status", ["✅ Accepted!", "**accepted**", "in discussion", "42"])
def test_a_status_in_other_words_is_kept_and_said(status):
    file = decision_files.parse("x", f'---\nstatus: "{status}"\n---\n')
    assert file.status == "draft"
    assert file.rest["status"] == status
    assert status in file.notices[0]


def test_a_status_in_capitals_is_understood():
    assert decision_files.parse("x", "---\nstatus: Accepted\n---\n").status == "accepted"


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ("number: zero", "x.md: number must be a whole number"),
        ("number: 0", "x.md: number must be a whole number"),
        ("number: true", "x.md: number must be a whole number"),
        ("supersedes: [a]", "x.md: supersedes must be a list of numbers"),
        ("date: yesterday", "x.md: date is 'yesterday'; write the date as 2026-11-30"),
        ("date: 30/11/2026", "write the date as"),
        ("workflows: [1]", "x.md: workflows must be a list of names"),
        ("owner: [a]", "x.md: owner must be a text"),
    ],
)
def test_a_value_of_the_wrong_shape_is_named(head, message):
    with pytest.raises(Unreadable, match=message):
        decision_files.parse("x", f"---\n{head}\n---\n")


@pytest.mark.parametrize("stem", ["Über", "a b", "0001-", "12", "-x", "x" * 64, "a/b", "a#b"])
def test_a_file_name_that_no_manifest_could_name_is_refused(stem):
    with pytest.raises(Unreadable, match="can't be a name"):
        decision_files.parse(stem, "")


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
    parsed = [decision_files.parse(path.stem, path.read_text()) for path in (EXAMPLES / "decisions").glob("*.md")]
    parsed += [runbook_files.parse(path.stem, path.read_text()) for path in (EXAMPLES / "runbooks").glob("*.md")]
    assert len(parsed) > 8
    assert all(file.notices == () and file.owner and file.body for file in parsed)


def test_the_pure_lists_of_statuses_are_those_of_the_models():
    assert tuple(Decision.Status.values) == decision_files.STATUSES
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
