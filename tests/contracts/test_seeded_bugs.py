"""Rules that are broken on purpose: the cases and the random pairs must notice each. A check that can't fail shows nothing."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import jsonschema_rs
import pytest

from governance.contracts import compare, inhabitants, members, rows
from governance.contracts.keywords import MEANINGS
from governance.contracts.keywords.meaning import Meaning
from tests.contracts.cases import CASES
from tests.contracts.generating import document
from tests.contracts.test_keywords import WORDS
from tests.contracts.test_soundness import pair

Patch = pytest.MonkeyPatch


def says_nothing(keyword: str) -> Callable[[Patch], None]:
    """The keyword is passed over where a schema must hold: too many documents are taken to fit."""

    def seed(patch: Patch) -> None:
        patch.setitem(MEANINGS, keyword, Meaning(lambda node, value: ([], []), MEANINGS[keyword].denied))

    return seed


def is_never_broken(keyword: str) -> Callable[[Patch], None]:
    """The keyword is passed over where a schema must not hold: a break of it goes unseen."""

    def seed(patch: Patch) -> None:
        patch.setitem(MEANINGS, keyword, Meaning(MEANINGS[keyword].said, lambda node, value: []))

    return seed


def an_open_bound(patch: Patch) -> None:
    plain = MEANINGS["minimum"].denied
    patch.setitem(MEANINGS, "minimum", Meaning(MEANINGS["minimum"].said, lambda node, value: plain(node, value + 1)))


def no_else(patch: Patch) -> None:
    plain = MEANINGS["if"]
    patch.setitem(MEANINGS, "if", Meaning(plain.said, lambda node, value: plain.denied(node, value)[:1]))


def only_mentioned_names(patch: Patch) -> None:
    patch.setattr(members._Objects, "_others", lambda self, *more, **most: iter(()))


def only_the_first_place(patch: Patch) -> None:
    patch.setattr(rows._Arrays, "_places", lambda self, start, literal, needed: [])


def no_text_is_another(patch: Patch) -> None:
    patch.setattr(inhabitants, "texts", lambda *more, **most: iter(()))


SEEDS: dict[str, Callable[[Patch], None]] = {
    "additional properties are never broken": is_never_broken("additionalProperties"),
    "a required property is never missing": is_never_broken("required"),
    "a minimum that rises by one is none": an_open_bound,
    "oneOf counts as anyOf": lambda patch: patch.setitem(
        MEANINGS, "oneOf", Meaning(MEANINGS["oneOf"].said, MEANINGS["anyOf"].denied)
    ),
    "items beyond a tuple are never broken": is_never_broken("items"),
    "a multiple is never broken": is_never_broken("multipleOf"),
    "unique items are never broken": is_never_broken("uniqueItems"),
    "a pattern says nothing": says_nothing("pattern"),
    "names that nobody mentions are forgotten": only_mentioned_names,
    "places in an array are forgotten": only_the_first_place,
    "texts are all alike": no_text_is_another,
    "else is forgotten": no_else,
}


def faults() -> Iterator[str]:
    """What the checks of the other files would find."""
    for name, old, new, right in CASES:
        if compare(old, new).verdict != WORDS[right[0]] or compare(new, old).verdict != WORDS[right[2]]:
            yield name
    for number in range(400):
        _, old, new = pair(number)
        if compare(old, new).verdict == "safe" and lost(number, old, new):
            yield f"pair {number}"


def lost(number: int, old: Any, new: Any) -> bool:
    rng = random.Random(-number)
    before, after = (jsonschema_rs.Draft202012Validator(one) for one in (old, new))
    given = (document(rng, old) for _ in range(40))
    return any(before.is_valid(one) and not after.is_valid(one) for one in given)


def test_without_a_seed_there_is_no_fault():
    assert list(faults()) == []


@pytest.mark.parametrize("name", SEEDS)
def test_a_seeded_bug_is_noticed(name: str, monkeypatch: pytest.MonkeyPatch):
    with monkeypatch.context() as patch:
        SEEDS[name](patch)
        assert next(faults(), None) is not None
