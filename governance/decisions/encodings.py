"""A file's bytes as text, in a way that gives the very bytes back.

Owns which encodings are tried: UTF-8, then what Windows writes in the west of Europe. Every byte is some letter in that, so
what looks like another encoding is refused rather than garbled. Pure.
"""

from __future__ import annotations

import codecs
import re

#: What each is called to people. UTF-8 has no name here: it is what a text is in.
NAMES = {"utf-16-le": "UTF-16", "utf-16-be": "UTF-16", "cp1252": "Windows-1252"}
_MARKS = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}

#: Well-formed UTF-8 beyond ASCII. `ß“` and `É»` of Windows look like it too; what UTF-8 writes Latin and Cyrillic in does not.
_UTF_8 = re.compile(
    rb"[\xc2-\xc5\xd0\xd1][\x80-\xbf]|[\xc6-\xcf\xd2-\xdf](?![\x85\x91-\x97\x99\xa0\xab\xbb])[\x80-\xbf]|"
    rb"[\xe1-\xef][\x80-\xbf]{2}|[\xf1-\xf4][\x80-\xbf]{3}"
)
#: Letters beyond ASCII that stand together; quotes and dashes of Windows are none.
_TOGETHER = re.compile(rb"[\xa1-\xaa\xac-\xba\xbc-\xff]{2,}")
_LETTER = re.compile(rb"[\xc0-\xff]")


def decoded(data: bytes) -> tuple[str, str]:
    """The text, and its encoding: empty for UTF-8. Raises ValueError with place and remedy."""
    try:
        return data.decode("utf-8"), ""
    except UnicodeDecodeError as error:
        wrong = error
    encoding = _MARKS.get(data[:2], "cp1252")
    if encoding != "cp1252" or _is_western(data):
        try:
            text = data.decode(encoding)
            if text.encode(encoding) == data:
                return text, encoding
        except UnicodeError:
            pass
    line = data.count(b"\n", 0, wrong.start) + 1
    raise ValueError(f"line {line} is not UTF-8; save the file as UTF-8") from None


def _is_western(data: bytes) -> bool:
    """Letters beyond ASCII stand alone among others, as in French or German. `créée` and `déçu` have two."""
    # A picture that is called `.md` also decodes as Windows-1252; control characters tell.
    if any(byte < 32 and byte not in b"\t\n\r\f" for byte in data) or _UTF_8.search(data):
        return False
    letters = len(_LETTER.findall(data))
    # A row of one sign, such as `·····`, is an ornament.
    runs = [len(match[0]) for match in _TOGETHER.finditer(data) if len(set(match[0])) > 1]
    together = sum(runs)
    return (
        max(runs, default=0) < 4
        and (together < 6 or together * 2 < letters)
        and (letters < 6 or letters * 3 < len(data))
    )


def encoded(text: str, encoding: str) -> bytes:
    """The bytes that the text was read from; UTF-8 for a text that the encoding has no room for."""
    try:
        return text.encode(encoding or "utf-8")
    except (UnicodeError, LookupError):
        return text.encode("utf-8", "surrogatepass")
