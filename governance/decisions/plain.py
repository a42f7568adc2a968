"""A line of Markdown as words: links by their text, marks of emphasis gone. Owns that. Pure, never judges the words."""

from __future__ import annotations

import re

BULLET = re.compile(r"^[\s>]*(?:(?:[-*+•‣]|\d{1,3}[.)])\s+)*")
_IMAGE = re.compile(r"!\[([^\]]{0,300})\](?:\(([^()\s]{0,500})[^()]{0,100}\)|\[[^\]]{0,100}\])?")
_LINK = re.compile(
    r"\[((?:[^\[\]]|\[[^\[\]]{0,200}\]){0,300})\](?:\([^()]{0,500}(?:\([^()]{0,100}\)[^()]{0,200})?\)|\[[^\]]{0,100}\])"
)
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,300}>")
_STRUCK = re.compile(r"~~.{1,300}?~~|<(del|s|strike)>.{0,300}?</\1>", re.IGNORECASE)
_SHORTCODE = re.compile(r"(?<!\w):[a-z][a-z0-9_+-]{1,40}:")
_MARKS = re.compile(r"\*+|`+|(?<!\w)_+|_+(?!\w)")
_BADGE = re.compile(r"/badge/([^/?#]{1,200})")


def words(line: str) -> str:
    """The line as words. A struck passage is gone; a badge says what its picture does."""
    text = _STRUCK.sub(" ", line)
    text = _IMAGE.sub(lambda match: f" {_badge(match)} ", text)
    text = _LINK.sub(lambda match: match[1], text)
    text = _TAG.sub(" ", text)
    text = BULLET.sub("", text, count=1)
    text = _SHORTCODE.sub(" ", text)
    text = _MARKS.sub("", text)
    return re.sub(r"\s+", " ", text.replace("&nbsp;", " ").replace("\u00a0", " ")).strip()


def unmarked(text: str) -> str:
    """The text as it is written, marks of emphasis and code gone."""
    return _MARKS.sub("", text).strip()


def _badge(match: re.Match[str]) -> str:
    """A badge's alternative text often names only the subject, `status`; the answer is in its address."""
    badge = _BADGE.search(match[2] or "")
    if badge is None:
        return match[1]
    said = badge[1].replace("%20", " ").replace("--", "\0").replace("-", " ").replace("_", " ").replace("\0", "-")
    return f"{match[1]} {said}"


def without_lead(text: str) -> str:
    """Without emoji and punctuation before the first letter or digit."""
    return re.sub(r"^[^\w]+", "", text)


def one_title(text: str) -> str:
    """A heading's words: code marks stay as written, links become their text, attributes and pictures go."""
    text = _IMAGE.sub(" ", text)
    text = _LINK.sub(lambda match: match[1], text)
    text = re.sub(r"\s*\{[#.:][^{}]{0,100}\}\s*$", "", text)
    text = _TAG.sub("", text)
    text = re.sub(r"\*\*(.+?)\*\*|__(.+?)__", lambda match: match[1] or match[2] or "", text)
    text = re.sub(r"^([*_])(.+)\1$", r"\2", text.strip())
    text = re.sub(r"\\([\\`*_{}\[\]()#+.!<>|-])", r"\1", text)
    return re.sub(r"\s+", " ", text).strip()
