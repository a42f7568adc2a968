"""JSON as highlighted lines of safe HTML, with secrets masked.

Owns what counts as a secret key and how a masked payload looks: keys and shape stay, every leaf goes. Never decides
who may see a payload: the view says masked or not, and secret keys are masked either way.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from portal.presentation.hidden import visible

MASK = "•••• masked"
MAX_LINES = 2000
MAX_DEPTH = 60
MAX_TEXT = 2000
#: Keys longer than this don't push the values of their neighbours to the right.
ALIGN_UP_TO = 20

_SECRET_PARTS = (
    "password", "passwd", "passphrase", "secret", "token", "authorization", "apikey", "privatekey", "credential",
    "cardnumber", "creditcard", "cookie",
)  # fmt: skip
_SECRET_WORDS = {"auth", "card", "cards", "cvc", "cvv", "iban", "pan", "pin", "pwd", "ssn", "otp"}
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def is_secret(key: str) -> bool:
    """Whether the value of this key is never shown: card_number, cardNumber and X-Api-Key all are."""
    joined = re.sub(r"[^a-z0-9]", "", key.lower())
    if any(part in joined for part in _SECRET_PARTS):
        return True
    return any(word.lower() in _SECRET_WORDS for word in _WORD.findall(key))


def render(value: Any, *, masked: bool = False) -> list[SafeString]:
    """Lines of HTML without line breaks. At most MAX_LINES; the last one says how many are missing."""
    lines = list(islice(_lines(value, "", "", masked, 0), MAX_LINES))
    # Counted, not drawn: the lines of 4 MB take seconds.
    missing = _height(value, 0) - len(lines)
    if missing:
        lines.append(format_html('<span class="m">… {} more lines, not shown</span>', f"{missing:,}"))
    return lines


def _height(value: Any, depth: int) -> int:
    """How many lines _lines would give."""
    if not (isinstance(value, dict | list | tuple) and value) or depth >= MAX_DEPTH:
        return 1
    inner = value.values() if isinstance(value, dict) else value
    return 2 + sum(_height(item, depth + 1) for item in inner)


def _lines(value: Any, before: str, after: str, masked: bool, depth: int) -> Iterator[SafeString]:
    """The lines of one value. `before` is safe HTML to its left, `after` the comma, if any."""
    pad = "  " * depth
    if isinstance(value, dict | list | tuple) and value:
        opening, closing = ("{", "}") if isinstance(value, dict) else ("[", "]")
        if depth >= MAX_DEPTH:
            yield _line(pad, before, f'<span class="m">{opening} … nested deeper {closing}</span>', after)
            return
        yield _line(pad, before, f'<span class="k">{opening}</span>', "")
        yield from _items(value, masked, depth + 1)
        yield _line(pad, "", f'<span class="k">{closing}</span>', after)
        return
    if isinstance(value, dict | list | tuple):
        yield _line(
            pad, before, '<span class="k">{}</span>' if isinstance(value, dict) else '<span class="k">[]</span>', after
        )
        return
    yield _line(pad, before, f'<span class="m">"{MASK}"</span>' if masked else _leaf(value), after)


def _items(value: Any, masked: bool, depth: int) -> Iterator[SafeString]:
    last = len(value) - 1
    if not isinstance(value, dict):
        for index, item in enumerate(value):
            yield from _lines(item, "", "" if index == last else ",", masked, depth)
        return
    width = max((len(str(key)) for key in value if len(str(key)) <= ALIGN_UP_TO), default=0)
    for index, (key, item) in enumerate(value.items()):
        name = json.dumps(visible(str(key)), ensure_ascii=False)
        gap = " " if isinstance(item, dict | list | tuple) and item else " " * max(1, width + 3 - len(name))
        before = f'<span class="k">{escape(name)}:</span>{gap}'
        yield from _lines(item, before, "" if index == last else ",", masked or is_secret(str(key)), depth)


def _leaf(value: Any) -> str:
    if value is None or isinstance(value, bool | int | float):
        return escape(json.dumps(value))
    text = value if isinstance(value, str) else str(value)
    more = ""
    if len(text) > MAX_TEXT:
        more = f' <span class="m">… {len(text) - MAX_TEXT:,} more characters</span>'
        text = text[:MAX_TEXT]
    return escape(visible(json.dumps(text, ensure_ascii=False))) + more


def _line(pad: str, before: str, content: str, after: str) -> SafeString:
    # Every part was escaped where it was made: keys and leaves above, the rest is written in this file.
    return mark_safe(f"{pad}{before}{content}{after}")  # noqa: S308
