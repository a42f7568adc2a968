"""Which of a file's headings is its title, and what it says. Owns that. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from governance.decisions import labels
from governance.decisions.fields import Fact
from governance.decisions.naming import number_of_words, title_of, title_of_path
from governance.decisions.visible import Heading
from orchestration.manifest.values import JSON

_SECTION = re.compile(
    r"(?:\d{1,2}[.)]?\s*)?(?:\W*)(?:status|state|date|context|decisions?|consequences?|summary|abstract|problem|motivation|background|options?|introduction|rationale|"
    r"changelog|change log|references?|deciders|authors?|metadata|proposal|considered options|decision outcome|"
    r"decision drivers|context and problem statement|"
    r"overview|table of contents|contents|goals|requirements|links|notes|tl;?dr|issue|assumptions|argument|"
    r"implications|glossary|scope|purpose|problem statement|"
    r"positive consequences|negative consequences|context and problem|related.*)\W*",
    re.IGNORECASE,
)
_GENERIC = re.compile(
    r"\W*(?:architecture|architectural|technical|design)?[ -]*(?:decision[ -]*)?(?:records?|log|"
    r"decisions?)?\W*(?:\(?l?adrs?\)?)?\W*|\W*l?adrs?\W*|\W*rfcs?\W*|"
    r"\W*request for comments?\W*(?:\(rfc\))?\W*",
    re.IGNORECASE,
)


def find_title(found: Sequence[Heading]) -> Heading | None:
    """The heading that names the record: the first of the highest rank that is no section's."""
    named = [heading for heading in found if heading.text and not _is_section(heading.text)]
    section = next((heading for heading in found if _is_section(heading.text)), None)
    top = next((heading for heading in named if heading.level == 1), None)
    if top is not None and (section is None or section.line > top.line or section.level > 1):
        return top
    return next((heading for heading in named[:1] if section is None or heading.line < section.line), None)


def _is_section(text: str) -> bool:
    return bool(_SECTION.fullmatch(text)) or labels.meaning(text) not in {None, "title", "number"}


def number_stated(heading: Heading | None, front: Mapping[str, JSON], told: Sequence[Fact]) -> int | None:
    """The number that the text itself gives."""
    values = [value for key, value in front.items() if labels.meaning(key) == "number"]
    values.sort(key=lambda value: not isinstance(value, int))
    texts = [str(value) for value in values if isinstance(value, int | str) and not isinstance(value, bool)]
    texts += [heading.text] if heading else []
    texts += [str(value) for key, value in front.items() if labels.meaning(key) == "title"]
    texts += [fact.value for fact in told if fact.meaning == "number" and fact.where == 1]
    return next((number for text in texts if (number := number_of_words(text)) is not None), None)


def title_stated(  # noqa: PLR0917 - a title may stand in so many places
    path: str, heading: Heading | None, found: Sequence[Heading], front: Mapping[str, JSON], told: Sequence[Fact],
    number: int | None,
) -> str:  # fmt: skip
    """The title: of the front matter, the heading, a field; where all are silent, the file's name."""
    texts = [
        str(value) for key, value in front.items() if labels.meaning(key) == "title" and isinstance(value, str | int)
    ]
    texts += [heading.text] if heading else []
    stated = [fact.value for fact in told if fact.meaning == "title" and fact.value.strip()]
    texts += [text.strip().split("\n")[0] for text in stated[:1]]
    if heading is not None:
        following = next((other for other in found if other.line > heading.line), None)
        if following is not None and not _is_section(following.text):
            texts.append(following.text)
    for text in texts:
        title = title_of(text, number)
        if title and not _GENERIC.fullmatch(title) and title.lower() != "title":
            return title
    fallback = next((title for text in texts if (title := title_of(text, number))), "") if number is None else ""
    return title_of_path(path) or fallback
