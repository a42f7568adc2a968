"""How the audit log's values are written on its page."""

from __future__ import annotations

from typing import Any

import pytest

from portal.presentation.audit_words import value_words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("2026-11-26T12:27:27.277380+00:00", "2026-11-26 12:27:27 UTC"),
        ("2026-11-26T12:27:27Z", "2026-11-26 12:27:27 UTC"),
        ("since 2026-11-26T12:27:27Z", "since 2026-11-26T12:27:27Z"),
        ("a" * 64, "a" * 12 + "…"),
        ("", "empty"),
        (None, "empty"),
        ({"sha256": "0123456789", "length": 12345}, "12,345 characters, sha256 01234567…"),
        ({"ü": 1}, '{"ü": 1}'),
        ("x" * 500, "x" * 120 + "…"),
    ],
)
def test_a_value_is_one_readable_line(value: Any, words: str):
    assert value_words(value) == words
