"""References in a document's text: `[[workflow:order-fulfilment]]` becomes a link with the state of what it names.

Owns the notation and how one is drawn. Never looks anything up: whoever renders brings what is known, so that a text with a
hundred references costs a query for each kind and not for each reference.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.html import escape
from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

#: (kind, name)
Key = tuple[str, str]
#: References of one text that are looked up; those after them stay as they are written.
MOST = 200
_NOTATION = re.compile(r"\[\[([a-z]{1,20}):([^\[\]|\x00-\x1f\x7f]{1,127})(?:\|([^\[\]|\x00-\x1f\x7f]{1,127}))?\]\]")


@dataclass(frozen=True, slots=True)
class Reference:
    """What a reference names: how it is called, where its page is, and how it is (a tone and a word; empty for none)."""

    label: str
    url: str
    tone: str = ""
    word: str = ""


def keys_in(text: str) -> list[Key]:
    """What a text refers to, each once, in order; also what stands in code, which costs a look and nothing else."""
    found = dict.fromkeys((match[1], match[2].strip()) for match in _NOTATION.finditer(text))
    return list(found)[:MOST]


def enable(parser: MarkdownIt) -> None:
    """Have the parser know the notation; `env["references"]` holds what is known."""
    parser.inline.ruler.before("link", "reference", _rule)
    parser.add_render_rule("reference", _drawn)


def _rule(state: StateInline, silent: bool) -> bool:
    if not state.src.startswith("[[", state.pos):
        return False
    match = _NOTATION.match(state.src, state.pos, state.posMax)
    if match is None:
        return False
    if not silent:
        token = state.push("reference", "", 0)
        token.content = match[0]
        token.meta = {"key": (match[1], match[2].strip()), "label": (match[3] or "").strip()}
    state.pos = match.end()
    return True


def _drawn(_self: Any, tokens: Sequence[Token], index: int, _options: Any, env: Any) -> str:
    token = tokens[index]
    known: Mapping[Key, Reference] = env.get("references") or {}
    found = known.get(token.meta["key"])
    if found is None:
        return f'<span class="ref s-unk"><code>{escape(token.content)}</code></span>'
    state = f' <span class="ref-state">{escape(found.word)}</span>' if found.word else ""
    label = escape(token.meta["label"] or found.label)
    return f'<span class="ref s-{escape(found.tone or "unk")}"><a href="{escape(found.url)}">{label}</a>{state}</span>'
