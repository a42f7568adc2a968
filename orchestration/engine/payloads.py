"""JSON values to stored text and back. Small ones stay in their column, large ones go compressed to the payload table.

A column holds JSON, or `ref:<payload id>`, which is no JSON. Owns the limits and the reading. Never shows anything:
masking is the presenter's.
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid
import zlib
from typing import Any

from orchestration.errors import TooLarge
from orchestration.limits import INLINE_PAYLOAD, MAX_DEPTH, MAX_ERROR_TEXT, MAX_PAYLOAD
from orchestration.models import Payload

REFERENCE = "ref:"
#: U+0000 as JSON writes it: an escape, not the text of one behind an escaped backslash.
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
#: What contains itself is nested too deep, so the encoder need not look for it.
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False, check_circular=False)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def encode(value: Any, what: str) -> str:
    """Canonical JSON. Raises TooLarge that names `what` and the limit, ValueError for NaN and U+0000."""
    _check_depth(value, what)
    text = _ENCODER.encode(value)
    if "\\u0000" in text and _NUL.search(text):
        raise ValueError(f"{what} has the character U+0000, which no database here can hold; remove it")
    size = len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_PAYLOAD:
        raise TooLarge(f"{what} is {size:,} bytes; the limit is {MAX_PAYLOAD:,} bytes (4 MB)")
    try:
        if not text.isascii():
            text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            f"{what} has half of a surrogate pair at character {error.start}; send valid Unicode"
        ) from None
    return text


def store(text: str, run_id: uuid.UUID) -> str:
    """What the column holds for this JSON text: itself, or a reference to a new payload row."""
    if len(text) <= INLINE_PAYLOAD // 4:  # cannot exceed the limit, whatever its characters
        return text
    data = text.encode()
    if len(data) <= INLINE_PAYLOAD:
        return text
    payload = Payload.objects.create(run_id=run_id, data=zlib.compress(data, 6), size=len(data))
    return f"{REFERENCE}{payload.pk}"


def load(stored: str) -> Any:
    """The value of a column; None for an empty one."""
    if not stored:
        return None
    return json.loads(text_of(stored))


def text_of(stored: str) -> str:
    """The JSON text of a column."""
    if not stored.startswith(REFERENCE):
        return stored
    data = Payload.objects.values_list("data", flat=True).get(pk=int(stored[len(REFERENCE) :]))
    return zlib.decompress(bytes(data)).decode()


def error_text(text: str) -> str:
    """An error's message as a column can hold it: cut, without U+0000 and halves of surrogate pairs."""
    return _UNSTORABLE.sub("\ufffd", text[:MAX_ERROR_TEXT])


def digest(value: Any) -> str:
    """sha256 of the value with sorted keys: equal inputs, equal digests."""
    text = json.dumps(value, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _check_depth(value: Any, what: str) -> None:
    containers = [value] if isinstance(value, (dict, list, tuple)) else []
    members = 0
    for _ in range(MAX_DEPTH):
        if not containers:
            return
        members += sum(map(len, containers))
        containers = [
            child
            for item in containers
            for child in (item.values() if isinstance(item, dict) else item)
            if isinstance(child, (dict, list, tuple))
        ]
        if members > MAX_PAYLOAD:  # each takes a byte at least; a few nested lists in Python can stand for billions
            raise TooLarge(f"{what} has more than {MAX_PAYLOAD:,} values; the limit is {MAX_PAYLOAD:,} bytes (4 MB)")
    raise TooLarge(f"{what} is nested more than {MAX_DEPTH} deep")
