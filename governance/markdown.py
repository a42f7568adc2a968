"""Markdown as safe HTML: the one function that pages, previews and history use.

Raw HTML in a document is shown as text (its comments are hidden), and whatever markdown-it makes is sanitised by nh3
afterwards: two walls, of which each would do alone. Owns the rules of links, headings and images. Never fetches.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import nh3
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from pygments import highlight  # type: ignore[import-untyped]
from pygments.formatters import HtmlFormatter  # type: ignore[import-untyped]
from pygments.lexers import get_lexer_by_name  # type: ignore[import-untyped]

from governance import references
from governance.references import Key, Reference

_LANGUAGES = """bash console css diff dockerfile go html http ini javascript json js python sh shell sql text toml
ts xml yaml yml"""
#: The lexers that documents of operations need. Others stay plain: some of Pygments' expressions are quadratic.
LANGUAGES = frozenset(_LANGUAGES.split())
#: Longer code stays plain, so that a preview never waits for colours.
MAX_HIGHLIGHTED = 8_000
#: Ids of a document's headings can't collide with those of the page around it.
ANCHOR = "doc-"
_TAGS = """a blockquote br code em h2 h3 h4 h5 h6 hr img li ol p pre s span strong table tbody td th thead tr ul"""
_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title"},
    "ol": {"start"},
    "pre": {"class", "tabindex"},
    "span": {"class"},
    "table": {"tabindex"},
    **{f"h{level}": {"id"} for level in range(2, 7)},
}
#: How a runbook's step is written: each of these begins a line of its own, also where the source only wraps.
_STEP_WORDS = frozenset({"Do", "Expect", "If not", "Action"})
_TASK = {"[ ] ": "☐ ", "[x] ": "☑ ", "[X] ": "☑ "}


def render(
    text: str, known: Mapping[Key, Reference] | None = None, after: Mapping[int, SafeString] | None = None
) -> SafeString:
    """The document's HTML, sanitised. Its highest heading becomes an h2, because the page has the h1.

    `known`: what the references in it name; one that is not among them is shown as it is written.
    `after`: HTML of ours to put at the end of the list items that begin at these lines, from 1.
    """
    parser, slots = _parser(), dict(after or {})
    env = {"references": known or {}}
    tokens = parser.parse(text, env)
    # What only we know marks the places: no text can name them, and the sanitiser sees a word.
    mark = f"slot{secrets.token_hex(12)}x" if slots else ""
    html = _clean(parser.renderer.render(_marked(tokens, slots, mark), parser.options, env))
    for line, piece in slots.items():
        html = html.replace(f"{mark}{line}.", piece)
    return mark_safe(html)  # noqa: S308 - nh3's output, and what we made, is what this function is for


def _clean(html: str) -> str:
    return nh3.clean(
        html,
        tags=set(_TAGS.split()),
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer",
        strip_comments=True,
    )


def _marked(tokens: Sequence[Token], slots: Mapping[int, SafeString], mark: str) -> list[Token]:
    """The tokens, with a mark before the end of each item that has a slot."""
    found, items = [], []
    for token in tokens:
        if token.type == "list_item_open":
            items.append(token.map[0] + 1 if token.map and token.level == 1 else 0)
        if token.type == "list_item_close" and (line := items.pop()) in slots:
            place = Token("slot", "", 0)
            place.content = f"{mark}{line}."
            found.append(place)
        found.append(token)
    return found


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"highlight": _highlight})
    parser.enable(["table", "strikethrough"])
    parser.core.ruler.push("page", _fit_into_page)
    references.enable(parser)
    parser.add_render_rule("html_block", _raw_block)
    parser.add_render_rule("html_inline", _raw_inline)
    parser.add_render_rule("image", _image)
    parser.add_render_rule("slot", _slot)
    return parser


def _highlight(code: str, language: str, _attributes: str) -> str:
    name = language.strip().lower()
    shown = escape(code)
    if name in LANGUAGES and len(code) <= MAX_HIGHLIGHTED:
        shown = highlight(code, get_lexer_by_name(name, stripnl=False), HtmlFormatter(nowrap=True))
    return f'<pre class="highlight" tabindex="0"><code>{shown}</code></pre>'


def _raw_block(_self: Any, tokens: Sequence[Token], index: int, _options: Any, _env: Any) -> str:
    shown = _as_text(tokens[index].content).strip()
    return f"<p>{shown}</p>\n" if shown else ""


def _raw_inline(_self: Any, tokens: Sequence[Token], index: int, _options: Any, _env: Any) -> str:
    return _as_text(tokens[index].content)


def _as_text(html: str) -> str:
    """Raw HTML as text, except that comments, of which templates of decision records are full, stay unseen."""
    first, *others = html.split("<!--")
    # Cut by hand: a lazy expression is quadratic when many comments open and none closes. An open one hides the rest.
    return escape(first + "".join(other.partition("-->")[2] for other in others))


def _slot(_self: Any, tokens: Sequence[Token], index: int, _options: Any, _env: Any) -> str:
    return tokens[index].content


def _image(self: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """An image of this portal, or a link to one elsewhere: loading it would tell that site who reads."""
    token = tokens[index]
    source = str(token.attrs.get("src", ""))
    alt = self.renderInlineAsText(token.children or [], options, env)
    if source.startswith("/") and not source.startswith(("//", "/\\")):
        return f'<img src="{escape(source)}" alt="{escape(alt)}">'
    return f'<a href="{escape(source)}">{escape(alt or "image")}</a>'


def _fit_into_page(state: StateCore) -> None:
    """Shift and name headings, point links at them, draw task boxes, let the keyboard reach what scrolls."""
    opened = [token for token in state.tokens if token.type == "heading_open"]
    shift = 2 - min((int(token.tag[1]) for token in opened), default=2)
    seen: dict[str, int] = {}
    for position, token in enumerate(state.tokens):
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(int(token.tag[1]) + shift, 6)}"
        if token.type in {"table_open", "code_block"}:
            token.attrSet("tabindex", "0")  # scrolls sideways, so the keyboard must be able to reach it
        if token.type == "heading_open":
            token.attrSet("id", _anchor(state.tokens[position + 1], seen))
        if token.type == "inline" and token.children:
            _fit_inline(token.children, in_item=position > 1 and state.tokens[position - 2].type == "list_item_open")


def _fit_inline(children: list[Token], *, in_item: bool) -> None:
    if in_item and children[0].type == "text" and children[0].content[:4] in _TASK:
        children[0].content = _TASK[children[0].content[:4]] + children[0].content[4:]
    for position, child in enumerate(children):
        target = child.attrs.get("href") if child.type == "link_open" else None
        if isinstance(target, str) and len(target) > 1 and target[0] == "#":
            child.attrSet("href", f"#{ANCHOR}{target[1:]}")
        if in_item and child.type == "softbreak" and _begins_part_of_step(children[position + 1 : position + 4]):
            child.type, child.tag = "hardbreak", "br"


def _begins_part_of_step(ahead: list[Token]) -> bool:
    """`**Expect**` and its like, whole."""
    types = [token.type for token in ahead]
    # markdown-it puts an empty text before an opening mark.
    return "strong_open" in types[:2] and any(token.content in _STEP_WORDS for token in ahead[1:])


def _anchor(heading: Token, seen: dict[str, int]) -> str:
    words = "".join(child.content for child in heading.children or [] if child.type in {"text", "code_inline"})
    name = slugify(words, allow_unicode=True) or "section"
    seen[name] = seen.get(name, 0) + 1
    return f"{ANCHOR}{name}" if seen[name] == 1 else f"{ANCHOR}{name}-{seen[name] - 1}"
