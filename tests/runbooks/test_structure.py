"""Runbooks as structured text: what is read, what is warned of, and that nothing is lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.runbooks import ActionKind, parse, render
from governance.runbooks.actions import SHAPES, read
from governance.runbooks.reading import slug_from

EXAMPLES = sorted((Path(__file__).parents[2] / "examples/runbooks").glob("*.md"))
WHOLE = """---
title: Stock is late
owner: warehouse
workflows: [orders]
dependencies: stock
review_by: 2027-01-31
auto_start: {limit_per_hour: 2}
pager: yes please
---

## Meaning

Stock answers late.

1. This list explains, and asks nothing.

## Mitigation

1. **Do** Retry what failed.
   **Expect** All succeed.
   **If not** Ask the warehouse.
   **Action** retry-failed-runs workflow=orders step=reserve most=5
2. Wait.

```
1. **Do** not this: it is code
```

- **Do** Tell the shop.
  **Expect** It knows.
"""


def test_a_file_says_its_facts_its_sections_and_its_steps():
    found = parse(WHOLE, "books/stock-late.md")
    assert found.slug == "stock-late"
    facts = found.facts
    assert (facts.title, facts.owner, facts.workflows, facts.dependencies) == (
        "Stock is late", "warehouse", ("orders",), ("stock",),
    )  # fmt: skip
    assert (facts.review_by, facts.auto_start, found.rest) == (date(2027, 1, 31), 2, {"pager": "yes please"})
    assert [(section.title, section.kind) for section in found.sections] == [
        ("Meaning", "meaning"), ("Mitigation", "mitigation"),
    ]  # fmt: skip
    assert [(step.number, step.do) for step in found.steps] == [
        (1, "Retry what failed."), (2, "Wait."), (3, "Tell the shop."),
    ]  # fmt: skip
    first = found.steps[0]
    assert (first.expect, first.if_not, first.line) == ("All succeed.", "Ask the warehouse.", 19)
    assert first.action is not None
    assert first.action.parameters == {"workflow": "orders", "step": "reserve", "most": "5"}
    assert found.warnings == ()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples_have_steps_and_no_warning(path):
    found = parse(path.read_text(), path.name)
    assert found.steps
    assert all(step.do and step.expect and step.if_not for step in found.steps)
    assert not [step.action for step in found.steps if step.action and step.action.problem]
    assert found.warnings == ()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end_is_read_alike_and_given_back(end):
    text = WHOLE.replace("\n", end)
    found = parse(text, "x.md")
    assert render(found) == text
    if end != "\r":  # a front matter of lines that end so is none to any tool
        assert len(found.steps) == 3
        assert found.facts.owner == "warehouse"


_WORDS = st.sampled_from(
    ["---", "title: x", "auto_start: 9999", "owner: [", "# T ##", "## Meaning", "### Sub", "1. **Do** a", "   **Expect** b",
     "   **If not** c", "   **Action** retry-failed-runs workflow=x", "   **action:** nonsense", "2) x", "- **Do** y", "```",
     "> 1. **Do** z", "<!-- x", "| a | b |", "|---|---|", "    indented", "", "\ufeff", "\x00", "* * *", "Setext", "===", "\t- t"]
)  # fmt: skip
_TEXTS = st.one_of(
    st.text(max_size=300),
    st.lists(st.one_of(_WORDS, st.text(max_size=12)), max_size=40).flatmap(
        lambda lines: st.sampled_from(["\n", "\r\n", "\r"]).map(lambda end: end.join(lines))
    ),
)


@settings(max_examples=400, deadline=None)
@given(_TEXTS, st.sampled_from(["a.md", "", "Kube Down.md", "x/y.md"]))
def test_whatever_a_file_says_it_is_read_and_given_back_as_it_was(text, path):
    found = parse(text, path)
    assert render(found) == text
    lines = text.count("\n") + text.count("\r") + 1
    assert all(1 <= warning.line <= lines for warning in found.warnings)
    assert [step.number for step in found.steps] == list(range(1, len(found.steps) + 1))


def test_a_step_that_is_edited_is_written_anew_and_the_rest_stays():
    found = parse(WHOLE, "x.md")
    section = found.sections[1]
    edited = replace(section.steps[0], expect="Nine of ten succeed.")
    blocks = tuple(edited if block is section.steps[0] else block for block in section.blocks)
    text = render(replace(found, sections=(found.sections[0], replace(section, blocks=blocks))))
    again = parse(text, "x.md")
    assert again.steps[0].expect == "Nine of ten succeed."
    assert again.steps[0].action == section.steps[0].action
    assert [step.do for step in again.steps] == [step.do for step in found.steps]
    assert text.split("2. Wait.")[1] == WHOLE.split("2. Wait.")[1]


def test_facts_that_are_edited_are_written_anew_with_what_was_unknown():
    found = parse(WHOLE, "x.md")
    again = parse(render(replace(found, facts=replace(found.facts, owner="payments", auto_start=None))), "x.md")
    assert (again.facts.owner, again.facts.auto_start, again.rest) == ("payments", None, {"pager": "yes please"})
    assert again.steps == tuple(replace(step, line=step.line - 1) for step in found.steps)


def test_what_is_odd_is_kept_and_named_with_its_line():
    found = parse(
        "---\nstatus: brewing\nowner: [1, 2]\nreview_by: soon\nauto_start: 0\n---\n\n1. x\n   **Action** dance\n",
        "x.md",
    )
    assert (found.facts.status, found.raw_status, found.rest["status"]) == (None, "brewing", "brewing")
    assert [warning.line for warning in found.warnings] == [2, 3, 4, 5, 9]
    assert "there is no action 'dance'" in found.warnings[-1].message


def test_a_front_matter_that_can_not_be_read_is_text():
    found = parse("---\na: [1\n---\n\n1. Go.\n", "x.md")
    assert [step.do for step in found.steps] == ["Go."]
    assert found.warnings[0].message.startswith("kept as text")


@pytest.mark.parametrize("text", ["\r\n" * 50_000 + "x", "# a" + " " * 100_000 + "b", "1. " * 20_000, "> " * 20_000,
                                  "[" * 50_000, "**Do** " * 20_000, "---\n" * 20_000])  # fmt: skip
def test_no_text_takes_long(text):
    import time

    began = time.perf_counter()
    assert render(parse(text, "x.md")) == text
    assert time.perf_counter() - began < 5


@pytest.mark.parametrize(
    ("stem", "slug"),
    [("payments-slow", "payments-slow"), ("KubeAPIDown", "kube-api-down"), ("etcd NoLeader", "etcd-no-leader"),
     ("01_Disk full", "disk-full"), ("決済", ""), ("-", "")],
)  # fmt: skip
def test_a_name_is_made_of_a_files_own(stem, slug):
    assert slug_from(stem) == slug


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("retry-failed-runs workflow=orders", ""),
        ("`retry-failed-runs` workflow=orders error=http.503 within=2h most=10 automatic=yes.", ""),
        ('run-workflow workflow=settle input=`{"day": "2026-11-02"}`', ""),
        ("force-breaker dependency=payments state=forced_open for=1h", ""),
        ('call-webhook team=payments message="payments is slow"', ""),
        ("switch-flag flag=related-items to=off", ""),
        ("switch-flag flag=related-items", "needs to=…"),
        ("switch-flag flag=related-items to=maybe", "use one of on, off, declared"),
        ("", "names its action first"),
        ("roll-back-version workflow=orders", ""),
        ("roll-back-version", "needs workflow=…"),
        ("retry-failed-runs", "needs workflow=…"),
        ("retry-failed-runs workflow=orders colour=red", "has no parameter 'colour'"),
        ("retry-failed-runs workflow=orders most=1000", "from 1 to 100"),
        ("retry-failed-runs workflow=orders within=soon", "within: "),
        ("force-breaker dependency=payments state=ajar for=1h", "can't be forced"),
        ("retry-failed-runs workflow=orders and then some", "is no key=value"),
        ("retry-failed-runs workflow=orders automatic=maybe", "automatic is yes or no"),
    ],
)
def test_an_action_line_says_what_it_is_or_what_is_wrong_with_it(line, problem):
    found = read(line)
    assert problem in found.problem
    assert bool(found.problem) is bool(problem)
    if not problem:
        assert read(str(found)) == found


def test_every_kind_of_action_has_its_parameters():
    assert set(SHAPES) == set(ActionKind)


def test_marks_around_a_heading_do_not_hide_its_kind():
    text = "## **Meaning**\n\nX\n\n## 🔍 Diagnosis\n\n1. Look.\n\n## Mitigation:\n\n1. Act.\n"
    found = parse(text, "x.md")
    assert [section.kind for section in found.sections] == ["meaning", "diagnosis", "mitigation"]
    assert render(found) == text


def test_what_stands_below_a_heading_that_explains_asks_for_nothing():
    text = "## Impact\n\n### Users\n\n1. Some see it.\n\n### Mitigation\n\n1. Tell them.\n\n## Resolution\n\n### First\n\n1. Restart.\n"
    found = parse(text, "x.md")
    assert [step.do for step in found.steps] == ["Tell them.", "Restart."]
    assert render(found) == text


def test_items_that_share_a_number_and_code_at_their_parents_depth_stay_whole():
    text = (
        "## Diagnosis\n\n1. Find out which of the two\nit is.\n\n1. Read on:\n\n   - Clean up:\n\n   ```shell\n   prune\n   ```\n\n"
        "   - Remove:\n\n   ```shell\n   rm x\n   ```\n\n2. Wait.\n\n## Notes\n\n- That is all.\n"
    )
    found = parse(text, "x.md")
    assert [step.raw.count("```") for step in found.steps] == [0, 4, 0]
    assert found.head + "".join(s.raw + "".join(block.raw for block in s.blocks) for s in found.sections) == text
