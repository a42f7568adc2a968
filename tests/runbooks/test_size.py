"""A text of nothing but headings and lists is read in a time that grows with it, not with its square."""

from __future__ import annotations

import time

from governance.runbooks import parse


def test_many_headings_and_items_are_read_quickly():
    began = time.process_time()
    parse("## a\n1. **Do** x\n" * 6_000, "a.md")
    assert time.process_time() - began < 5
