"""Text and times as a terminal may show them.

Owns making foreign text harmless and times local. File names, error messages and answers come from others: an escape
sequence in one must not repaint the screen, and a name that is not Unicode must not end the command.
"""

from __future__ import annotations

import re
from datetime import datetime

#: Control characters but for newline and tab, marks that reorder text, and bytes of a name that were not UTF-8.
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def clean(text: object) -> str:
    """The text with every unsafe character written out, as `\\x1b`."""
    return _UNSAFE.sub(lambda match: match[0].encode("unicode_escape").decode(), str(text))


def one_line(text: object) -> str:
    """`clean`, and on one line."""
    return " ".join(clean(text).split())


def clock(stamp: object) -> str:
    """A time of the API in the reader's zone: `14:03:12` today, `2031-05-01 14:03:12` on another day."""
    if not isinstance(stamp, str) or not stamp:
        return ""
    try:
        local = datetime.fromisoformat(stamp).astimezone()
    except (ValueError, OverflowError, OSError):
        return one_line(stamp)
    today = local.date() == datetime.now().astimezone().date()
    return local.strftime("%H:%M:%S" if today else "%Y-%m-%d %H:%M:%S")


def count(number: int, noun: str) -> str:
    """`1 file`, `3 files`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
