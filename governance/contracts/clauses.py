"""From schemas to clauses: a term taken apart into alternatives without any `anyOf`, `not` or reference left.

Owns the order in which that is done, which decides how long it takes. Never decides whether a clause can be met:
inhabitants.py does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from governance.contracts.clause import Atom, Choice, Clause, Literal
from governance.contracts.keywords import denied_ways, said
from governance.contracts.overlap import apart

#: Properties, and constraints of ways, that one step of the search looks through.
PER_STEP = 64
#: Schemas that a value must fit which others are told apart from at once; with more it is left to the search.
TOLD_APART = 64


def clauses(term: Iterable[Literal], spend: Callable[[int], None]) -> Iterator[Clause]:
    """All alternatives of the term; `spend` is called with the steps taken and may end it by raising."""
    stack: list[tuple[Clause, list[Atom], list[Choice]]] = [
        (Clause(), [("is", node, wanted) for node, wanted in ordered(term)], [])
    ]
    while stack:
        shared, todo, choices = stack.pop()
        looks = sum(sum(map(len, ways)) + 1 for _, ways in choices) * (1 + len(shared.positive))
        spend(1 + (len(shared.members) + looks) // PER_STEP)
        clause = shared.copy()
        if not _settle(clause, todo, choices):
            continue
        choice = _narrowest(clause, choices)
        if choice is None:
            yield clause
        else:
            rest = [one for one in choices if one is not choice]
            for alternative in reversed(choice[1]):
                stack.append((clause, list(alternative), list(rest)))


def ordered(term: Iterable[Literal]) -> list[Literal]:
    """The same order in every process."""
    return sorted(term, key=lambda one: (one[0].document.name, one[0].pointer, one[1]))


def _settle(clause: Clause, todo: list[Atom], choices: list[Choice]) -> bool:
    """Add all atoms, and what they lead to; choices that must be made are put on the list. False: impossible."""
    while todo:
        atom = todo.pop()
        if atom[0] != "is":
            if not clause.add(atom):
                return False
            continue
        node, wanted = atom[1].meant, atom[2]
        if node.kind in clause.told:
            if clause.told[node.kind] != wanted:
                return False
            continue
        clause.told[node.kind] = wanted
        if node.never and wanted:
            return False
        if wanted:
            if any(apart(node, one) for one in clause.positive):
                return False
            if len(clause.positive) < TOLD_APART:
                clause.positive.append(node)
            must, may = said(node)
            todo.extend(must)
            choices.extend((None, one) for one in may)
        elif not node.never:
            choices.append((node, denied_ways(node)))
    return True


def _open(clause: Clause, alternative: list[Atom]) -> bool:
    """Whether it may still be taken, as far as can be seen at once."""
    for word, *rest in alternative:
        if word == "types":
            if clause.types.isdisjoint(rest[0]):
                return False
        elif word == "members":
            node, wanted = rest[1]
            for known, said in clause.members.get(rest[0], ()):
                if known.kind == node.kind and said != wanted:
                    return False
        elif word == "absent":
            if rest[0] in clause.required and clause.types <= {"object"}:
                return False
        elif word == "is":
            node, wanted = rest
            if clause.told.get(node.kind, wanted) != wanted:
                return False
            if wanted and (node.never or any(apart(node, one) for one in clause.positive)):
                return False
    return True


def _narrowest(clause: Clause, choices: list[Choice]) -> Choice | None:
    """The choice with the fewest ways that are still open; those that are made already are left out, and so are ways
    that are closed.

    What a value must be comes before what it must not be: it tells which denials are met already.
    """
    best: tuple[tuple[bool, int], Choice] | None = None
    kept = []
    for node, ways in choices:
        if node is not None and any(apart(node, one) for one in clause.positive):
            continue
        left = [one for one in ways if _open(clause, one)]
        if any(_met(clause, one) for one in left):
            continue
        kept.append((node, left))
        rank = (len(left) > 1 and node is not None, len(left))
        if best is None or rank < best[0]:
            best = (rank, kept[-1])
        if not left:
            break
    choices[:] = kept
    return best[1] if best else None


def _met(clause: Clause, way: list[Atom]) -> bool:
    """Whether the clause says it already."""
    return all(_says(clause, word, rest) for word, *rest in way)


def _says(clause: Clause, word: str, rest: list[Any]) -> bool:
    if word == "is":
        node, wanted = rest
        anything = wanted and not node.says and not node.never and not node.opaque
        return bool(anything or clause.told.get(node.kind) == wanted)
    if word == "types":
        return bool(clause.types <= rest[0])
    if word == "absent":
        return rest[0] in clause.absent
    return word == "required" and rest[0] in clause.required and clause.types <= {"object"}
