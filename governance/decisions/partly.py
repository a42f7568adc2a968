"""Whether a text says that a record was superseded, or only a part of it.

Owns that difference: `the size limit is superseded by 12`, `superseded by 12 in part`. Pure, never asks by what.
"""

from __future__ import annotations

import re

from governance.decisions.plain import words

_PARTLY = re.compile(r"\b(?:partial|partially|partly|in parts?)\b", re.IGNORECASE)
_FOLLOWS = re.compile(r"[\s*_),(]*(?:in part|partially|partly)\b", re.IGNORECASE)
_BORDER = re.compile(r"[.,;:()|–—]|\s[-/]\s|\b(?:and|but|or)\b", re.IGNORECASE)
_SUBJECT = re.compile(r"(.*)\b(?:is|are|was|were|has been|have been|being)\b[\w\s]{0,30}", re.IGNORECASE | re.DOTALL)
#: What every text has parts of; a record may be about a limit or a rule, and call itself `this rule`.
_PORTION = r"(?:parts?|portions?|sections?|clauses?|paragraphs?|sentences?|items?|bullets?|columns?|fields?|§+)(?!\w)"
_PIECE = re.compile(
    rf"\b(?:limits?|rules?|points?|(?:most|some|much|half|one|two|three|several) of)\b|(?<!\w){_PORTION}",
    re.IGNORECASE,
)
_OF_RECORD = (
    r"(?:adrs?|rfcs?|decisions?|records?|proposals?|documents?|designs?|approach|choices?|solution|strategy|plan|policy|pattern|"
    r"guidelines?|work|text|page|version|entry)"
)
#: What stands for the record itself. `The decision's limit` and `the decision, section 2` do not.
_ITSELF = re.compile(
    rf"\W*(?:(?:this|these|both|all|everything|the (?:whole|entire|original))\b(?!\s+(?:of\s+)?(?:the\s+)?{_PORTION})|"
    rf"(?:(?:the|our|that|an?|its?|present|architecture|architectural)\s+)*{_OF_RECORD}\b(?!['’]s\b|\s+{_PORTION}))",
    re.IGNORECASE,
)


def is_partly(before: str, after: str, title: str = "") -> bool:
    """Of a verb such as `superseded by`: the line before it, and what follows the records that it names."""
    said = words(before[-400:])
    clause = _BORDER.split(said)[-1]
    if _FOLLOWS.match(after) or _PARTLY.search(clause):
        return True
    subject = _SUBJECT.fullmatch(clause)
    if subject is None or not _PIECE.search(subject[1]) or _ITSELF.match(subject[1]):
        return False
    return not _is_title(said[: len(said) - len(clause) + len(subject[1])], title)


def names_itself(before: str) -> bool:
    """The clause before the verb has the record itself as its subject, by a word for it."""
    return _ITSELF.match(_BORDER.split(words(before[-400:]))[-1]) is not None


def _is_title(named: str, title: str) -> bool:
    """The record by its title: `"Keep the limit" was superseded by 12`. A title may have commas, so all before it is asked."""
    named, title = named.rstrip(" \"'”’»").casefold(), words(title).casefold()
    if not title or not named.endswith(title):
        return False
    lead = _BORDER.split(named[: -len(title)])[-1]
    return re.fullmatch(rf"\W*(?:the\s+)?(?:{_OF_RECORD}\W*)?\d*\W*", lead, re.IGNORECASE) is not None
