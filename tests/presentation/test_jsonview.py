"""A payload shows its shape to everyone and its values only to those who may see them."""

import re
from html import unescape

import pytest
from django.utils.html import strip_tags

from portal.presentation import jsonview
from portal.presentation.jsonview import MASK, is_secret, render


def text_of(value, **options):
    return [unescape(strip_tags(line)) for line in render(value, **options)]


def test_keys_are_aligned_and_commas_stand_where_json_wants_them():
    assert text_of({"amount": 4990, "id": None, "tags": [], "more": [True, {"a": "b"}]}) == [
        "{", '  "amount": 4990,', '  "id":     null,', '  "tags":   [],', '  "more": [', "    true,", "    {", '      "a": "b"', "    }", "  ]", "}",
    ]  # fmt: skip


def test_masking_keeps_keys_and_shape_and_hides_every_leaf():
    value = {"amount": 4990, "name": "secret one", "deep": [{"ok": True}, None], "empty": {}}
    shown = "\n".join(text_of(value, masked=True))
    assert not re.search(r"4990|secret one|true|null", shown)
    assert shown.count(MASK) == 4
    assert '"deep": [' in shown
    assert '"empty":  {}' in shown


@pytest.mark.parametrize(
    "key",
    [
        "password",
        "db_password",
        "accessToken",
        "client-secret",
        "Authorization",
        "card",
        "card_number",
        "cardNumber",
        "CVC",
        "iban",
        "debtorIBAN",
        "X-API-Key",
        "apiKey",
    ],
)
def test_a_secret_key_hides_all_below_it_for_everyone(key):
    assert is_secret(key)
    shown = "\n".join(text_of({key: {"number": "4111"}, "other": 1}))
    assert "4111" not in shown
    assert '"number"' in shown
    assert '"other": ' in shown.replace("  ", " ")


@pytest.mark.parametrize("key", ["amount", "discard", "cardinality", "spine", "panel", "shipping", "pinned"])
def test_a_word_that_only_contains_a_secret_one_is_shown(key):
    assert not is_secret(key)


def test_hostile_text_cannot_leave_its_line():
    lines = render({"<script>": "</pre><script>alert(1)</script>\n\u202e", "a": "'\""})
    joined = "".join(lines)
    assert "<script" not in joined
    assert "</pre" not in joined
    assert "⟨U+202E⟩" in joined
    assert not any("\n" in line for line in lines)


def test_a_long_text_and_a_long_list_say_how_much_is_missing(monkeypatch):
    monkeypatch.setattr(jsonview, "MAX_LINES", 10)
    assert "2,001 more characters" in text_of("x" * 4001)[0]
    assert text_of(list(range(100)))[-1] == "… 92 more lines, not shown"


def test_a_payload_nested_without_end_is_cut_instead_of_breaking_the_page():
    value: list = []
    for _ in range(500):
        value = [value]
    assert any("nested deeper" in line for line in text_of(value))
