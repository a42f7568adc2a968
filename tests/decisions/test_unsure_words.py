"""A word is no status when the words before it take it back or put it off."""

from __future__ import annotations

import pytest

from governance.decisions import parse


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("No longer accepted", "deprecated"), ("Never accepted", "rejected"), ("Will be accepted next week", "proposed"),
        ("To be superseded by 5", "accepted"), ("Accepted", "accepted"),
        ("Ongoing", "accepted"), ("Ongoing discussion", "proposed"), ("Ongoing review by the board", "proposed"),
        ("Discussion is ongoing", "proposed"), ("Merged", "accepted"), ("Merged into main", "accepted"), ("Merged in May", "accepted"),
        ("Merged into ADR-5", None), ("승인", "accepted"), ("승인 대기", "proposed"), ("승인 필요", "proposed"), ("承認待ち", "proposed"),
        ("Superseded by ADR-5 in part", "accepted"), ("Superseded by [Two ledgers](0005-b.md), in part: the name stays", "accepted"),
        ("Superseded by ADR-5 (partly)", "accepted"), ("Superseded by ADR-5, which the board adopted in part", "superseded"),
        ("Superseded by ADR-5 as it was in part too slow", "superseded"),
        ("Accepted. It takes the place of a note, which was superseded by wiki pages", "accepted"),
    ],
)  # fmt: skip
def test_what_is_taken_back_or_put_off_is_not_taken_at_its_word(said: str, status: str | None):
    assert parse(f"# 1. A\n\n## Status\n\n{said}\n", "0001-a.md").status == status


@pytest.mark.parametrize(
    ("log", "status", "day"),
    [
        (
            "proposed by team payments on 2020-05-01\naccepted by the board on 2020-06-01\ndeprecated by the board on 2021-06-01",
            "deprecated", "2021-06-01",
        ),
        ("Proposed by the team in May 2020\naccepted by the board in June 2020", "accepted", None),
        ("Proposed by the team after a long week,  \nand a night\nrejected on 2021-06-01", "rejected", "2021-06-01"),
        ("Proposed by all of the team  \nagreed", "accepted", None),
        ("Proposed again since the last one was\nrejected on 2021-06-01", "proposed", None),
    ],
)  # fmt: skip
def test_each_line_of_a_log_is_a_status_and_a_wrapped_sentence_is_none(log: str, status: str, day: str | None):
    found = parse(f"# 1. A\n\n## Status\n\n{log}\n", "0001-a.md")
    assert found.status == status
    assert day is None or (found.date and found.date.isoformat() == day)
