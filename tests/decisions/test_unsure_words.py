"""A word is no status when the words before it take it back or put it off."""

from __future__ import annotations

import pytest

from governance.decisions import parse


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("No longer accepted", "deprecated"), ("Never accepted", "rejected"), ("Will be accepted next week", "proposed"),
        ("To be superseded by 5", "accepted"), ("Accepted", "accepted"),
        ("Accepted. It takes the place of a note, which was superseded by wiki pages", "accepted"),
    ],
)  # fmt: skip
def test_what_is_taken_back_or_put_off_is_not_taken_at_its_word(said: str, status: str):
    assert parse(f"# 1. A\n\n## Status\n\n{said}\n", "0001-a.md").status == status
