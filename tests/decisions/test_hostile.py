"""Whatever the text, there is a record of it, soon, and none of it is lost."""

import dataclasses
import time
from datetime import date

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from governance.decisions import STATUSES, Link, ParsedDecision, parse, render
from governance.decisions.linking import MOST_LINKS
from tests.decisions.test_parse import CASES

PIECES = st.sampled_from(
    ["# ", "## Status\n", "\n", "Status: ", "accepted", "superseded by ", "[12](0012-x.md)", "---\n", "| a | b |\n", "```\n", "<!--", "-->",
     "date: ", "2021-02-30", "99/99/9999", "* ", "**", "{", "}", "[", "]", "(", ")", "|", "Supersedes", "\t", "\r", "\x00", "\ud800", "é", "ADR-", "9" * 30,
     "=====\n", "-----\n", "> ", "~~", "`", "<td>", "![", "](", "+++\n", ": "]
)  # fmt: skip
TEXTS = st.one_of(st.text(max_size=300), st.lists(PIECES, max_size=60).map("".join))
PATHS = st.one_of(
    st.text(max_size=40),
    st.sampled_from(["0001-a.md", "a/README.md", "x.rst", "x.adoc", "", "/", "..", "20210101-x.md"]),
)


@settings(max_examples=600, deadline=None)
@given(TEXTS, PATHS)
@example("---\n- a\n---\n", "x.md")
@example("---\nstatus: [a, {b: c}]\ntitle: {a: b}\ndate: true\n---\n", "x.md")
def test_no_text_is_refused_and_an_unedited_one_comes_back(text, path):
    found = parse(text, path)
    assert found.status in (None, *STATUSES)
    assert render(found) == text or not text
    assert isinstance(found.title, str)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "![" * 100_000,
        "*" * 200_000,
        "# " + "a" * 200_000,
        "Status: " + "superseded by " * 20_000,
        "Status: " + "[a](b.md) and " * 20_000,
        "## Status\n" + "* 2020-01-01 Accepted\n" * 20_000,
        "| a " * 50_000,
        "<!--" * 50_000,
        "<td>" * 50_000,
        "---\n" + "a: [" * 3_000 + "\n---\n",
        "\n" * 200_000,
        "* Deciders: " + "a, " * 60_000,
        "# a\n" * 40_000,
        "(" * 2_000 + "\n" + "Supersedes " * 10_000,
        "    1 " * 40_000,
    ],
    ids=lambda text: text[:12],
)
def test_a_hostile_text_takes_no_longer_than_its_size_deserves(text):
    took = []
    for part in (text[: len(text) // 2], text):
        begun = time.process_time()
        parse(part, "0001-x.md")
        took.append(time.process_time() - begun)
    assert took[1] < min(3 * took[0] + 0.5, 10)


def test_a_file_of_ranges_takes_about_as_long_as_any_other():
    row = "Supersedes: " + ", ".join(f"ADR-{n} to ADR-{n + 49}" for n in range(1, 5_000, 50)) + "\n"
    ranges = row * (500_000 // len(row))
    links = " ".join(f"[ADR-{n}](000{n}-x.md)," for n in range(100, 110))
    plain = f"Supersedes: {links}\n" * (len(ranges) // (len(links) + 13))
    took = []
    for text in (plain, ranges):
        begun = time.process_time()
        found = parse(f"# 1. Keep a ledger\n\n{text}", "0001-x.md")
        took.append(time.process_time() - begun)
    assert len(found.links) == MOST_LINKS
    assert took[1] < 3 * took[0] + 0.5


NAMES = st.lists(st.from_regex(r"[A-Z][a-z]{1,8} [a-z]{1,8}", fullmatch=True), min_size=1, max_size=3, unique=True)


@settings(max_examples=200, deadline=None)
@given(
    st.from_regex(r"[A-Z][a-z]{1,10}( [a-z#+]{1,9}){1,4}", fullmatch=True),
    st.sampled_from([status for status in STATUSES if status != "superseded"]),
    st.dates(date(1990, 1, 1), date(2090, 1, 1)),
    st.dictionaries(st.sampled_from(["decision-makers", "consulted", "informed"]), NAMES.map(tuple)),
    st.lists(st.integers(1, 999), unique=True, max_size=3),
)
def test_what_is_written_anew_is_read_as_it_was_meant(title, status, day, people, others):
    links = tuple(Link("supersedes", number, "", f"ADR-{number:04d}", "supersedes") for number in others)
    record = ParsedDecision(
        path="1000-x.md",
        source="",
        number=1000,
        title=title,
        status=status,
        date=day,
        people=people,
        links=links,
        body="Because.\n",
    )
    again = parse(render(record), record.path)
    assert (again.number, again.title, again.status, again.date) == (1000, title, status, day)
    assert dict(again.people) == people
    assert {(link.kind, link.number) for link in again.links} == {("supersedes", number) for number in others}
    assert again.body == "Because.\n"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_edited_record_keeps_everything_else(case):
    before = parse(case.text, case.path)
    after = parse(
        render(dataclasses.replace(before, title="Say it otherwise", date=date(2030, 1, 2))),
        case.path.replace(".rst", ".md").replace(".adoc", ".md"),
    )
    assert (after.title, after.date, after.status) == ("Say it otherwise", date(2030, 1, 2), before.status)
    assert after.number == before.number
    assert after.people == before.people
    assert {(link.kind, link.number) for link in before.links} <= {(link.kind, link.number) for link in after.links}
