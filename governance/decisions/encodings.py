"""A file's bytes as text, in a way that gives the very bytes back.

Owns which encodings are tried: UTF-8, then what Windows writes. Pure.
"""

from __future__ import annotations

import codecs

#: What each is called to people. UTF-8 has no name here: it is what a text is in.
NAMES = {"utf-16-le": "UTF-16", "utf-16-be": "UTF-16", "cp1252": "Windows-1252"}
_MARKS = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


def decoded(data: bytes) -> tuple[str, str]:
    """The text, and its encoding: empty for UTF-8. Raises ValueError with place and remedy."""
    try:
        return data.decode("utf-8"), ""
    except UnicodeDecodeError as error:
        wrong = error
    encoding = _MARKS.get(data[:2], "cp1252")
    # A picture that is called `.md` also decodes as Windows-1252; control characters tell.
    if encoding != "cp1252" or not any(byte < 32 and byte not in b"\t\n\r\f" for byte in data):
        try:
            text = data.decode(encoding)
            if text.encode(encoding) == data:
                return text, encoding
        except UnicodeError:
            pass
    line = data.count(b"\n", 0, wrong.start) + 1
    raise ValueError(f"line {line} is not UTF-8; save the file as UTF-8") from None


def encoded(text: str, encoding: str) -> bytes:
    """The bytes that the text was read from; UTF-8 for a text that the encoding has no room for."""
    try:
        return text.encode(encoding or "utf-8")
    except (UnicodeError, LookupError):
        return text.encode("utf-8", "surrogatepass")
