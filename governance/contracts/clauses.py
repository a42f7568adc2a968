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


def clauses(term: Iterable[Literal], spend: Callable[[], None]) -> Iterator[Clause]:
    """All alternatives of the term; `spend` is called for each step and may end it by raising."""
    stack: list[tuple[Clause, list[Atom], list[Choice]]] = [
        (Clause(), [("is", node, wanted) for node, wanted in ordered(term)], [])
    ]
    while stack:
        clause, todo, choices = stack.pop()
        spend()
        if not _settle(clause, todo, choices):
            continue
        choice = _narrowest(clause, choices)
        if choice is None:
            yield clause
        else:
            rest = [one for one in choices if one is not choice]
            for alternative in reversed([one for one in choice[1] if _open(clause, one)]):
                stack.append((clause.copy(), list(alternative), list(rest)))


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
        node, wanted = atom[1], atom[2]
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
        if word == "types" and not clause.types & rest[0]:
            return False
        if word == "members" and any(
            node.kind == rest[1][0].kind and wanted != rest[1][1] for node, wanted in clause.members.get(rest[0], ())
        ):
            return False
        if word == "absent" and rest[0] in clause.required and clause.types <= {"object"}:
            return False
        if word == "is" and rest[1] and any(apart(rest[0], one) for one in clause.positive):
            return False
        if word == "is" and (clause.told.get(rest[0].kind, rest[1]) != rest[1] or (rest[0].never and rest[1])):
            return False
    return True


def _narrowest(clause: Clause, choices: list[Choice]) -> Choice | None:
    """The choice with the fewest ways that are still open; those that are made already are left out.

    What a value must be comes before what it must not be: it tells which denials are met already.
    """
    best: tuple[tuple[bool, int], Choice] | None = None
    for choice in list(choices):
        node, ways = choice
        denied = node is not None and any(apart(node, one) for one in clause.positive)
        if denied or any(_met(clause, one) for one in ways):
            choices.remove(choice)
            continue
        count = sum(_open(clause, one) for one in ways)
        rank = (count > 1 and node is not None, count)
        if best is None or rank < best[0]:
            best = (rank, choice)
        if count == 0:
            break
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
