"""Whether a text says that a record was superseded, or only a part of it.

Owns that difference: `the size limit is superseded by 12`, `superseded by 12 in part`. Pure, never asks by what.
"""

from __future__ import annotations

import re

from governance.decisions.plain import words

_PARTLY = re.compile(r"\b(?:partial|partially|partly|in parts?)\b", re.IGNORECASE)
_FOLLOWS = re.compile(r"[\s*_),]*(?:in part|partially|partly)\b", re.IGNORECASE)
_BORDER = re.compile(r"[.,;:()|–—]|\s[-/]\s|\b(?:and|but|or)\b", re.IGNORECASE)
_SUBJECT = re.compile(r"(.*)\b(?:is|are|was|were|has been|have been|being)\b[\w\s]{0,30}", re.IGNORECASE | re.DOTALL)
#: What stands for the record itself.
_ITSELF = re.compile(
    r"\b(?:this|that|the|our|an?|present|adr|rfc|architecture|architectural|decision|record|proposal|document|design|it|which|"
    r"approach|choice|solution|strategy|plan|policy|text|file|page|version|entry|has|had|now|later|then|since|also|as|of|on|in|"
    r"status|accepted|approved|proposed|adopted|implemented|note|update)\b|[\W\d_]+",
    re.IGNORECASE,
)


def is_partly(before: str, after: str) -> bool:
    """Of a verb such as `superseded by`: the line before it, and what follows the records that it names."""
    clause = _BORDER.split(words(before[-200:]))[-1]
    if _FOLLOWS.match(after) or _PARTLY.search(clause):
        return True
    subject = _SUBJECT.fullmatch(clause)
    return subject is not None and bool(_ITSELF.sub("", subject[1]))
