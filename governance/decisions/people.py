"""The people and teams that a record names, as it names them. Owns telling one name from the next. Pure."""

from __future__ import annotations

import re

from governance.decisions.plain import words
from governance.decisions.statuses import is_hint
from orchestration.manifest.values import JSON

MOST = 100
_ITEM = re.compile(r"^[\s>]*(?:[-*+•]|\d{1,3}[.)])\s+")
_NOBODY = re.compile(r"(?:n/?a|none|nobody|tbd|todo|tba|-+|–|—|\.+|\?+|…|optional|unknown|null)\.?", re.IGNORECASE)
_PLACEHOLDER = re.compile(
    r"^\W*(?:\{|\[|<)?\s*(?:list (?:of )?every|everyone (?:who|involved)|names? of|who (?:was|were|made))",
    re.IGNORECASE,
)


def names(value: JSON) -> tuple[str, ...]:
    """Each name once, in order; hints of a template and `n/a` are nobody."""
    if isinstance(value, dict):
        value = value.get("name") or value.get("names") or [str(key) for key in value]
    if isinstance(value, list):
        listed = [item.get("name") or item.get("github") or "" if isinstance(item, dict) else item for item in value]
        found = [name for item in listed for name in _split(str(item) if item is not None else "", whole=True)]
    else:
        found = [] if value is None or isinstance(value, bool) else _split(str(value), whole=False)
    return tuple(dict.fromkeys(found))[:MOST]


def _split(text: str, *, whole: bool) -> list[str]:
    """`whole`: the text is one item of a list, in which commas may stand between name and role."""
    if is_hint(text) or _PLACEHOLDER.match(text):
        return []
    found: list[str] = []
    for line in re.split(r"\n|<br ?/?>", text):
        item = bool(_ITEM.match(line)) or whole
        told = words(re.sub(r"<([\w.+-]{1,80}@[\w.-]{1,80})>", r"(\1)", line))
        pieces = [told] if item and not _lists(told) else _pieces(told)
        found += [name for piece in pieces if (name := piece.strip(" \t,;.*_")) and not _NOBODY.fullmatch(name)]
    return found


def _lists(text: str) -> bool:
    """Several in one item: `@a, @b`. A single comma may stand before a role."""
    return text.count("@") > 1 or text.count(",") > 1 or ";" in text


def _pieces(text: str) -> list[str]:
    outside = re.split(r"[,;，、；](?![^()]{0,80}\))", text)
    found = []
    for piece in outside:
        joined = re.split(r"\s+(?:and|&|und|et|y|e)\s+", re.sub(r"^\s*(?:and|&)\s+", "", piece), flags=re.IGNORECASE)
        # `Research and Development` is one; `A. Lee and B. Kim`, or an end of a list, are two.
        apart = len(outside) > 1 or all("@" in name or len(name.split()) > 1 for name in joined)
        found += joined if apart else [piece]
    return [part for piece in found for part in re.split(r"\s+(?=@\w)|\s*/\s*(?=@)", piece)]
